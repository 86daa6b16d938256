#include <sanitizer/allocator_interface.h>

#include "models/model.h"
#include "models/onnx/network.h"
#include "tests/fuzz/mutators.h"

namespace robmask::fuzz {

namespace {

/// Bytes that the program holds: what is taken more than that while a file is read is the reader's.
std::size_t live = 0, peak = 0;

void count_allocation(const volatile void*, std::size_t bytes) {
  live += bytes;
  peak = std::max(peak, live);
}
void count_release(const volatile void* memory) {
  if (memory != nullptr) live -= __sanitizer_get_allocated_size(const_cast<const void*>(memory));
}

/// A file that is read takes sixteen times its size, and a few times the least that is granted to
/// small ones: in protobuf's messages, in the graph that is made of them, in what it computes.
void check_memory(std::size_t before, std::size_t input) {
  constexpr std::size_t least = 64 << 20;
  check(peak - before <= least + 16 * input, "to take no more memory than 16 times the file");
}

const bool counting =
    __sanitizer_install_malloc_and_free_hooks(count_allocation, count_release) != 0;

}  // namespace

const Reader onnx_graph("onnx", [](std::string_view input) {
  const Path path = put("x.onnx", input);
  const std::size_t before = peak = live;
  onnx::Imported imported;
  const bool taken = accepted("x.onnx", [&] { imported = onnx::import_network(path); });
  check_memory(before, input.size());
  if (!taken) return;
  const ModelSpec spec{.name = path.string(),
                       .classes = std::stoll(imported.weights.metadata.at("classes"))};
  check(Model::list(spec).size() == imported.weights.tensors.size(),
        "to list the tensors that the file has");
});

}  // namespace robmask::fuzz
