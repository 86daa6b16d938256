#pragma once
// How layers get their names, initial values and memory. A model is built from scopes; each layer
// adds its tensors to the model's list in construction order, which is PyTorch's state_dict order.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/variable.h"

namespace robmask {

/// What a stored tensor is; decides its layout in a checkpoint.
enum class Role {
  conv_weight,    // {K,K,Cin/g,Cout} here, [Cout,Cin/g,K,K] in files
  linear_weight,  // {1,1,Cin,Cout} here, [Cout,Cin] in files
  linear_bias,
  mask_weight,  // {k,1,1,C}: row 0 is the plain batch norm, row j is `<bn>.mask.<j>.weight`
  mask_bias,
  running_mean,  // {pairs,1,1,C}: row 0 is plain, row j belongs to a later mask
  running_variance,
  tracked,  // i64 {pairs,1,1,1}
};

/// γ and β; running means and variances.
inline bool is_affine(Role r) { return r == Role::mask_weight || r == Role::mask_bias; }
inline bool is_statistic(Role r) { return r == Role::running_mean || r == Role::running_variance; }
/// Part of a norm: one row for each mask, or for each statistics pair.
inline bool is_norm(Role r) { return is_affine(r) || is_statistic(r) || r == Role::tracked; }

/// A trained tensor, or (statistics) one that passes update.
struct Entry {
  std::string name;  // of row 0, as in kuangliu/pytorch-cifar: "layer1.0.conv1.weight"
  Role role;
  Shape shape;
  Variable variable;  // empty where a model is only listed

  bool trained() const { return role <= Role::mask_bias; }
};

/// What every layer of a model shares.
struct ModelShape {
  Backend* machine = nullptr;  // none: the model is only listed, nothing is allocated
  DType maps = DType::f32;     // of feature maps, and of weights as convolutions read them
  Index masks = 1;             // k
  Index pairs = 1;             // statistics pairs: 1 (shared) or more (split)
  std::optional<std::uint64_t> seed = 0;  // none: weights are 0, and come from a file

  /// Of all that is stored in a checkpoint, and of images and logits.
  DType dtype() const { return real_of(maps); }
};

/// A named place in a model under construction: scope / "layer1" / "0" / "conv1".
class Scope {
 public:
  Scope(const ModelShape& shape, std::vector<Entry>& entries)
      : shape_(&shape), entries_(&entries) {}

  Scope operator/(const std::string& name) const;
  Scope operator/(Index number) const { return *this / std::to_string(number); }
  const ModelShape& shape() const { return *shape_; }
  /// "layer1.0.conv1"
  std::string name() const { return prefix_.substr(0, prefix_.size() - !prefix_.empty()); }

  /// A new tensor uniform in ±1/√fan_in: PyTorch's default for convolutions and linear layers
  /// (kaiming_uniform with a = √5), keyed by (seed, number of the tensor).
  Variable uniform(const std::string& name, Role role, const Shape& shape, Index fan_in) const;
  /// A new tensor filled with one value.
  Variable constant(const std::string& name, Role role, const Shape& shape, double value) const;

 private:
  Variable add(const std::string& name, Role role, const Shape& shape,
               const std::function<Tensor()>& value) const;

  const ModelShape* shape_;
  std::vector<Entry>* entries_;
  std::string prefix_;
};

}  // namespace robmask
