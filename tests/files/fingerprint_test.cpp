// Short names for contents.

#include "data/files/fingerprint.h"

#include <gtest/gtest.h>

namespace robmask {
namespace {

template <class Kind>
std::string digits_of(std::string_view text) {
  Kind content;
  for (const char& c : text) content.add(std::as_bytes(std::span(&c, 1)));
  return content.digits();
}

TEST(Fingerprint, IsFowlerNollAndVos) {
  EXPECT_EQ(digits_of<Fingerprint>(""), "cbf29ce484222325");
  EXPECT_EQ(digits_of<Fingerprint>("foobar"), "85944171f73967e8");
  EXPECT_EQ(digits_of<ShortFingerprint>(""), "811c9dc5");
  EXPECT_EQ(digits_of<ShortFingerprint>("foobar"), "bf9cf968");
}

}  // namespace
}  // namespace robmask
