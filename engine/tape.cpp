#include "engine/tape.h"

namespace robmask {

namespace {
thread_local Tape* innermost = nullptr;
}

Tape::Tape(std::initializer_list<Variable> targets) : Tape(std::vector<Variable>(targets)) {}

Tape::Tape(const std::vector<Variable>& targets, bool adds) : outer_(innermost) {
  for (const Variable& v : targets) {
    targets_.push_back(v.slot());
    GradientSlot& root = v.slot()->root();
    heard_.try_emplace(&root, Heard{.written = adds && root.gradient, .awaited = true});
  }
  innermost = this;
}

Tape::~Tape() { innermost = outer_; }

Tape* Tape::hearing(std::initializer_list<Variable> inputs) {
  if (innermost)
    for (const Variable& v : inputs)
      if (innermost->hears(v)) return innermost;
  return nullptr;
}

bool Tape::hears(const Variable& v) const { return v && heard_.contains(&v.slot()->root()); }

Tape::Slot Tape::wanted(const Variable& v) {
  if (!hears(v)) return nullptr;
  ++heard_.at(&v.slot()->root()).writers;
  return v.slot();
}

void Tape::record(const Variable& output, Step step) {
  heard_.try_emplace(&output.slot()->root());
  steps_.push_back({output.slot(), std::move(step)});
}

Sink Tape::sink(const Slot& slot) {
  if (!slot) return {};
  GradientSlot& root = slot->root();
  auto& [written, writers, awaited] = heard_.at(&root);
  expect(writers-- > 0, "a gradient has more writers than asked for it");
  if (awaited && writers == 0) complete_.push_back(slot);
  if (!root.gradient) root.gradient = Tensor(*root.machine, root.shape, root.dtype);
  // A first writer that sees only a part of the buffer adds to zero, so the rest is defined too.
  if (!written && slot->shape != root.shape) {
    root.machine->fill(root.gradient, 0);
    written = true;
  }
  return {slot->view(), std::exchange(written, true)};
}

Tensor Tape::gate(const Slot& slot) {
  if (!slot->gate || heard_.at(slot.get()).writers > 1) return {};
  return std::exchange(slot->gate, {});
}

void Tape::give(const Slot& slot, const Tensor& gradient) {
  if (slot->base || slot->gradient) return slot->machine->scale(sink(slot), gradient, 1);
  slot->gradient = gradient;
  sink(slot);
}

void Tape::backward(const Variable& loss, const OnGradient& on_gradient) {
  const Tensor one(loss.machine(), loss.shape(), loss.value().dtype());
  loss.machine().fill(one, 1);
  run(loss, one, on_gradient);
}

void Tape::backward(const Variable& output, const Tensor& gradient) {
  const Tensor own(output.machine(), output.shape(), output.value().dtype());
  output.machine().copy(own, gradient);
  run(output, own, {});
}

void Tape::run(const Variable& output, const Tensor& gradient, const OnGradient& on_gradient) {
  expect(!steps_.empty() && hears(output), "backward from a variable that this tape does not hear");
  Backend& machine = output.machine();
  GradientSlot& seed = output.slot()->root();
  if (output.slot()->base) {  // the rest of what it is a part of
    seed.gradient = Tensor(machine, seed.shape, seed.dtype);
    machine.fill(seed.gradient, 0);
    machine.copy(output.gradient(), gradient);
  } else {
    seed.gradient = gradient;
  }
  heard_.at(&seed).written = true;
  while (!steps_.empty()) {
    Recorded& last = steps_.back();
    if (const auto written = heard_.find(&last.output->root());
        written != heard_.end() && written->second.written)
      last.step(*this, last.output->view());
    steps_.pop_back();
    for (const Slot& target : std::exchange(complete_, {}))
      if (std::exchange(heard_.at(&target->root()).awaited, false) && on_gradient)
        on_gradient(target->root());
  }
  // On these the loss does not depend, or not by every way that was recorded.
  for (const Slot& target : targets_) {
    Heard& heard = heard_.at(&target->root());
    if (!std::exchange(heard.awaited, false)) continue;
    GradientSlot& root = target->root();
    if (!root.gradient) root.gradient = Tensor(machine, root.shape, root.dtype);
    if (!heard.written) machine.fill(root.gradient, 0);
    if (on_gradient) on_gradient(root);
  }
}

}  // namespace robmask
