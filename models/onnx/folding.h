#pragma once
// Operators on constants, as fold() computes them: of numbers in fold.cpp, of shapes in
// fold_shapes.cpp.

#include "models/onnx/value.h"

namespace robmask::onnx {

class Folding {
 public:
  /// Results of more than `most` numbers are refused before memory is taken for them.
  Folding(const Node& node, const Constants& inputs, Index opset, Index most)
      : node_(node), inputs_(inputs), opset_(opset), most_(most) {}

  Constants outputs() const;

 private:
  using Numbers = std::vector<double>;
  using Sizes = std::vector<Index>;
  using Result = std::shared_ptr<const HostTensor>;
  using Unary = double (*)(double);
  using Binary = double (*)(double, double);

  /// How many numbers a shape has.
  Index product(const Sizes& sizes) const;
  Result made(const Sizes& shape, const Numbers& values) const;
  /// The place of each element of a tensor of `shape` in one of `from`, whose sizes of 1 repeat.
  Sizes repeated(const Sizes& shape, const Sizes& from) const;
  Result expanded(const HostTensor& x, const Sizes& shape) const;
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
  Result one(const std::string& op) const;
  Result shape(const Sizes& sizes) const;
  Result constant() const;
  Result each(Unary f) const;
  Result pairwise(Binary f) const;
  /// To integers or not: constants here have no other types.
  Result cast() const;
  Result constant_of_shape() const;
  Result where() const;
  Result expand() const;
  Result reshape() const;
  Result squeeze() const;
  Result unsqueeze() const;
  /// Splits a shape into what lies before an axis, and behind it.
  std::pair<Index, Index> around(const Sizes& shape, Index axis) const;
  Result concat() const;
  /// The tensor's elements at some places of one axis.
  Result taken(const Numbers& from, const Sizes& sizes, Index axis, const Sizes& places,
               const Sizes& shape) const;
  Result gather() const;
  Constants split() const;
  Result slice() const;
  Result transpose() const;
  Result range() const;
  Result reduce() const;

  const Node& node_;
  const Constants& inputs_;
  Index opset_, most_;
};

/// Are they integers or truth values?
bool is_whole(const HostTensor& t);
/// The numbers as integers where what they come from were: a Div of them cuts off.
std::shared_ptr<const HostTensor> as_whole(const std::shared_ptr<const HostTensor>& t);

}  // namespace robmask::onnx
