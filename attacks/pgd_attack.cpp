#include "attacks/pgd_attack.h"

#include <algorithm>
#include <cmath>

namespace robmask {

PgdAttack::PgdAttack(Slots& slots, const Terms& terms, const Settings& settings, LogitLoss loss)
    : slots_(slots), terms_(terms), settings_(settings), loss_(loss), states_(slots.count()) {
  if (settings.best) best_ = slots.make_rows();
}

void PgdAttack::begin(Index slot) {
  const Tensor x = slots_.x.images(slot, 1), x_adv = slots_.x_adv.images(slot, 1);
  const Run& run = slots_.runs[slot];
  // x_0 ~ U(ball around x), or x itself
  if (settings_.random_start)
    slots_.machine().start_uniform(
        x_adv, x, slots_.number(terms_.eps), terms_.norm,
        {.seed = terms_.seed,
         .purpose = Purpose::evaluation_start,
         .branch = static_cast<std::uint32_t>(run.number),
         .step = settings_.kind},
        {}, make_tensor(slots_.machine(), {}, std::vector<std::int32_t>{run.image}));
  else
    slots_.machine().copy(x_adv, x);
  states_[slot] = {-1, -1, -HUGE_VAL, false, false};
}

bool PgdAttack::wants_gradient() const {
  return std::any_of(states_.begin(), states_.begin() + slots_.active(),
                     [&](const State& state) { return state.iteration + 1 < settings_.steps; });
}

RunStatus PgdAttack::judge(Index slot, Logits z, LogitGradient gradient) {
  const Run& run = slots_.runs[slot];
  State& state = states_[slot];
  const double loss = loss_(z, run.label, run.target(), gradient);
  const bool wrong = predicted(z) != run.label;
  ++state.iteration;
  if (wrong && state.first_wrong < 0) state.first_wrong = state.iteration;
  state.improved = !settings_.best || loss > state.highest;
  if (state.improved) {
    state.highest = loss;
    state.wrong = wrong;
  }
  if (state.iteration < settings_.steps) return {};
  // The point of highest loss, argmax_t ℓ(x_t), if it is wanted and not the last
  if (!state.improved) slots_.machine().copy(slots_.x_adv.images(slot, 1), best_.images(slot, 1));
  return {.found = state.wrong || terms_.hand_out == HandOut::strongest, .over = true};
}

void PgdAttack::advance(const Tensor& gradient) {
  const auto rows = [&](const Tensor& t) { return t.images(0, slots_.active()); };
  Backend& machine = slots_.machine();
  if (settings_.best)
    machine.approach(rows(best_), rows(slots_.x_adv),
                     slots_.numbers([&](Index slot) { return states_[slot].improved ? 1 : 0; }));
  // x_{t+1} ← P(x_t + α·direction(∇ℓ(x_t)))
  machine.pgd_step(rows(slots_.x_adv), rows(slots_.x), gradient, slots_.number(settings_.step_size),
                   slots_.number(terms_.eps), terms_.norm);
}

}  // namespace robmask
