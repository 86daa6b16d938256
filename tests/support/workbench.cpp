#include "tests/support/workbench.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "tests/reference_backend.h"

namespace robmask {

Backend& machine(const std::string& name) {
  static ReferenceBackend reference;
  if (name == "reference") return reference;
  const bool rounds = name == "cuda_tf32";
  Backend& found = backend(rounds ? "cuda" : name);
  found.use_products(rounds ? Products::tf32 : Products::exact);
  return found;
}

Stream Workbench::next_stream() {
  return {.seed = 7, .purpose = Purpose::probe, .step = items_.size()};
}

Tensor Workbench::surrounded(const Shape& s, DType dtype, Index margin, bool written) {
  const Index images = margin > 0 ? 1 : 0;
  const Tensor whole(machine_, {s.n + 2 * images, s.h, s.w, s.c + 2 * margin}, dtype);
  machine_.fill(whole, std::numeric_limits<double>::quiet_NaN());
  items_.push_back({whole, whole.images(images, s.n).channels(margin, s.c), written});
  return items_.back().view;
}

/// The number with the 10 bits of fraction that tf32 keeps.
template <class T>
T cut(T x) {
  return static_cast<T>(
      std::bit_cast<float>(std::bit_cast<std::uint32_t>(static_cast<float>(x)) & 0xffffe000u));
}

Tensor Workbench::filled(const Shape& shape, DType dtype, Index margin, double low, double high) {
  const Stream stream = next_stream();
  const Tensor t = surrounded(shape, dtype, margin, false);
  dispatch_map(dtype, [&]<class T>() {
    std::vector<T> values(shape.count());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double u = random_uniform<double>(stream, static_cast<std::uint32_t>(i));
      values[i] = static_cast<T>(low + (high - low) * u);
      if (std::is_same_v<T, float> && products_ == Products::tf32) values[i] = cut(values[i]);
    }
    t.from_host(values);
  });
  return t;
}

Tensor Workbench::input(const Shape& shape, Index margin, double low, double high) {
  return filled(shape, dtype_, margin, low, high);
}

Tensor Workbench::output(const Shape& shape, Index margin) {
  return surrounded(shape, dtype_, margin, true);
}

Sink Workbench::sink(const Shape& shape, bool add, Index margin) {
  return {add ? input(shape, margin) : output(shape, margin), add};
}

Tensor Workbench::real_input(const Shape& shape, Index margin, double low, double high) {
  return filled(shape, real_of(dtype_), margin, low, high);
}

Tensor Workbench::real_output(const Shape& shape, Index margin) {
  return surrounded(shape, real_of(dtype_), margin, true);
}

Sink Workbench::real_sink(const Shape& shape, bool add, Index margin) {
  return {add ? real_input(shape, margin) : real_output(shape, margin), add};
}

template <class T>
Tensor Workbench::integers(const Shape& shape, std::int64_t below) {
  const Stream stream = next_stream();
  std::vector<T> values(shape.count());
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<T>(random_below(stream, static_cast<std::uint32_t>(i), below));
  return watch(make_tensor(machine_, shape, values));
}
template Tensor Workbench::integers<std::uint8_t>(const Shape&, std::int64_t);
template Tensor Workbench::integers<std::int32_t>(const Shape&, std::int64_t);

Tensor Workbench::integer_output(const Shape& shape) {
  return watch(make_tensor(machine_, shape, std::vector<std::int32_t>(shape.count(), -1)), true);
}

Tensor Workbench::scalar(double value) { return real_input({}, 0, value, value); }

Tensor Workbench::counter(std::int64_t value) {
  return watch(make_tensor(machine_, {}, std::vector<std::int64_t>{value}));
}

Tensor Workbench::watch(Tensor whole, bool written) {
  items_.push_back({whole, whole, written});
  return whole;
}

std::vector<double> values_of(const Tensor& t) {
  const auto converted = [&]<class T>() {
    const std::vector<T> values = t.to_host<T>();
    return std::vector<double>(values.begin(), values.end());
  };
  switch (t.dtype()) {
    case DType::u8: return converted.operator()<std::uint8_t>();
    case DType::i32: return converted.operator()<std::int32_t>();
    case DType::i64: return converted.operator()<std::int64_t>();
    default: return dispatch_map(t.dtype(), converted);
  }
}

double relative_error(const std::vector<double>& a, const std::vector<double>& b) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    size += b[i] * b[i];
  }
  return difference == 0 ? 0 : std::sqrt(difference / size);
}

double tolerance_of(DType dtype) {
  return dtype == DType::bf16 ? 1e-3 : dtype == DType::f32 ? 1e-5 : 1e-12;
}

namespace {

std::string describe(std::size_t i, const Workbench::Item& item) {
  return fmt::format("tensor {} ({} of {} {})", i, item.written ? "output" : "input",
                     name_of(item.view.dtype()), to_string(item.view.shape()));
}

/// Numbers close in relative norm, NaN exactly where the reference has one.
void expect_close(std::vector<double> tested, std::vector<double> expected, double tolerance) {
  ASSERT_EQ(tested.size(), expected.size());
  for (std::size_t i = 0; i < tested.size(); ++i) {
    ASSERT_EQ(std::isnan(tested[i]), std::isnan(expected[i])) << "element " << i;
    if (std::isnan(expected[i])) tested[i] = expected[i] = 0;
  }
  EXPECT_LE(relative_error(tested, expected), tolerance);
}

}  // namespace

void compare(Backend& tested, DType dtype, const Work& work) {
  const Products products = tested.products();
  Workbench ours(tested, dtype, products), theirs(machine("reference"), dtype, products);
  work(ours);
  work(theirs);
  ASSERT_EQ(ours.items().size(), theirs.items().size());
  for (std::size_t i = 0; i < ours.items().size(); ++i) {
    const auto &a = ours.items()[i], &b = theirs.items()[i];
    SCOPED_TRACE(describe(i, a));
    if (a.written) {
      for (const double value : values_of(b.view)) ASSERT_FALSE(std::isnan(value));
    }
    const DType type = a.whole.dtype();
    const bool floating = type == DType::f32 || type == DType::f64 || type == DType::bf16;
    const double tolerance = tolerance_of(type == DType::bf16 ? type : real_of(dtype));
    expect_close(values_of(a.whole), values_of(b.whole), floating ? tolerance : 0);
  }
}

std::vector<std::vector<double>> results_of(Backend& machine, DType dtype, const Work& work) {
  Workbench bench(machine, dtype);
  work(bench);
  std::vector<std::vector<double>> results;
  for (const auto& item : bench.items()) results.push_back(values_of(item.view));
  return results;
}

}  // namespace robmask
