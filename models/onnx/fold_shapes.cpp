// Operators on constants: shapes, and what is cut, put together and turned around.

#include <algorithm>
#include <numeric>

#include "models/onnx/folding.h"

namespace robmask::onnx {

Index Folding::product(const Sizes& sizes) const {
  // Beside a size of 0 the others are bounded too: loops go over some of them.
  require(sizes.size() <= 8, "a constant of {} axes is not supported", sizes.size());
  Index count = 1;
  for (const Index size : sizes) {
    const Index counted = std::max(size, Index{1});
    require(0 <= size && count <= most_ / counted, "a constant of the shape {} is too large",
            to_string(sizes));
    count *= counted;
  }
  return std::ranges::count(sizes, 0) > 0 ? 0 : count;
}

Folding::Result Folding::made(const Sizes& shape, const Numbers& values) const {
  require(product(shape) == std::ssize(values), "{} numbers are not of the shape {}", values.size(),
          to_string(shape));
  return std::make_shared<HostTensor>(host_tensor(shape, values));
}

Folding::Sizes Folding::repeated(const Sizes& shape, const Sizes& from) const {
  Sizes places(product(shape));
  for (Index i = 0; i < std::ssize(places); ++i) {
    Index rest = i, stride = 1;
    for (std::size_t back = 1; back <= from.size(); ++back) {
      const Index size = from[from.size() - back], whole = shape[shape.size() - back];
      if (size > 1) places[i] += rest % whole * stride;
      rest /= whole;
      stride *= size;
    }
  }
  return places;
}

Folding::Result Folding::expanded(const HostTensor& x, const Sizes& shape) const {
  const Numbers from = numbers(x);
  Numbers to;
  for (const Index at : repeated(shape, x.shape)) to.push_back(from[at]);
  return made(shape, to);
}

Folding::Result Folding::shape(const Sizes& sizes) const {
  const Index rank = std::ssize(sizes);
  const auto place = [&](const char* key, Index otherwise) {
    const Index at = node_.attribute(key, otherwise);
    return std::clamp(at < 0 ? at + rank : at, Index{0}, rank);
  };
  const Index first = place("start", 0), end = std::max(first, place("end", rank));
  const Sizes some(sizes.begin() + first, sizes.begin() + end);
  return std::make_shared<HostTensor>(host_tensor({end - first}, some));
}

Folding::Result Folding::expand() const {
  const auto shape = broadcast(in(0).shape, integers(in(1)));
  require(shape.has_value(), "shapes {} and {} do not go together", to_string(in(0).shape),
          to_string(integers(in(1))));
  return expanded(in(0), *shape);
}

Folding::Result Folding::reshape() const {
  const Numbers all = numbers(in(0));
  Sizes shape;
  if (node_.op == "Flatten") {
    const Index rank = std::ssize(in(0).shape), axis = node_.attribute("axis", Index{1});
    require(-rank <= axis && axis <= rank, "there is no axis {} of {}", axis, rank);
    const auto middle = in(0).shape.begin() + (axis < 0 ? axis + rank : axis);
    shape = {product({in(0).shape.begin(), middle}), product({middle, in(0).shape.end()})};
  } else {
    shape = integers(in(1));
  }
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 && node_.attribute("allowzero", Index{0}) == 0) {
      require(i < in(0).shape.size(), "there is no axis {} to keep", i);
      shape[i] = in(0).shape[i];
    }
  }
  if (const auto open = std::ranges::find(shape, -1); open != shape.end()) {
    *open = 1;
    const Index rest = product(shape);
    require(rest > 0, "expected a shape with one open size, got {}", to_string(shape));
    *open = std::ssize(all) / rest;
  }
  return made(shape, all);
}

Folding::Result Folding::squeeze() const {
  Sizes shape, all(in(0).shape.size());
  std::iota(all.begin(), all.end(), 0);
  std::erase_if(all, [&](Index i) { return in(0).shape[i] != 1; });
  Sizes gone = axes(1, all);
  for (Index& axis : gone) axis = axis_of(axis, std::ssize(in(0).shape));
  for (Index i = 0; i < std::ssize(in(0).shape); ++i)
    if (std::ranges::count(gone, i) == 0) shape.push_back(in(0).shape[i]);
  return made(shape, numbers(in(0)));
}

Folding::Result Folding::unsqueeze() const {
  Sizes added = axes(1, {}), shape = in(0).shape;
  const Index rank = std::ssize(shape) + std::ssize(added);
  require(rank <= 8, "a constant of {} axes is not supported", rank);
  for (Index& axis : added) axis = axis_of(axis, rank);
  std::ranges::sort(added);
  for (const Index axis : added) {
    require(axis <= std::ssize(shape), "axes come twice");
    shape.insert(shape.begin() + axis, 1);
  }
  return made(shape, numbers(in(0)));
}

std::pair<Index, Index> Folding::around(const Sizes& shape, Index axis) const {
  return {product({shape.begin(), shape.begin() + axis}),
          product({shape.begin() + axis + 1, shape.end()})};
}

