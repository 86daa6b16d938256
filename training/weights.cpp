#include "training/weights.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "engine/backend.h"

namespace robmask {

namespace {

std::string row_name(const Entry& entry, Index row, const ModelSpec& spec) {
  if (row == 0) return entry.name;
  const Index mask = is_affine(entry.role) || spec.pairs == spec.masks ? row : spec.masks - 1;
  const std::size_t dot = entry.name.rfind('.');
  return fmt::format("{}.mask.{}{}", entry.name.substr(0, dot), mask, entry.name.substr(dot));
}

std::vector<Index> stored_shape(const Entry& e) {
  const Shape& s = e.variable.shape();
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

std::string canonical(std::string name) {
  while (name.starts_with("module.") || name.starts_with("model."))
    name.erase(0, name.find('.') + 1);
  if (const auto at = name.find(".downsample."); at != std::string::npos)
    name.replace(at, 12, ".shortcut.");
  if (name.starts_with("fc.")) name.replace(0, 2, "linear");
  return name;
}

namespace {

/// Calls visit(index in the file's layout, index here) for every element of a weight.
template <class F>
void each_element(const StoredTensor& stored, F&& visit) {
  const Shape& s = stored.entry->variable.shape();
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

std::vector<StoredTensor> stored_tensors(const Model& model) {
  std::vector<StoredTensor> plain, masks;
  for (const Entry& e : model.entries()) {
    for (Index row = 0; row < (is_norm(e.role) ? e.variable.shape().n : 1); ++row)
      (row == 0 ? plain : masks)
          .push_back({row_name(e, row, model.spec()), &e, row, stored_shape(e)});
  }
  plain.insert(plain.end(), masks.begin(), masks.end());
  return plain;
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

void from_file(const Model& model, const SafeTensors& file, bool spread_first_mask) {
  check_like(file, model.spec(), spread_first_mask);
  std::map<std::string, const NamedTensor*> found;
  for (const NamedTensor& t : file.tensors) {
    const bool added = found.emplace(canonical(t.name), &t).second;
    require(added, "{}: two tensors stand for {}", file.source, printable(canonical(t.name)));
  }
  std::set<std::string> used;
  for (const StoredTensor& t : stored_tensors(model)) {
    auto at = found.find(canonical(t.name));
    if (at == found.end() && spread_first_mask && t.row > 0)
      at = found.find(canonical(t.entry->name));
    const Tensor& value = t.entry->variable.value();
    if (at == found.end()) {
      require(t.entry->role == Role::tracked,
              "{}: expected a tensor \"{}\" for {}: are these the weights of another model, width, "
              "number of masks or kind of statistics?",
              file.source, t.name, model.spec().name);
      from_stored<Index>(t, value, {0});
      continue;
    }
    const HostTensor& host = at->second->tensor;
    used.insert(at->first);
    require(host.shape == t.shape,
            "{}: tensor \"{}\": expected shape {} for {}, got {}: are these the weights of another "
            "model, width or number of classes?",
            file.source, at->second->name, to_string(t.shape), model.spec().name,
            to_string(host.shape));
    const std::string what = fmt::format("{}: tensor \"{}\"", file.source, at->second->name);
    if (t.entry->role == Role::tracked) {
      from_stored(t, value, host.to<Index>(what));
      continue;
    }
    dispatch(value.dtype(), [&]<class T>() {
      const std::vector<T> values = host.to<T>(what);
      for (const T v : values)
        require(std::isfinite(v),
                "{}: expected finite numbers, got {}: the weights are damaged or "
                "their training diverged",
                what, v);
      from_stored(t, value, values);
    });
  }
  model.refresh();
  for (const auto& [name, tensor] : found)
    require(used.contains(name),
            "{}: tensor {} is not part of {} with {} mask(s): are these the weights of another "
            "model, or does it hold more masks (--masks, --bn-stats)?",
            file.source, printable(tensor->name), model.spec().name, model.spec().masks);
}

}  // namespace robmask
