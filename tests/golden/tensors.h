#pragma once
// A model's tensors as a checkpoint has them: PyTorch's names and layouts, one norm row a tensor.

#include <string>
#include <vector>

#include "models/model.h"
#include "tests/golden/hash.h"

namespace robmask::golden {

/// Row `row` of an entry in a checkpoint: row 0 has the plain name, mask j is `<bn>.mask.<j>.…`, and a
/// pair of statistics belongs to its mask, or to the last one if there are fewer pairs than masks.
inline std::string checkpoint_name(const Entry& e, Index row, const ModelSpec& spec) {
  if (row == 0) return e.name;
  const bool statistic = e.role >= Role::running_mean;
  const Index owner = statistic && spec.pairs != spec.masks ? spec.masks - 1 : row;
  const std::size_t dot = e.name.rfind('.');
  return fmt::format("{}.mask.{}{}", e.name.substr(0, dot), owner, e.name.substr(dot));
}

inline bool is_product(const Entry& e) {
  return e.role == Role::conv_weight || e.role == Role::linear_weight;
}
inline bool has_rows(const Entry& e) { return e.role >= Role::mask_weight; }

/// The values that the golden formula gives the checkpoint tensor `name`.
inline std::vector<double> golden_values(const Entry& e, const std::string& name) {
  const Shape& s = e.variable.shape();
  switch (e.role) {
    case Role::conv_weight:
    case Role::linear_weight:
      return values(name, s.count(), 0, 1 / std::sqrt(static_cast<double>(s.n * s.h * s.w)));
    case Role::linear_bias: return values(name, s.c, 0, 0.1);
    case Role::mask_bias: return values(name, s.c, 0, 0.2);
    case Role::running_mean: return values(name, s.c, 0, 0.1);
    default: return values(name, s.c, 1, 0.2);
  }
}

/// For each element of a tensor {K,K,Cin,Cout}, its place in PyTorch's [Cout,Cin,K,K].
template <class F>
void for_each_place(const Shape& s, F f) {
  std::size_t here = 0;
  for (Index kh = 0; kh < s.n; ++kh)
    for (Index kw = 0; kw < s.h; ++kw)
      for (Index i = 0; i < s.w; ++i)
        for (Index o = 0; o < s.c; ++o)
          f(here++, static_cast<std::size_t>(((o * s.w + i) * s.n + kh) * s.h + kw));
}

/// Gives every weight and running statistic of an f64 model its golden value.
inline void fill(const Model& model) {
  for (const Entry& e : model.entries()) {
    if (e.role == Role::tracked) continue;
    std::vector<double> host;
    if (is_product(e)) {
      const std::vector<double> stored = golden_values(e, e.name);
      host.resize(stored.size());
      for_each_place(e.variable.shape(), [&](auto here, auto there) { host[here] = stored[there]; });
    } else {
      for (Index row = 0; row < (has_rows(e) ? e.variable.shape().n : 1); ++row)
        for (const double v : golden_values(e, checkpoint_name(e, row, model.spec())))
          host.push_back(v);
    }
    e.variable.value().from_host(host);
  }
}

/// A named f64 tensor in PyTorch's layout.
struct Stored {
  std::string name;
  std::vector<double> values;
};

/// What `of` (an entry's value, say, or its gradient) holds, row by row.
inline std::vector<Stored> stored(const Entry& e, const Tensor& of, const ModelSpec& spec) {
  const std::vector<double> host = of.to_host<double>();
  if (is_product(e)) {
    std::vector<double> there(host.size());
    for_each_place(of.shape(), [&](auto from, auto to) { there[to] = host[from]; });
    return {{e.name, there}};
  }
  std::vector<Stored> rows;
  const Index width = of.shape().c;
  for (Index row = 0; row < of.shape().n; ++row)
    rows.push_back({checkpoint_name(e, row, spec),
                    {host.begin() + row * width, host.begin() + (row + 1) * width}});
  return rows;
}

/// Golden images `first` … `first + count − 1` as bytes over 255, N·H·W·3, and their labels.
inline Tensor images(Backend& machine, Index first, Index count, Index size) {
  std::vector<double> host;
  for (Index n = first; n < first + count; ++n)
    for (Index p = 0; p < size * size; ++p)
      for (Index c = 0; c < 3; ++c) host.push_back(pixel((n * 3 + c) * size * size + p) / 255.0);
  return make_tensor(machine, {count, size, size, 3}, host);
}
inline Tensor labels(Backend& machine, Index first, Index count) {
  std::vector<std::int32_t> host;
  for (Index n = first; n < first + count; ++n) host.push_back(label(n));
  return make_tensor(machine, {count, 1, 1, 1}, host);
}

/// N·H·W·C → NCHW, as fingerprints of images are taken.
inline std::vector<double> channels_first(const Tensor& t) {
  const Shape& s = t.shape();
  const std::vector<double> host = t.to_host<double>();
  std::vector<double> there(host.size());
  for (Index n = 0, i = 0; n < s.n; ++n)
    for (Index p = 0; p < s.pixels(); ++p)
      for (Index c = 0; c < s.c; ++c, ++i) there[(n * s.c + c) * s.pixels() + p] = host[i];
  return there;
}

}  // namespace robmask::golden
