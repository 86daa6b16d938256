#pragma once
// Stochastic gradient descent with momentum, as PyTorch's, and the schedules of its rate.

#include <string>
#include <vector>

#include "engine/backend.h"
#include "engine/variable.h"

namespace robmask {

/// g += decay·w; v = momentum·v + g (v starts at 0); w −= rate·v. Decay acts on every parameter,
/// masks included (§5.1). Parameters without a gradient stay as they are.
class Sgd {
 public:
  /// Without parameters (finetuning of statistics alone) it does nothing.
  Sgd(const std::vector<Variable>& parameters, double momentum, double decay);

  void set_rate(double rate);
  void step();
  const std::vector<Variable>& parameters() const { return parameters_; }
  /// The momentum buffers, in the order of the parameters.
  const std::vector<Tensor>& momenta() const { return momenta_; }

 private:
  std::vector<Variable> parameters_;
  std::vector<Tensor> momenta_;
  Tensor rate_;
  double momentum_, decay_;
};

/// The rate of epoch e = 0 … epochs − 1, constant within it: ½·rate·(1 + cos(π e / epochs)).
double cosine_rate(double rate, Index epoch, Index epochs);

}  // namespace robmask
