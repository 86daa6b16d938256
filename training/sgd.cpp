#include "training/sgd.h"

#include <cmath>
#include <numbers>

namespace robmask {

Sgd::Sgd(const std::vector<Variable>& parameters, double momentum, double decay)
    : parameters_(parameters), momentum_(momentum), decay_(decay) {
  for (const Variable& p : parameters) {
    momenta_.emplace_back(p.machine(), p.shape(), p.value().dtype());
    p.machine().fill(momenta_.back(), 0);
  }
  if (!parameters.empty())
    rate_ = Tensor(parameters[0].machine(), {}, parameters[0].value().dtype());
}

void Sgd::set_rate(double rate) {
  if (rate_) rate_.machine().fill(rate_, rate);
}

void Sgd::step() {
  if (!rate_) return;
  std::vector<SgdSlot> slots;
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    if (const Tensor gradient = parameters_[i].gradient())
      slots.push_back({parameters_[i].value(), gradient, momenta_[i], parameters_[i].working()});
  rate_.machine().sgd_step(slots, rate_, momentum_, decay_);
}

double cosine_rate(double rate, Index epoch, Index epochs) {
  return 0.5 * rate *
         (1 +
          std::cos(std::numbers::pi * static_cast<double>(epoch) / static_cast<double>(epochs)));
}

}  // namespace robmask
