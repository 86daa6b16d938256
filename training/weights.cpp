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

HostTensor to_stored(const StoredTensor& stored, const Tensor& value) {
  return dispatch_stored(value.dtype(), [&]<class T>() {
    const std::vector<T> here = row_of(stored, value).to_host<T>();
    std::vector<T> file(here.size());
    each_element(stored, [&](Index f, Index h) { file[f] = here[h]; });
    return host_tensor(stored.shape, file);
  });
}

void from_stored(const StoredTensor& stored, const Tensor& value, const HostTensor& host) {
  dispatch_stored(value.dtype(), [&]<class T>() {
    const std::vector<T> file = host.to<T>();
    std::vector<T> here(file.size());
    each_element(stored, [&](Index f, Index h) { here[h] = file[f]; });
    row_of(stored, value).from_host(here);
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
HostTensor counter_of(const NamedTensor& t, const std::string& what) {
  const double count = t.tensor.to<double>(what).front();
  require(0 <= count && count <= 0x1p53 && count == std::floor(count),
          "{}: expected a whole number, got {}", what, count);
  return host_tensor({}, std::vector{static_cast<Index>(count)});
}

/// A weight or a statistic, in the type that a model has it in.
HostTensor weight_of(const NamedTensor& t, const StoredTensor& as, const std::string& what) {
  return dispatch(as.entry->variable.value().dtype(), [&]<class T>() {
    const std::vector<T> values = t.tensor.to<T>(what);
    for (const T v : values) {
      require(std::isfinite(v),
              "{}: expected finite numbers, got {}: the weights are damaged or their training "
              "diverged",
              what, v);
      require(as.entry->role != Role::running_variance || v >= 0,
              "{}: expected variances from 0 on, got {}", what, v);
    }
    return host_tensor(as.shape, values);
  });
}

}  // namespace

void from_file(const Model& model, const Contents& contents, Reading reading) {
  check_like(contents, model.spec(), reading);
  if (!contents.beside.empty())
    warn(fmt::format("{}: {} of its tensors, such as {}, are not under {} and not used",
                     contents.file->source, contents.beside.size(),
                     printable(contents.beside.front()), printable(contents.prefix)));
  for (const auto& [t, source] : sources_of(contents, model.entries(), model.spec(), reading)) {
    const Tensor& value = t.entry->variable.value();
    const bool tracked = t.entry->role == Role::tracked;
    if (source == nullptr) {
      if (tracked) value.machine().fill(value, 0);
      continue;
    }
    const std::string what =
        fmt::format("{}: tensor {}", contents.file->source, printable(source->name));
    from_stored(t, value, tracked ? counter_of(*source, what) : weight_of(*source, t, what));
  }
  model.refresh();
}

void from_file(const Model& model, const SafeTensors& file, Reading reading) {
  from_file(model, contents_of(file, model.spec().name), reading);
}

}  // namespace robmask
