// The curves that TensorBoard reads, read back by a decoder of the test's own.

#include "training/event_file.h"

#include <cmath>
#include <ctime>

#include "tests/files/scratch.h"
#include "tests/training/events.h"

namespace robmask {
namespace {

using test::Event;
using test::events_in;

EpochSummary epoch(Index number) {
  return {.epoch = number,
          .lr = 0.1,
          .train_loss = 2.5,
          .loss_clean = 2.25,
          .train_acc = 0.5,
          .test_acc = 0.25,
          .seconds = 7};
}

TEST(EventFile, HoldsTheFormatThenTheScalarsOfEachEpoch) {
  const test::ScratchFolder folder;
  const Path path = folder / event_file_name;
  const auto before = static_cast<double>(std::time(nullptr));
  mend_events(path, {});
  append_events(path, epoch(0));
  EpochSummary attacked = epoch(300);
  attacked.loss_adv = 2.75;
  attacked.test_acc = {};
  attacked.probe_pgd = 0.125;
  append_events(path, attacked);
  const std::vector<Event> events = events_in(path);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].version, "brain.Event:2");
  EXPECT_TRUE(events[0].scalars.empty());
  EXPECT_EQ(events[1].step, 0);
  EXPECT_EQ(events[1].scalars, (std::map<std::string, float>{{"learning_rate", 0.1f},
                                                             {"loss/train", 2.5f},
                                                             {"loss/clean", 2.25f},
                                                             {"accuracy/train", 0.5f},
                                                             {"accuracy/test", 0.25f},
                                                             {"seconds", 7.0f}}));
  EXPECT_EQ(events[2].step, 300);
  EXPECT_EQ(events[2].scalars.at("loss/adversarial"), 2.75f);
  EXPECT_EQ(events[2].scalars.at("accuracy/probe_pgd"), 0.125f);
  EXPECT_FALSE(events[2].scalars.contains("accuracy/test"));
  for (const Event& event : events) EXPECT_LT(std::abs(event.wall_time - before), 60);
}

TEST(EventFile, KeepsWhatTheLogHoldsDropsWhatItDoesNotAndAddsWhatIsMissing) {
  const test::ScratchFolder folder;
  const Path path = folder / event_file_name;
  mend_events(path, {epoch(0), epoch(1)});
  const std::string two = read_text(path);
  append_events(path, epoch(2));
  mend_events(path, {epoch(0), epoch(1)});
  EXPECT_EQ(read_text(path), two);
  std::filesystem::resize_file(path, two.size() - 1);  // torn
  mend_events(path, {epoch(0), epoch(1), epoch(2)});
  const std::string three = read_text(path);
  EXPECT_EQ(events_in(path).size(), 4u);
  EXPECT_EQ(events_in(path).back().step, 2);
  const std::size_t record = two.size() / 2;  // the first epoch's is before it, whole
  EXPECT_EQ(three.substr(0, record), two.substr(0, record));
  mend_events(path, {});
  EXPECT_EQ(events_in(path).size(), 1u);
}

}  // namespace
}  // namespace robmask
