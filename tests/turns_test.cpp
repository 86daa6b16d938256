#include "engine/turns.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace robmask {
namespace {

TEST(Turns, AreTakenInOrderBetweenMeetings) {
  std::string said;
  Turns turns(3);
  turns.run([&](int number) {
    said += static_cast<char>('a' + number);
    turns.meet([&] { said += '!'; });
    said += static_cast<char>('A' + number);
    turns.meet([&] { said += '?'; });
    said += static_cast<char>('0' + number);
  });
  EXPECT_EQ(said, "abc!ABC?012");
}

TEST(Turns, OfOneAreAPlainCall) {
  std::string said;
  Turns turns(1);
  turns.run([&](int) {
    said += 'a';
    turns.meet([&] { said += '!'; });
    said += 'A';
  });
  EXPECT_EQ(said, "a!A");
}

TEST(Turns, EndAllWhereOneThrows) {
  Turns turns(3);
  int went_on = 0;
  const auto work = [&](int number) {
    if (number == 1) throw std::runtime_error("the second one");
    turns.meet([] {});
    ++went_on;
  };
  EXPECT_THROW(turns.run(work), std::runtime_error);
  EXPECT_EQ(went_on, 0);
  went_on = 0;
  turns.run([&](int) { ++went_on; });  // and can be taken again
  EXPECT_EQ(went_on, 3);
}

TEST(Turns, EndAllWhereWhatTheyDoTogetherThrows) {
  Turns turns(2);
  EXPECT_THROW(turns.run([&](int) { turns.meet([] { throw std::runtime_error("together"); }); }),
               std::runtime_error);
}

}  // namespace
}  // namespace robmask
