#include "training/sgd.h"

#include <cmath>
#include <numbers>

namespace robmask {

Sgd::Sgd(const std::vector<Variable>& parameters, double momentum, double decay)
    : parameters_(parameters), momentum_(momentum), decay_(decay) {
  expect(!parameters.empty(), "an optimizer without parameters");
  Backend& machine = parameters.front().machine();
  for (const Variable& p : parameters) {
    momenta_.emplace_back(machine, p.shape(), p.value().dtype());
    machine.fill(momenta_.back(), 0);
  }
  rate_ = Tensor(machine, {}, parameters.front().value().dtype());
}

void Sgd::set_rate(double rate) { rate_.machine().fill(rate_, rate); }

void Sgd::step() {
  std::vector<SgdSlot> slots;
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    if (const Tensor gradient = parameters_[i].gradient())
      slots.push_back({parameters_[i].value(), gradient, momenta_[i]});
  rate_.machine().sgd_step(slots, rate_, momentum_, decay_);
}

double cosine_rate(double rate, Index epoch, Index epochs) {
  return 0.5 * rate *
         (1 + std::cos(std::numbers::pi * static_cast<double>(epoch) / static_cast<double>(epochs)));
}

}  // namespace robmask
