// Operators on constants: numbers.

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "models/onnx/folding.h"

namespace robmask::onnx {

namespace {

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

}  // namespace

bool is_whole(const HostTensor& t) {
  return t.type != ElementType::f32 && t.type != ElementType::f64 && t.type != ElementType::f16 &&
         t.type != ElementType::bf16;
}

std::shared_ptr<const HostTensor> as_whole(const std::shared_ptr<const HostTensor>& t) {
  return std::make_shared<HostTensor>(host_tensor(t->shape, integers(*t)));
}

Constants Folding::outputs() const {
  const std::string& op = node_.op;
  if (op == "Split") return split();
  std::shared_ptr<const HostTensor> y = one(op);
  const bool casts = op == "Cast" || op == "ConstantOfShape" || op == "Constant";
  if (!casts && !is_whole(*y) && present(0) && is_whole(in(op == "Where" ? 1 : 0))) y = as_whole(y);
  return {y};
}

Folding::Result Folding::one(const std::string& op) const {
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

Folding::Result Folding::constant() const {
  for (const auto& [key, value] : node_.attributes) {
    if (const auto* t = std::get_if<HostTensor>(&value)) return std::make_shared<HostTensor>(*t);
    if (const auto* f = std::get_if<double>(&value)) return made({}, {*f});
    if (const auto* f = std::get_if<std::vector<double>>(&value)) return made({std::ssize(*f)}, *f);
    if (const auto* i = std::get_if<Index>(&value))
      return std::make_shared<HostTensor>(host_tensor({}, Sizes{*i}));
    if (const auto* i = std::get_if<Sizes>(&value))
      return std::make_shared<HostTensor>(host_tensor({std::ssize(*i)}, *i));
  }
  throw InputError("expected a value of numbers, got none");
}

Folding::Result Folding::each(Unary f) const {
  Numbers all = numbers(in(0));
  std::ranges::transform(all, all.begin(), f);
  return made(in(0).shape, all);
}

Folding::Result Folding::pairwise(Binary f) const {
  require(inputs_.size() == 2, "expected two inputs, got {}", inputs_.size());
  const auto shape = broadcast(in(0).shape, in(1).shape);
  require(shape.has_value(), "shapes {} and {} do not go together", to_string(in(0).shape),
          to_string(in(1).shape));
  Numbers a = numbers(*expanded(in(0), *shape));
  const Numbers b = numbers(*expanded(in(1), *shape));
  std::ranges::transform(a, b, a.begin(), f);
  return made(*shape, a);
}

Folding::Result Folding::cast() const {
  constexpr Index boolean = 9;
  const Index to = node_.attribute("to", Index{1});
  Numbers all = numbers(in(0));
  if (is_floating(to)) return made(in(0).shape, all);
  for (double& n : all) n = to == boolean ? static_cast<double>(n != 0) : std::trunc(n);
  return as_whole(made(in(0).shape, all));
}

Folding::Result Folding::constant_of_shape() const {
  const Sizes shape = integers(in(0));
  const HostTensor value = node_.attribute("value", host_tensor({1}, Numbers{0}));
  const auto y = made(shape, Numbers(product(shape), number(value)));
  return is_whole(value) ? as_whole(y) : y;
}

Folding::Result Folding::where() const {
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

Folding::Result Folding::range() const {
  const double first = number(in(0)), limit = number(in(1)), step = number(in(2));
  const double count = std::ceil((limit - first) / step);
  require(count <= static_cast<double>(most_), "a range of {} numbers is too long", count);
  Numbers all;
  for (double i = 0; i < count; ++i) all.push_back(first + i * step);
  return made({std::ssize(all)}, all);
}

Folding::Result Folding::reduce() const {
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
    for (double& sum : to) sum *= static_cast<double>(to.size()) / static_cast<double>(from.size());
  return made(shape, to);
}

Constants fold(const Node& node, const Constants& inputs, Index opset, Index most) {
  for (const auto& input : inputs)  // shapes that are there already
    if (input) most = std::max(most, input->count());
  return Folding(node, inputs, opset, most).outputs();
}

}  // namespace robmask::onnx
