#include "tests/gpu_emulator/fibre.h"

#include <sys/mman.h>

#include <cstdlib>

namespace robmask::gpu::emulated {

namespace {

constexpr std::size_t page = 4096, stack_bytes = 256 * 1024;

std::byte* make_stack() {
  void* memory = mmap(nullptr, page + stack_bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED || mprotect(memory, page, PROT_NONE) != 0) std::abort();
  return static_cast<std::byte*>(memory);
}

}  // namespace

Fibre::~Fibre() { munmap(memory_, page + stack_bytes); }

#if defined(__x86_64__)

// Saves what a function must preserve and changes stacks. swapcontext() would also ask the kernel
// for the signal mask, which takes fifteen times as long.
extern "C" void robmask_switch_stack(void** save, void* to);
asm(R"(
.text
.type robmask_switch_stack, @function
robmask_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size robmask_switch_stack, .-robmask_switch_stack
)");

Fibre::Fibre(void (*body)(), std::size_t index) : memory_(make_stack()) {
  // As if the body's first instruction had been interrupted by a switch: six registers, its
  // address, and the place of a return address, which also gives the stack the alignment of a call.
  const std::size_t stagger = index % 60 * 64;
  auto** top = reinterpret_cast<void**>(memory_ + page + stack_bytes - stagger);
  top[-1] = nullptr;
  top[-2] = reinterpret_cast<void*>(body);
  here_ = top - 8;
}

void Fibre::resume() {
  watch_.enter();
  robmask_switch_stack(&caller_, here_);
}
void Fibre::pause() {
  watch_.leave();
  robmask_switch_stack(&here_, caller_);
}

#else

Fibre::Fibre(void (*body)(), std::size_t) : memory_(make_stack()) {
  getcontext(&here_);
  here_.uc_stack.ss_sp = memory_ + page;
  here_.uc_stack.ss_size = stack_bytes;
  here_.uc_link = nullptr;
  makecontext(&here_, body, 0);
}

void Fibre::resume() {
  watch_.enter();
  swapcontext(&caller_, &here_);
}
void Fibre::pause() {
  watch_.leave();
  swapcontext(&here_, &caller_);
}

#endif

}  // namespace robmask::gpu::emulated
