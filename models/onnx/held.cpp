// The tensors that steps read, and how many numbers a graph may compute beforehand.

#include <cmath>

#include "models/onnx/builder.h"

namespace robmask::onnx {

void Builder::require_room(Index count) const {
  require(count <= room_, "it computes more constants than there are in the graph, by far");
}

void Builder::take_room(Index count) {
  require_room(count);
  room_ -= count;
}

int Builder::hold(std::string name, Role role, const Shape& shape,
                  const std::shared_ptr<const HostTensor>& values) {
  for (auto at = held_.find(name); at != held_.end(); at = held_.find(name += "'")) {
    const Held& h = program_.held[at->second];
    // What is kept of a mask goes by its γ (engine/lens.h): each norm has its own.
    const bool shared = role != Role::mask_weight && h.role == role && h.shape == shape;
    if (shared && (h.values == values || *h.values == *values)) return at->second;
    take_room(std::ssize(name));  // where many share a name, the search takes time
  }
  held_[name] = static_cast<int>(program_.held.size());
  program_.held.push_back({name, role, shape, values});
  return held_[name];
}

int Builder::hold(const std::string& name, Role role, const std::vector<double>& values) {
  const Index count = std::ssize(values);
  take_room(count);
  return hold(name, role, {1, 1, 1, count},
              std::make_shared<HostTensor>(host_tensor({count}, values)));
}

int Builder::hold(const Shape& shape, const std::vector<double>& values) {
  take_room(std::ssize(values));
  for (const double v : values) require(std::isfinite(v), "a constant of it is {}", v);
  program_.held.push_back(
      {"", std::nullopt, shape,
       std::make_shared<HostTensor>(host_tensor({shape.n, shape.h, shape.w, shape.c}, values))});
  return static_cast<int>(program_.held.size()) - 1;
}

}  // namespace robmask::onnx
