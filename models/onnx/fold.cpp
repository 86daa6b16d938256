// Operators on constants: what exporters compute from shapes, and from weights.

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "models/onnx/value.h"

namespace robmask::onnx {

namespace {

using Numbers = std::vector<double>;
using Sizes = std::vector<Index>;

/// The numbers of a shape. None, of shapes computed here, has more than the graph's constants bound.
thread_local Index most_folded;

Index product(const Sizes& sizes) {
  Index count = 1;
  for (const Index size : sizes) {
    require(0 <= size && (size == 0 || count <= most_folded / size),
            "a constant of the shape {} is too large", to_string(sizes));
    count *= size;
  }
  return count;
}

std::shared_ptr<const HostTensor> made(const Sizes& shape, const Numbers& values) {
  require(product(shape) == std::ssize(values), "{} numbers are not of the shape {}", values.size(),
          to_string(shape));
  return std::make_shared<HostTensor>(host_tensor(shape, values));
}

/// The place of each element of a tensor of `shape` in one of `from`, whose sizes of 1 repeat.
std::vector<Index> repeated(const Sizes& shape, const Sizes& from) {
  std::vector<Index> places(product(shape));
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

std::shared_ptr<const HostTensor> expanded(const HostTensor& x, const Sizes& shape) {
  const Numbers from = numbers(x);
  Numbers to;
  for (const Index at : repeated(shape, x.shape)) to.push_back(from[at]);
  return made(shape, to);
}

using Binary = double (*)(double, double);
Binary binary_of(const std::string& op, bool whole) {
  static const std::map<std::string, Binary> all{
      {"Add", [](double a, double b) { return a + b; }},
      {"Sub", [](double a, double b) { return a - b; }},
      {"Mul", [](double a, double b) { return a * b; }},
      {"Div", [](double a, double b) { return a / b; }},
      {"Pow", [](double a, double b) { return std::pow(a, b); }},
      {"Mod", [](double a, double b) { return a - b * std::floor(a / b); }},
      {"Max", [](double a, double b) { return std::max(a, b); }},
      {"Min", [](double a, double b) { return std::min(a, b); }},
      {"Equal", [](double a, double b) { return static_cast<double>(a == b); }},
      {"Greater", [](double a, double b) { return static_cast<double>(a > b); }},
      {"Less", [](double a, double b) { return static_cast<double>(a < b); }},
      {"And", [](double a, double b) { return static_cast<double>(a != 0 && b != 0); }},
      {"Or", [](double a, double b) { return static_cast<double>(a != 0 || b != 0); }}};
  if (whole && op == "Div") return [](double a, double b) { return std::trunc(a / b); };
  const auto at = all.find(op);
  return at == all.end() ? nullptr : at->second;
}

using Unary = double (*)(double);
Unary unary_of(const std::string& op) {
  static const std::map<std::string, Unary> all{
      {"Neg", [](double x) { return -x; }},
      {"Abs", [](double x) { return std::abs(x); }},
      {"Sqrt", [](double x) { return std::sqrt(x); }},
      {"Exp", [](double x) { return std::exp(x); }},
      {"Log", [](double x) { return std::log(x); }},
      {"Floor", [](double x) { return std::floor(x); }},
      {"Ceil", [](double x) { return std::ceil(x); }},
      {"Round", [](double x) { return std::nearbyint(x); }},
      {"Not", [](double x) { return static_cast<double>(x == 0); }},
      {"Reciprocal", [](double x) { return 1 / x; }},
      {"Identity", [](double x) { return x; }},
      {"Dropout", [](double x) { return x; }}};
  const auto at = all.find(op);
  return at == all.end() ? nullptr : at->second;
}

bool is_whole(const HostTensor& t) {
  return t.type != ElementType::f32 && t.type != ElementType::f64 && t.type != ElementType::f16 &&
         t.type != ElementType::bf16;
}

/// The numbers as integers where what they come from were: a Div of them cuts off.
std::shared_ptr<const HostTensor> as_whole(const std::shared_ptr<const HostTensor>& t) {
  return std::make_shared<HostTensor>(host_tensor(t->shape, integers(*t)));
}

class Folding {
 public:
  Folding(const Node& node, const Constants& inputs, Index opset)
      : node_(node), inputs_(inputs), opset_(opset) {}

  Constants outputs() const {
    const std::string& op = node_.op;
    if (op == "Split") return split();
    std::shared_ptr<const HostTensor> y = one(op);
    const bool casts = op == "Cast" || op == "ConstantOfShape" || op == "Constant";
    if (!casts && !is_whole(*y) && present(0) && is_whole(in(op == "Where" ? 1 : 0)))
      y = as_whole(y);
    return {y};
  }

 private:
  bool present(std::size_t i) const { return i < inputs_.size() && inputs_[i]; }
  const HostTensor& in(std::size_t i) const {
    require(present(i), "its input {} is absent", i);
    return *inputs_[i];
  }
  double number(const HostTensor& t) const {
    require(t.count() == 1, "expected one number, got {}", t.count());
    return numbers(t)[0];
  }
  /// Axes as an attribute, or an input of newer opsets; `otherwise` where neither is there.
  Sizes axes(std::size_t input, const Sizes& otherwise) const {
    if (present(input)) return integers(in(input));
    return node_.attribute("axes", otherwise);
  }
  /// From 0 on, of a tensor with so many.
  static Index axis_of(Index axis, Index rank) {
    require(-rank <= axis && axis < rank, "there is no axis {} of {}", axis, rank);
    return axis < 0 ? axis + rank : axis;
  }

  std::shared_ptr<const HostTensor> one(const std::string& op) const {
    if (const Unary f = unary_of(op)) return each(f);
    if (op == "Constant") return constant();
    if (const Binary f = binary_of(op, present(0) && is_whole(in(0)))) return pairwise(f);
    if (op == "Cast") return cast();
    if (op == "Shape") return shape(in(0).shape);
    if (op == "ConstantOfShape") return constant_of_shape();
    if (op == "Where") return where();
    if (op == "Expand") return expand();
    if (op == "Reshape" || op == "Flatten") return reshape();
    if (op == "Squeeze") return squeeze();
    if (op == "Unsqueeze") return unsqueeze();
    if (op == "Concat") return concat();
    if (op == "Gather") return gather();
    if (op == "Slice") return slice();
    if (op == "Transpose") return transpose();
    if (op == "Range") return range();
    if (op.starts_with("Reduce")) return reduce();
    throw InputError("it is not computed of constants alone");
  }

  std::shared_ptr<const HostTensor> shape(const Sizes& sizes) const {
    const Index rank = std::ssize(sizes);
    const auto place = [&](const char* key, Index otherwise) {
      const Index at = node_.attribute(key, otherwise);
      return std::clamp(at < 0 ? at + rank : at, Index{0}, rank);
    };
    const Index first = place("start", 0), end = std::max(first, place("end", rank));
    const Sizes some(sizes.begin() + first, sizes.begin() + end);
    return std::make_shared<HostTensor>(host_tensor({end - first}, some));
  }

  std::shared_ptr<const HostTensor> constant() const {
    for (const auto& [key, value] : node_.attributes) {
      if (const auto* t = std::get_if<HostTensor>(&value)) return std::make_shared<HostTensor>(*t);
      if (const auto* f = std::get_if<double>(&value)) return made({}, {*f});
      if (const auto* f = std::get_if<std::vector<double>>(&value))
        return made({std::ssize(*f)}, *f);
      if (const auto* i = std::get_if<Index>(&value))
        return std::make_shared<HostTensor>(host_tensor({}, Sizes{*i}));
      if (const auto* i = std::get_if<Sizes>(&value))
        return std::make_shared<HostTensor>(host_tensor({std::ssize(*i)}, *i));
    }
    throw InputError("expected a value of numbers, got none");
  }

  std::shared_ptr<const HostTensor> each(Unary f) const {
    Numbers all = numbers(in(0));
    std::ranges::transform(all, all.begin(), f);
    return made(in(0).shape, all);
  }

  std::shared_ptr<const HostTensor> pairwise(Binary f) const {
    std::shared_ptr<const HostTensor> y = made(in(0).shape, numbers(in(0)));
    for (std::size_t i = 1; i < inputs_.size(); ++i) {
      const auto shape = broadcast(y->shape, in(i).shape);
      require(shape.has_value(), "shapes {} and {} do not go together", to_string(y->shape),
              to_string(in(i).shape));
      Numbers a = numbers(*expanded(*y, *shape));
      const Numbers b = numbers(*expanded(in(i), *shape));
      std::ranges::transform(a, b, a.begin(), f);
      y = made(*shape, a);
    }
    return y;
  }

  /// To integers or not: constants here have no other types.
  std::shared_ptr<const HostTensor> cast() const {
    constexpr Index floats[] = {1, 10, 11, 16};  // FLOAT, FLOAT16, DOUBLE, BFLOAT16
    constexpr Index boolean = 9;
    const Index to = node_.attribute("to", Index{1});
    Numbers all = numbers(in(0));
    if (std::ranges::count(floats, to) == 1) return made(in(0).shape, all);
    for (double& n : all) n = to == boolean ? static_cast<double>(n != 0) : std::trunc(n);
    return as_whole(made(in(0).shape, all));
  }

  std::shared_ptr<const HostTensor> constant_of_shape() const {
    const Sizes shape = integers(in(0));
    const HostTensor value = node_.attribute("value", host_tensor({1}, Numbers{0}));
    const auto y = made(shape, Numbers(product(shape), number(value)));
    return is_whole(value) ? as_whole(y) : y;
  }

  std::shared_ptr<const HostTensor> where() const {
    auto shape = broadcast(in(0).shape, in(1).shape);
    if (shape) shape = broadcast(*shape, in(2).shape);
    require(shape.has_value(), "its shapes do not go together");
    const Numbers which = numbers(*expanded(in(0), *shape));
    Numbers yes = numbers(*expanded(in(1), *shape));
    const Numbers no = numbers(*expanded(in(2), *shape));
    for (std::size_t i = 0; i < yes.size(); ++i)
      if (which[i] == 0) yes[i] = no[i];
    return made(*shape, yes);
  }

  std::shared_ptr<const HostTensor> expand() const {
    const auto shape = broadcast(in(0).shape, integers(in(1)));
    require(shape.has_value(), "shapes {} and {} do not go together", to_string(in(0).shape),
            to_string(integers(in(1))));
    return expanded(in(0), *shape);
  }

  std::shared_ptr<const HostTensor> reshape() const {
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

  std::shared_ptr<const HostTensor> squeeze() const {
    Sizes shape, all(in(0).shape.size());
    std::iota(all.begin(), all.end(), 0);
    std::erase_if(all, [&](Index i) { return in(0).shape[i] != 1; });
    Sizes gone = axes(1, all);
    for (Index& axis : gone) axis = axis_of(axis, std::ssize(in(0).shape));
    for (Index i = 0; i < std::ssize(in(0).shape); ++i)
      if (std::ranges::count(gone, i) == 0) shape.push_back(in(0).shape[i]);
    return made(shape, numbers(in(0)));
  }

  std::shared_ptr<const HostTensor> unsqueeze() const {
    Sizes added = axes(1, {}), shape = in(0).shape;
    const Index rank = std::ssize(shape) + std::ssize(added);
    for (Index& axis : added) axis = axis_of(axis, rank);
    std::ranges::sort(added);
    for (const Index axis : added) {
      require(axis <= std::ssize(shape), "axes come twice");
      shape.insert(shape.begin() + axis, 1);
    }
    return made(shape, numbers(in(0)));
  }

  /// Splits a shape into what lies before an axis, and behind it.
  static std::pair<Index, Index> around(const Sizes& shape, Index axis) {
    return {product({shape.begin(), shape.begin() + axis}),
            product({shape.begin() + axis + 1, shape.end()})};
  }

  std::shared_ptr<const HostTensor> concat() const {
    Sizes shape = in(0).shape;
    const Index axis = axis_of(node_.attribute("axis", Index{0}), std::ssize(shape));
    const auto [outer, inner] = around(shape, axis);
    shape[axis] = 0;
    for (const auto& part : inputs_) {
      Sizes other = part->shape;
      require(other.size() == shape.size(), "its inputs have different numbers of axes");
      shape[axis] += std::exchange(other[axis], shape[axis]);
      require(around(other, axis) == std::pair(outer, inner), "its inputs have different shapes");
    }
    Numbers all;
    std::vector<Numbers> parts;
    for (const auto& part : inputs_) parts.push_back(numbers(*part));
    for (Index o = 0; o < outer; ++o)
      for (std::size_t i = 0; i < parts.size(); ++i) {
        const Index piece = inputs_[i]->shape[axis] * inner;
        all.insert(all.end(), parts[i].begin() + o * piece, parts[i].begin() + (o + 1) * piece);
      }
    return made(shape, all);
  }

  /// The tensor's elements at some places of one axis.
  static std::shared_ptr<const HostTensor> taken(const HostTensor& x, Index axis,
                                                 const Sizes& places, const Sizes& shape) {
    const Numbers from = numbers(x);
    const auto [outer, inner] = around(x.shape, axis);
    Numbers all;
    for (Index o = 0; o < outer; ++o)
      for (const Index at : places) {
        const auto first = from.begin() + (o * x.shape[axis] + at) * inner;
        all.insert(all.end(), first, first + inner);
      }
    return made(shape, all);
  }

  std::shared_ptr<const HostTensor> gather() const {
    const HostTensor& x = in(0);
    const Index axis = axis_of(node_.attribute("axis", Index{0}), std::ssize(x.shape));
    Sizes places = integers(in(1)), shape(x.shape.begin(), x.shape.begin() + axis);
    for (Index& at : places) at = axis_of(at, x.shape[axis]);
    shape.insert(shape.end(), in(1).shape.begin(), in(1).shape.end());
    shape.insert(shape.end(), x.shape.begin() + axis + 1, x.shape.end());
    product(shape);
    return taken(x, axis, places, shape);
  }

  Constants split() const {
    const HostTensor& x = in(0);
    const Index axis = axis_of(node_.attribute("axis", Index{0}), std::ssize(x.shape));
    const Index parts = std::ssize(node_.outputs);
    Sizes sizes(parts, x.shape[axis] / parts);
    sizes = present(1) ? integers(in(1)) : node_.attribute("split", sizes);
    require(std::ssize(sizes) == parts &&
                product({x.shape[axis]}) == std::accumulate(sizes.begin(), sizes.end(), Index{0}) &&
                std::ranges::all_of(sizes, [](Index size) { return size >= 0; }),
            "its parts are not those of {}", x.shape[axis]);
    Constants all;
    Index first = 0;
    for (const Index size : sizes) {
      Sizes places(size), shape = x.shape;
      std::iota(places.begin(), places.end(), first);
      shape[axis] = size;
      all.push_back(taken(x, axis, places, shape));
      if (is_whole(x)) all.back() = as_whole(all.back());
      first += size;
    }
    return all;
  }

  std::shared_ptr<const HostTensor> slice() const {
    const bool old = opset_ < 10;
    const auto list = [&](std::size_t i, const char* key, const Sizes& otherwise) {
      if (old) return node_.attribute(key, otherwise);
      return present(i) ? integers(in(i)) : otherwise;
    };
    const Sizes starts = list(1, "starts", {}), ends = list(2, "ends", {});
    Sizes all(starts.size());
    std::iota(all.begin(), all.end(), 0);
    const Sizes which = list(3, "axes", all), steps = list(4, "steps", Sizes(starts.size(), 1));
    require(ends.size() == starts.size() && which.size() == starts.size() &&
                steps.size() == starts.size(),
            "starts, ends, axes and steps are not as many");
    std::shared_ptr<const HostTensor> y = inputs_[0];
    for (std::size_t i = 0; i < starts.size(); ++i) {
      const Index axis = axis_of(which[i], std::ssize(y->shape)), size = y->shape[axis];
      require(steps[i] != 0, "expected steps, got 0");
      const auto place = [&](Index at, Index least, Index most) {
        return std::clamp(at < 0 ? at + size : at, least, most);
      };
      const bool back = steps[i] < 0;
      const Index first = place(starts[i], back ? -1 : 0, back ? size - 1 : size);
      const Index end = place(ends[i], back ? -1 : 0, size);
      Sizes places, shape = y->shape;
      for (Index at = first; back ? at > end : at < end; at += steps[i]) places.push_back(at);
      shape[axis] = std::ssize(places);
      y = taken(*y, axis, places, shape);
    }
    return y;
  }

  std::shared_ptr<const HostTensor> transpose() const {
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

  std::shared_ptr<const HostTensor> range() const {
    const double first = number(in(0)), limit = number(in(1)), step = number(in(2));
    const double count = std::ceil((limit - first) / step);
    require(count <= static_cast<double>(most_folded), "a range of {} numbers is too long", count);
    Numbers all;
    for (double i = 0; i < count; ++i) all.push_back(first + i * step);
    return made({std::ssize(all)}, all);
  }

  std::shared_ptr<const HostTensor> reduce() const {
    const HostTensor& x = in(0);
    const Index rank = std::ssize(x.shape);
    Sizes every(rank);
    std::iota(every.begin(), every.end(), 0);
    Sizes over = axes(1, every), kept = x.shape, shape;
    for (Index& axis : over) {
      axis = axis_of(axis, rank);
      kept[axis] = 1;
    }
    for (Index i = 0; i < rank; ++i)
      if (node_.attribute("keepdims", Index{1}) != 0 || std::ranges::count(over, i) == 0)
        shape.push_back(kept[i]);
    const Numbers from = numbers(x);
    const bool multiplies = node_.op == "ReduceProd";
    require(multiplies || node_.op == "ReduceSum" || node_.op == "ReduceMean",
            "it is not computed of constants alone");
    Numbers to(product(kept), multiplies ? 1 : 0);
    const std::vector<Index> places = repeated(x.shape, kept);
    for (std::size_t i = 0; i < from.size(); ++i)
      multiplies ? to[places[i]] *= from[i] : to[places[i]] += from[i];
    if (node_.op == "ReduceMean")
      for (double& sum : to)
        sum *= static_cast<double>(to.size()) / static_cast<double>(from.size());
    return made(shape, to);
  }

  const Node& node_;
  const Constants& inputs_;
  Index opset_;
};

}  // namespace

Constants fold(const Node& node, const Constants& inputs, Index opset, Index most) {
  most_folded = most;
  for (const auto& input : inputs)  // shapes that are there already
    if (input) most_folded = std::max(most_folded, input->count());
  return Folding(node, inputs, opset).outputs();
}

}  // namespace robmask::onnx
