#include "engine/trace.h"

namespace robmask {

namespace {

thread_local Trace* innermost_trace = nullptr;

[[noreturn]] void throw_untraceable(std::string_view op) {
  throw InputError(fmt::format(
      "`model`: the network uses the op {}, which cannot be written where it shall go", op));
}

}  // namespace

Trace::Trace() : outer_(innermost_trace) { innermost_trace = this; }
Trace::~Trace() { innermost_trace = outer_; }
Trace* Trace::open() { return innermost_trace; }

void Trace::conv2d(const Variable&, const Variable&, const Variable&, const Window&) {
  throw_untraceable("conv2d");
}
void Trace::linear(const Variable&, const Variable&, const Variable&, const Variable&) {
  throw_untraceable("linear");
}
void Trace::mask(const Variable&, const Variable&, const MaskState&, const MaskOptions&) {
  throw_untraceable("mask");
}
void Trace::affine(const Variable&, const Variable&, const Tensor&, const Tensor&) {
  throw_untraceable("affine");
}
void Trace::relu(const Variable&, const Variable&) { throw_untraceable("relu"); }
void Trace::average_pool(const Variable&, const Variable&, const Window&) {
  throw_untraceable("average_pool");
}
void Trace::max_pool(const Variable&, const Variable&, const Window&) {
  throw_untraceable("max_pool");
}
void Trace::add(const Variable&, const Variable&, const Variable&, double) {
  throw_untraceable("add");
}
void Trace::activate(const Variable&, const Variable&, const Activation&) {
  throw_untraceable("activate");
}
void Trace::multiply(const Variable&, const Variable&, const Variable&) {
  throw_untraceable("multiply");
}
void Trace::expand(const Variable&, const Variable&) { throw_untraceable("expand"); }
void Trace::sum_to(const Variable&, const Variable&, double) { throw_untraceable("sum_to"); }
void Trace::place(const Variable&, const Variable&, Index, Index, double) {
  throw_untraceable("place");
}
void Trace::transpose(const Variable&, const Variable&) { throw_untraceable("transpose"); }
void Trace::reshape(const Variable&, const Variable&) { throw_untraceable("reshape"); }
void Trace::concatenate(const Variable&, const std::vector<Variable>&) {
  throw_untraceable("concatenate");
}
void Trace::softmax(const Variable&, const Variable&) { throw_untraceable("softmax"); }

}  // namespace robmask
