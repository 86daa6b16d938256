#pragma once
// What the operators of ONNX are written with.

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/onnx/compile.h"

namespace robmask::onnx {

/// relu( norm( x ⋆ w + bias ) + residual ), each part of which may be missing: taken together while
/// nodes follow each other, it becomes one masked_conv2d.
struct Convolution {
  Value x;                    // with a slot, "nchw" or "nc"
  std::optional<int> weight;  // held; none: a norm alone
  Window window = {};
  std::string bias_name = {};
  std::vector<double> bias = {};                // one a channel, or none
  std::optional<std::array<int, 4>> norm = {};  // held: γ, β, μ, σ²
  double eps = 0;
  std::optional<Value> residual = {};
  bool relu = false;
};

class Builder {
 public:
  Builder(const Graph& graph, Index height, Index width);
  Program build();

  // ---- a node's inputs --------------------------------------------------------------------------
  Index opset() const { return graph_.opset; }
  bool has(const Node& node, std::size_t input) const;
  const Value& in(const Node& node, std::size_t input) const;
  /// A constant's numbers; InputError for a value that depends on the images.
  std::vector<double> numbers(const Node& node, std::size_t input) const;
  std::vector<Index> integers(const Node& node, std::size_t input) const;
  double number(const Node& node, std::size_t input) const;
  /// Axes in any of the ways in which ONNX gives them, from 0 on; `otherwise` where it does not.
  std::vector<Index> axes(const Node& node, std::size_t input, Index rank,
                          const std::vector<Index>& otherwise) const;
  /// The node that made what has this name; null where it was there from the start.
  const Node* maker(const std::string& name) const;
  /// InputError for an output that its node has not defined here, as the mask of a Dropout.
  const Value& value(const std::string& name) const;
  /// How many nodes read the value, or the caller of the network.
  Index readers(const std::string& name) const;

  // ---- values -----------------------------------------------------------------------------------
  /// The value with a slot, its pending convolution made.
  Value made(const Value& value);
  /// The same in memory in the order of `axes`; a copy where it is not so. InputError where that is
  /// more than a turn of the axes.
  Value arranged(const Value& value, const std::string& axes);
  /// A map N·C·H·W as the engine has it.
  Value map(const Value& value);
  /// The value with other sizes over the same elements in ONNX's order.
  Value reshaped(const Value& value, const std::vector<Index>& dims);
  /// The sizes that a Reshape asks for, of a value of these.
  std::vector<Index> new_sizes(const std::vector<Index>& from, std::vector<Index> asked,
                               bool zero_keeps) const;

  /// The result of a new step that reads these.
  Value step(const std::vector<Value>& inputs, const std::vector<Index>& dims,
             const std::string& axes, const std::function<Variable(const Run&)>& compute);
  Value activated(const Value& x, const Activation& f);
  Value clamped(const Value& x);  // relu
  /// x·scale + shift, each one number a channel of x in memory, or one, or none.
  Value affine(const Value& x, const std::vector<double>& scale, const std::vector<double>& shift);

  /// The value of a convolution that may grow as long as nobody has read it.
  Value pending(const Convolution& convolution, const std::vector<Index>& dims,
                const std::string& axes);
  /// Can what `name` stands for grow: is it a convolution that one node reads?
  bool grows(const std::string& name) const;

  /// The number of a tensor of the model, as files hold it. Under a name that is taken by another,
  /// it gets one of its own.
  int hold(std::string name, Role role, const Shape& shape,
           const std::shared_ptr<const HostTensor>& values);
  int hold(const std::string& name, Role role, const std::vector<double>& values);  // {1,1,1,C}
  /// And of a constant, N·H·W·C.
  int hold(const Shape& shape, const std::vector<double>& values);
  int hold(const std::vector<double>& values) {
    return hold({1, 1, 1, std::ssize(values)}, values);
  }

  /// All that a graph computes beforehand is bounded by sixteen times its own constants, a million
  /// numbers at least. InputError beyond: to be asked before memory for so many is taken. hold()
  /// takes the room of the numbers that it is given.
  void require_room(Index count) const;
  void take_room(Index count);

  void define(const Node& node, Value value, std::size_t output = 0);
  void warn(const std::string& text) { program_.warnings.push_back(text); }

 private:
  /// Does the work for a part of the graph, which an InputError then names, behind the file.
  void work_on(const std::string& part, const std::function<void()>& work) const;
  void compile(const Node& node);
  bool folds(const Node& node);
  void finish();
  void remove_unread();

  const Graph& graph_;
  ImagePort port_;
  Program program_;
  std::map<std::string, Value> values_;
  std::map<std::string, Index> readers_;
  std::map<std::string, const Node*> makers_;
  std::map<const Convolution*, Value> made_;
  std::map<std::string, int> held_;              // with a role, by their names
  std::map<int, std::pair<Value, int>> scaled_;  // of a slot that is x·scale: x, and scale held
  Index room_ = 1 << 20;
  Index readings_ = 1 << 22;  // of numbers by operators on constants: they take time, if no memory
};

/// One of ONNX's operators.
using Operator = void (*)(Builder&, const Node&);
using Operators = std::map<std::string, Operator>;
Operators convolution_operators();
Operators pointwise_operators();
Operators arithmetic_operators();
Operators pooling_operators();
Operators shape_operators();
Operators product_operators();

/// Of an Add: if one of its inputs is a convolution that may grow, the other becomes its residual.
/// False where there is none.
bool add_behind(Builder& b, const Node& node);

}  // namespace robmask::onnx
