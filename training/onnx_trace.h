#pragma once
// A network as an ONNX graph: what its ops announce, in the operators of ONNX.

#include <optional>
#include <set>

#include "engine/trace.h"
#include "models/model.h"
#include "training/onnx_masks.h"
#include "training/onnx_nodes.h"
#include "training/stretches.h"
#include "training/weights.h"

namespace robmask {

/// Open from construction on. Values are N·C·H·W, but for those of linear layers, {N, C}.
class OnnxTrace final : public Trace {
 public:
  /// Of this model, which must outlive it, called with these images.
  OnnxTrace(const Model& model, const Variable& images);

  /// The graph, once the model has made these logits.
  onnx::Graph graph(const Variable& logits);

  void conv2d(const Variable& y, const Variable& x, const Variable& w,
              const Window& window) override;
  void linear(const Variable& y, const Variable& x, const Variable& w, const Variable& b) override;
  void mask(const Variable& z, const Variable& x, const MaskState& state,
            const MaskOptions& options) override;
  void affine(const Variable& y, const Variable& x, const Tensor& scale,
              const Tensor& shift) override;
  void relu(const Variable& y, const Variable& x) override;
  void average_pool(const Variable& y, const Variable& x, const Window& window) override;
  void max_pool(const Variable& y, const Variable& x, const Window& window) override;
  void add(const Variable& y, const Variable& a, const Variable& b, double factor) override;
  void activate(const Variable& y, const Variable& x, const Activation& f) override;
  void multiply(const Variable& y, const Variable& a, const Variable& b) override;
  void expand(const Variable& y, const Variable& x) override;
  void sum_to(const Variable& y, const Variable& x, double factor) override;
  void place(const Variable& y, const Variable& x, Index top, Index left, double outside) override;
  void concatenate(const Variable& y, const std::vector<Variable>& parts) override;
  void softmax(const Variable& y, const Variable& x) override;

 private:
  /// The value that an op reads, N·C·H·W; and as {N, C}.
  std::string read(const Variable& x);
  std::string read_flat(const Variable& x);
  /// What stands at x in one piece, of the values that it consists of.
  std::string joined(const Variable& x, const std::vector<Stretch>& parts);
  /// The model's tensor in this memory, as a constant under its name and in PyTorch's layout.
  /// Returns the name.
  std::string weight(const Tensor& value);
  /// What a layer's node is called: by its weight, without ".weight".
  static std::string layer_of(const std::string& weight);

  std::map<const std::byte*, StoredTensor> tensors_;  // of mask 0, by their memory
  OnnxNodes nodes_;
  std::optional<OnnxMasks> masks_;  // of a model that has several
  Stretches stretches_;
  std::set<std::string> flat_;  // values that are {N, C}
};

}  // namespace robmask