Folding::Result Folding::concat() const {
  Sizes shape = in(0).shape;
  const Index axis = axis_of(node_.attribute("axis", Index{0}), std::ssize(shape));
  const auto [outer, inner] = around(shape, axis);
  shape[axis] = 0;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    Sizes other = in(i).shape;
    require(other.size() == shape.size(), "its inputs have different numbers of axes");
    shape[axis] += std::exchange(other[axis], shape[axis]);
    require(around(other, axis) == std::pair(outer, inner), "its inputs have different shapes");
  }
  Numbers all;
  all.reserve(product(shape));
  std::vector<Numbers> parts;
  for (const auto& part : inputs_)
    if (part->count() > 0) parts.push_back(numbers(*part));
  for (Index o = 0; o < outer; ++o)
    for (const Numbers& part : parts) {
      const Index piece = std::ssize(part) / outer;
      all.insert(all.end(), part.begin() + o * piece, part.begin() + (o + 1) * piece);
    }
  return made(shape, all);
}

Folding::Result Folding::taken(const Numbers& from, const Sizes& sizes, Index axis,
                               const Sizes& places, const Sizes& shape) const {
  const auto [outer, inner] = around(sizes, axis);
  Numbers all;
  for (Index o = 0; o < outer; ++o)
    for (const Index at : places) {
      const auto first = from.begin() + (o * sizes[axis] + at) * inner;
      all.insert(all.end(), first, first + inner);
    }
  return made(shape, all);
}

Folding::Result Folding::gather() const {
  const HostTensor& x = in(0);
  const Index axis = axis_of(node_.attribute("axis", Index{0}), std::ssize(x.shape));
  Sizes places = integers(in(1)), shape(x.shape.begin(), x.shape.begin() + axis);
  for (Index& at : places) at = axis_of(at, x.shape[axis]);
  shape.insert(shape.end(), in(1).shape.begin(), in(1).shape.end());
  shape.insert(shape.end(), x.shape.begin() + axis + 1, x.shape.end());
  product(shape);
  return taken(numbers(x), x.shape, axis, places, shape);
}

Constants Folding::split() const {
  const HostTensor& x = in(0);
  const Index axis = axis_of(node_.attribute("axis", Index{0}), std::ssize(x.shape));
  const Index parts = std::ssize(node_.outputs), whole = product({x.shape[axis]});
  Sizes sizes(parts, whole / parts);
  sizes = present(1) ? integers(in(1)) : node_.attribute("split", sizes);
  require(std::ssize(sizes) == parts &&
              std::ranges::all_of(sizes, [&](Index size) { return 1 <= size && size <= whole; }) &&
              whole == std::accumulate(sizes.begin(), sizes.end(), Index{0}),
          "its parts are not those of {}", whole);
  const Numbers from = numbers(x);
  Constants all;
  Index first = 0;
  for (const Index size : sizes) {
    Sizes places(size), shape = x.shape;
    std::iota(places.begin(), places.end(), first);
    shape[axis] = size;
    all.push_back(taken(from, x.shape, axis, places, shape));
    if (is_whole(x)) all.back() = as_whole(all.back());
    first += size;
  }
  return all;
}

Folding::Result Folding::slice() const {
  const auto input = [&](std::size_t i) {
    return present(i) ? std::optional(integers(in(i))) : std::nullopt;
  };
  const auto [starts, ends, which, steps] = ranges_of(node_, opset_, input);
  require(starts.size() <= in(0).shape.size(), "it cuts {} axes of {}", starts.size(),
          in(0).shape.size());
  Result y = made(in(0).shape, numbers(in(0)));
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const Index axis = axis_of(which[i], std::ssize(y->shape)), size = y->shape[axis];
    require(steps[i] != 0, "expected steps, got 0");
    const auto place = [&](Index at, Index least, Index most) {
      return std::clamp(at < 0 ? at + size : at, least, most);
    };
    const bool back = steps[i] < 0;
    const Index first = place(starts[i], back ? -1 : 0, back ? size - 1 : size);
    const Index end = place(ends[i], back ? -1 : 0, size);
    const Index step = std::clamp(steps[i], -size, size);
    Sizes places, shape = y->shape;
    for (Index at = first; back ? at > end : at < end; at += step) places.push_back(at);
    shape[axis] = std::ssize(places);
    y = taken(numbers(*y), y->shape, axis, places, shape);
  }
  return y;
}

Folding::Result Folding::transpose() const {
  const HostTensor& x = in(0);
  const Index rank = std::ssize(x.shape);
  Sizes reversed(rank);
  std::iota(reversed.rbegin(), reversed.rend(), 0);
  const Sizes perm = node_.attribute("perm", reversed);
  Sizes sorted = perm, shape, strides(rank, 1);
  std::ranges::sort(sorted);
  std::ranges::reverse(reversed);
  require(sorted == reversed, "expected an order of {} axes, got {}", rank, to_string(perm));
  for (Index i = rank - 2; i >= 0; --i) strides[i] = strides[i + 1] * x.shape[i + 1];
  for (const Index axis : perm) shape.push_back(x.shape[axis]);
  const Numbers from = numbers(x);
  Numbers to(from.size());
  for (Index i = 0; i < std::ssize(to); ++i) {
    Index rest = i, at = 0;
    for (Index axis = rank - 1; axis >= 0; --axis) {
      at += rest % shape[axis] * strides[perm[axis]];
      rest /= shape[axis];
    }
    to[i] = from[at];
  }
  return made(shape, to);
}

}  // namespace robmask::onnx
