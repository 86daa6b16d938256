#include "data/files/host_tensor.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "tests/files/scratch.h"

namespace robmask::test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

HostTensor of_bits(ElementType type, std::uint16_t bits) {
  HostTensor tensor{type, {1}, std::vector<std::byte>(2)};
  std::memcpy(tensor.data.data(), &bits, 2);
  return tensor;
}

}  // namespace

TEST(HostTensor, EveryFiniteHalfIsOneUnitAboveTheOneBefore) {
  EXPECT_EQ(from_f16(0), 0);
  for (std::uint16_t bits = 0; bits < 0x7bff; ++bits) {
    const int exponent = std::max(1, bits >> 10);
    ASSERT_EQ(from_f16(bits + 1) - from_f16(bits), std::pow(2, exponent - 25)) << bits;
    ASSERT_EQ(from_f16(bits | 0x8000), -from_f16(bits)) << bits;
  }
}

TEST(HostTensor, HalvesReachTheirLandmarks) {
  EXPECT_EQ(from_f16(0x0001), 5.9604644775390625e-8);
  EXPECT_EQ(from_f16(0x0400), 6.103515625e-05);
  EXPECT_EQ(from_f16(0x3c00), 1);
  EXPECT_EQ(from_f16(0x3555), 0.333251953125);
  EXPECT_EQ(from_f16(0x7bff), 65504);
  EXPECT_EQ(from_f16(0x7c00), infinity);
  EXPECT_EQ(from_f16(0xfc00), -infinity);
  EXPECT_TRUE(std::isnan(from_f16(0x7e01)));
  EXPECT_TRUE(std::signbit(from_f16(0x8000)));
}

TEST(HostTensor, EveryBfloatHasTheValueOfItsFields) {
  for (std::uint32_t bits = 0; bits < 0x7f80; ++bits) {
    const int exponent = static_cast<int>(bits >> 7), fraction = bits & 127;
    const double expected =
        exponent == 0 ? std::ldexp(fraction, -133) : std::ldexp(128 + fraction, exponent - 134);
    ASSERT_EQ(from_bf16(static_cast<std::uint16_t>(bits)), expected) << bits;
    ASSERT_EQ(from_bf16(static_cast<std::uint16_t>(bits | 0x8000)), -expected) << bits;
  }
  EXPECT_EQ(from_bf16(0x7f80), infinity);
  EXPECT_EQ(from_bf16(0xff80), -infinity);
  EXPECT_TRUE(std::isnan(from_bf16(0x7fc0)));
}

TEST(HostTensor, EveryFloatingTypeReadsAsFloatAndDouble) {
  const std::vector<double> doubles{0.1, -1e300};
  EXPECT_EQ(host_tensor({2}, doubles).to<double>(), doubles);
  EXPECT_EQ(host_tensor({1}, std::vector{0.1}).to<float>(), std::vector{0.1f});
  EXPECT_EQ(host_tensor({1}, std::vector{0.1f}).to<double>(), std::vector<double>{0.1f});
  EXPECT_EQ(of_bits(ElementType::f16, 0x3555).to<float>(), std::vector{0.333251953125f});
  EXPECT_EQ(of_bits(ElementType::bf16, 0x3f80).to<double>(), std::vector{1.0});
}

TEST(HostTensor, CountersKeepAllTheirBits) {
  const std::vector<Index> counters{(Index{1} << 62) + 1, -1};
  EXPECT_EQ(host_tensor({2}, counters).to<Index>(), counters);
  EXPECT_EQ(host_tensor({1}, std::vector<Index>{7}).to<double>(), std::vector{7.0});
}

TEST(HostTensor, OtherTypesAreNotConverted) {
  const auto bytes = host_tensor({2}, std::vector<std::uint8_t>{1, 2});
  const auto line = message_of<InputError>([&] { bytes.to<float>("weights"); });
  EXPECT_EQ(line, "weights: expected F16, BF16, F32, F64 or I64, got U8; convert it first");
  EXPECT_THROW(host_tensor({1}, std::vector{1.0f}).to<Index>(), InputError);
}

TEST(HostTensor, ByteCountsThatOverflowOrDoNotFillBytesAreRefused) {
  EXPECT_EQ(byte_count(ElementType::f32, {}), 4);
  EXPECT_EQ(byte_count(ElementType::f32, {2, 0, 5}), 0);
  EXPECT_EQ(byte_count(ElementType::f4, {2, 3}), 3);
  EXPECT_EQ(byte_count(ElementType::f4, {3}), std::nullopt);
  EXPECT_EQ(byte_count(ElementType::f32, {Index{1} << 32, Index{1} << 32}), std::nullopt);
  EXPECT_EQ(byte_count(ElementType::u8, {std::numeric_limits<Index>::max()}), std::nullopt);
  EXPECT_EQ(byte_count(ElementType::f32, {-1}), std::nullopt);
}

}  // namespace robmask::test
