#pragma once
// Tensors for kernels: the same numbers of any type on any machine, in views that NaN surrounds.

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/random.h"
#include "tests/support/workbench.h"

namespace robmask {

/// Uniform in [-1, 1), others for each `step`.
inline std::vector<float> numbers(const Shape& shape, std::uint64_t step) {
  const Stream stream{.seed = 11, .purpose = Purpose::probe, .step = step};
  std::vector<float> values(shape.count());
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = 2 * random_uniform<float>(stream, static_cast<std::uint32_t>(i)) - 1;
  return values;
}

/// A view in a larger tensor of NaN.
template <class T>
struct Placed {
  Tensor whole, view;

  Placed(Backend& machine, const Shape& s, Index margin)
      : whole(machine, s.with_channels(s.c + 2 * margin), dtype_of<T>()),
        view(whole.channels(margin, s.c)) {
    whole.from_host(std::vector<T>(whole.shape().count(), T(NAN)));
  }
  Placed(Backend& machine, const Shape& s, Index margin, const std::vector<float>& values)
      : Placed(machine, s, margin) {
    view.from_host(std::vector<T>(values.begin(), values.end()));
  }
  std::vector<double> values() const {
    const auto host = view.to_host<T>();
    return {host.begin(), host.end()};
  }
  bool surrounded_by_nan() const {
    const auto all = whole.to_host<T>(), inner = view.to_host<T>();
    const auto nans = [](const auto& v) {
      return std::count_if(v.begin(), v.end(), [](float x) { return std::isnan(x); });
    };
    return nans(all) - nans(inner) == static_cast<Index>(all.size() - inner.size());
  }
};

/// On the machine that defines what is right.
inline Placed<double> in_double(const Shape& s, const std::vector<float>& values) {
  return {machine("reference"), s, 0, values};
}

}  // namespace robmask
