#include "training/weights.h"

#include <algorithm>
#include <cmath>

#include "data/parallel.h"
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

/// Calls visit(index in the file's layout, index here) for every element of a weight: a cache line
/// of outputs at a time, which are apart in the file and together here.
template <class F>
void each_element(const StoredTensor& stored, F&& visit) {
  const Shape& s = stored.entry->shape;
  if (stored.entry->role != Role::conv_weight && stored.entry->role != Role::linear_weight) {
    for (Index c = 0; c < s.c; ++c) visit(c, c);
    return;
  }
  constexpr Index line = 16;
  const Index taps = s.n * s.h, inputs = s.w, outputs = s.c;
  for (Index first = 0; first < outputs; first += line)
    for (Index in = 0; in < inputs; ++in)
      for (Index tap = 0; tap < taps; ++tap)
        for (Index out = first; out < std::min(first + line, outputs); ++out)
          visit((out * inputs + in) * taps + tap, (tap * inputs + in) * outputs + out);
}

/// What a file has, as it stands in memory here.
template <class T>
std::vector<T> in_our_order(const StoredTensor& stored, const std::vector<T>& file) {
  std::vector<T> here(file.size());
  each_element(stored, [&](Index f, Index h) { here[h] = file[f]; });
  return here;
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

HostTensor to_stored(const StoredTensor& stored, const Tensor& value) {
  return dispatch_stored(value.dtype(), [&]<class T>() {
    const std::vector<T> here = row_of(stored, value).to_host<T>();
    std::vector<T> file(here.size());
    each_element(stored, [&](Index f, Index h) { file[f] = here[h]; });
    return host_tensor(stored.shape, file);
  });
}

void from_stored(const StoredTensor& stored, const Tensor& value, const HostTensor& file) {
  dispatch_stored(value.dtype(), [&]<class T>() {
    row_of(stored, value).from_host(in_our_order(stored, file.to<T>()));
  });
}

SafeTensors to_file(const Model& model) {
  SafeTensors file;
  for (const StoredTensor& t : stored_tensors(model))
    file.add(t.name, to_stored(t, t.entry->variable.value()));
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

/// A weight or a statistic, in the type and order that a model has it in.
template <class T>
std::vector<T> weight_of(const NamedTensor& t, const StoredTensor& as, const std::string& what) {
  const std::vector<T> file = t.tensor.to<T>(what);
  for (const T v : file) {
    if (std::isfinite(v) && (v >= 0 || as.entry->role != Role::running_variance)) continue;
    require(std::isfinite(v),
            "{}: expected finite numbers, got {}: the weights are damaged or their training "
            "diverged",
            what, v);
    throw InputError(fmt::format("{}: expected variances from 0 on, got {}", what, v));
  }
  return in_our_order(as, file);
}

}  // namespace

void from_file(const Model& model, const Contents& contents, Reading reading) {
  check_like(contents, model.spec(), reading);
  if (!contents.beside.empty())
    warn(fmt::format("{}: {} of its tensors, such as {}, are not under {} and not used",
                     contents.file->source, contents.beside.size(),
                     printable(contents.beside.front()), printable(contents.prefix)));
  const auto sources = sources_of(contents, model.entries(), model.spec(), reading);
  const auto what = [&](const NamedTensor& source) {
    return fmt::format("{}: tensor {}", contents.file->source, printable(source.name));
  };
  dispatch(model.dtype(), [&]<class T>() {
    std::vector<std::vector<T>> weights(sources.size());
    try_parallel_for(std::ssize(sources), [&](Index i) {
      const auto& [t, source] = sources[i];
      if (source != nullptr && t.entry->role != Role::tracked)
        weights[i] = weight_of<T>(*source, t, what(*source));
    });
    for (std::size_t i = 0; i < sources.size(); ++i) {
      const auto& [t, source] = sources[i];
      const Tensor row = row_of(t, t.entry->variable.value());
      if (t.entry->role == Role::tracked)
        row.from_host(std::vector{source ? counter_of(*source, what(*source)) : Index{0}});
      else if (source != nullptr)
        row.from_host(weights[i]);
    }
  });
  model.refresh();
}

void from_file(const Model& model, const SafeTensors& file, Reading reading) {
  from_file(model, contents_of(file, model.spec().name), reading);
}

}  // namespace robmask
