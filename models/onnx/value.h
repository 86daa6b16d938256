#pragma once
// What stands between the nodes of a graph while it is compiled.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/onnx/graph.h"
#include "engine/backend.h"

namespace robmask::onnx {

/// Stands for the number of images, which is open: a prime, so that no other size is a multiple of
/// it, and sizes that are computed from it give themselves away.
constexpr Index batch_size = 998'244'353;

struct Convolution;

/// The shape in memory of sizes `dims`, each of which is the axis of N·H·W·C that stands in `axes`:
/// "nchw" of a map, "nc" of a matrix. Axes that are not named have size 1.
Shape memory_shape(const std::vector<Index>& dims, const std::string& axes);

/// A constant, or the result of a step.
struct Value {
  std::vector<Index> dims = {};                     // as ONNX has them
  std::shared_ptr<const HostTensor> constant = {};  // or:
  std::string axes = {};  // where the dims are in memory; a Transpose changes nothing else
  int slot = -1;          // of the step's result; -1: it is yet to be made
  std::shared_ptr<const Convolution> pending = {};  // which is to be made
  std::string name = {};                            // of a constant that the file holds

  bool is_constant() const { return constant != nullptr; }
  Index rank() const { return std::ssize(dims); }
  Index count() const;
  /// In memory, with batch_size images.
  Shape shape() const { return memory_shape(dims, axes); }
};

/// The numbers of a constant, of whatever type it is.
std::vector<double> numbers(const HostTensor& tensor);
/// And as integers: those beyond 2^53 stand for the largest there are.
std::vector<Index> integers(const HostTensor& tensor);

/// The shape that both become where sizes of 1 repeat, as NumPy has it; empty where there is none.
std::optional<std::vector<Index>> broadcast(const std::vector<Index>& a,
                                            const std::vector<Index>& b);

/// Is it one of ONNX's floating types, by its number there?
bool is_floating(Index type);

/// What a Slice cuts of which axes: as many of each.
struct Ranges {
  std::vector<Index> starts, ends, axes, steps;
};
/// They are attributes up to opset 9 and inputs 1 to 4 since, which `input` reads where they are
/// there.
Ranges ranges_of(const Node& node, Index opset,
                 const std::function<std::optional<std::vector<Index>>(std::size_t)>& input);

/// The outputs of an operator whose inputs are all constants; an absent input is null. InputError
/// if it is none that is computed beforehand, and for a result of more than `most` numbers.
using Constants = std::vector<std::shared_ptr<const HostTensor>>;
Constants fold(const Node& node, const Constants& inputs, Index opset, Index most);

}  // namespace robmask::onnx
