#include "training/weights.h"

#include <cmath>

#include "engine/backend.h"
#include "training/terminal.h"

namespace robmask {

namespace {

std::string row_name(const Entry& entry, Index row, const ModelSpec& spec) {
  if (row == 0) return entry.name;
  const Index mask = is_affine(entry.role) || spec.pairs == spec.masks ? row : spec.masks - 1;
  const std::size_t dot = entry.name.rfind('.');
  return fmt::format("{}.mask.{}{}", entry.name.substr(0, dot), mask, entry.name.substr(dot));
}

std::vector<Index> stored_shape(const Entry& e) {
  const Shape& s = e.shape;
  switch (e.role) {
    case Role::conv_weight: return {s.c, s.w, s.h, s.n};
    case Role::linear_weight: return {s.c, s.w};
    case Role::tracked: return {};
    default: return {s.c};
  }
}

/// What one stored tensor is of the entry's value.
Tensor row_of(const StoredTensor& stored, const Tensor& value) {
  return is_norm(stored.entry->role) ? value.images(stored.row, 1) : value;
}

}  // namespace

namespace {

/// Calls visit(index in the file's layout, index here) for every element of a weight.
template <class F>
void each_element(const StoredTensor& stored, F&& visit) {
  const Shape& s = stored.entry->shape;
  Index file = 0;
  if (stored.entry->role == Role::conv_weight || stored.entry->role == Role::linear_weight) {
    for (Index out = 0; out < s.c; ++out)
      for (Index in = 0; in < s.w; ++in)
        for (Index r = 0; r < s.n; ++r)
          for (Index q = 0; q < s.h; ++q) visit(file++, ((r * s.h + q) * s.w + in) * s.c + out);
  } else {
    for (Index c = 0; c < s.c; ++c) visit(file++, c);
  }
}

}  // namespace

std::vector<StoredTensor> stored_tensors(const std::vector<Entry>& entries, const ModelSpec& spec) {
  std::vector<StoredTensor> plain, masks;
  for (const Entry& e : entries) {
    for (Index row = 0; row < (is_norm(e.role) ? e.shape.n : 1); ++row)
      (row == 0 ? plain : masks).push_back({row_name(e, row, spec), &e, row, stored_shape(e)});
  }
  plain.insert(plain.end(), masks.begin(), masks.end());
  return plain;
}

std::vector<StoredTensor> stored_tensors(const Model& model) {
  return stored_tensors(model.entries(), model.spec());
}

template <class T>
std::vector<T> to_stored(const StoredTensor& stored, const Tensor& value) {
  const std::vector<T> here = row_of(stored, value).to_host<T>();
  std::vector<T> file(here.size());
  each_element(stored, [&](Index f, Index h) { file[f] = here[h]; });
  return file;
}

template <class T>
void from_stored(const StoredTensor& stored, const Tensor& value, const std::vector<T>& file) {
  std::vector<T> here(file.size());
  each_element(stored, [&](Index f, Index h) { here[h] = file[f]; });
  row_of(stored, value).from_host(here);
}

template std::vector<float> to_stored(const StoredTensor&, const Tensor&);
template std::vector<double> to_stored(const StoredTensor&, const Tensor&);
template std::vector<Index> to_stored(const StoredTensor&, const Tensor&);
template void from_stored(const StoredTensor&, const Tensor&, const std::vector<float>&);
template void from_stored(const StoredTensor&, const Tensor&, const std::vector<double>&);
template void from_stored(const StoredTensor&, const Tensor&, const std::vector<Index>&);

SafeTensors to_file(const Model& model) {
  SafeTensors file;
  for (const StoredTensor& t : stored_tensors(model)) {
    const Tensor& value = t.entry->variable.value();
    if (t.entry->role == Role::tracked)
      file.add(t.name, host_tensor(t.shape, to_stored<Index>(t, value)));
    else
      dispatch(value.dtype(),
               [&]<class T>() { file.add(t.name, host_tensor(t.shape, to_stored<T>(t, value))); });
  }
  return file;
}

namespace {

/// A counter as torch writes it, and as a number of another type or of one axis.
Index counter_of(const NamedTensor& t, const std::string& what) {
  const double count = t.tensor.to<double>(what).front();
  require(0 <= count && count <= 0x1p53 && count == std::floor(count),
          "{}: expected a whole number, got {}", what, count);
  return static_cast<Index>(count);
}

template <class T>
std::vector<T> weights_of(const NamedTensor& t, Role role, const std::string& what) {
  std::vector<T> values = t.tensor.to<T>(what);
  for (const T v : values) {
    require(std::isfinite(v),
            "{}: expected finite numbers, got {}: the weights are damaged or their training "
            "diverged",
            what, v);
    require(role != Role::running_variance || v >= 0, "{}: expected variances from 0 on, got {}",
            what, v);
  }
  return values;
}

}  // namespace

void from_file(const Model& model, const SafeTensors& file, Reading reading) {
  check_like(file, model.spec(), reading);
  const Contents contents = contents_of(file, model.spec().name);
  if (!contents.beside.empty())
    warn(fmt::format("{}: {} of its tensors, such as {}, are not under {} and not used",
                     file.source, contents.beside.size(), printable(contents.beside.front()),
                     printable(contents.prefix)));
  const std::vector<StoredTensor> tensors = stored_tensors(model);
  const std::vector<const NamedTensor*> sources =
      sources_of(contents, tensors, model.spec(), reading);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const StoredTensor& t = tensors[i];
    const Tensor& value = t.entry->variable.value();
    const Role role = t.entry->role;
    if (sources[i] == nullptr) {
      if (role == Role::tracked) from_stored<Index>(t, value, {0});
      continue;
    }
    const std::string what = fmt::format("{}: tensor {}", file.source, printable(sources[i]->name));
    if (role == Role::tracked)
      from_stored<Index>(t, value, {counter_of(*sources[i], what)});
    else
      dispatch(value.dtype(),
               [&]<class T>() { from_stored(t, value, weights_of<T>(*sources[i], role, what)); });
  }
  model.refresh();
}

}  // namespace robmask
