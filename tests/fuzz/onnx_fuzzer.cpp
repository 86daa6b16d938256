#include <sanitizer/allocator_interface.h>

#include <algorithm>
#include <limits>

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

template <class List>
auto& one_of(List& list, Random& random) {
  return *std::next(std::begin(list), static_cast<std::ptrdiff_t>(random() % std::size(list)));
}

Index odd_number(Random& random) {
  constexpr Index odd[] = {-9,
                           -1,
                           0,
                           1,
                           2,
                           3,
                           4,
                           5,
                           8,
                           64,
                           4096,
                           1 << 20,
                           Index{1} << 40,
                           std::numeric_limits<Index>::max(),
                           std::numeric_limits<Index>::min()};
  return one_of(odd, random);
}

/// A graph that differs from one that can be read in a few places, so that all of it is still read.
void change(onnx::Graph& graph, Random& random) {
  constexpr const char* operators[] = {"Conv",    "BatchNormalization",
                                       "Relu",    "Add",
                                       "Mul",     "Div",
                                       "Pow",     "Clip",
                                       "Concat",  "MaxPool",
                                       "Reshape", "Transpose",
                                       "Squeeze", "Unsqueeze",
                                       "Slice",   "Split",
                                       "Pad",     "AveragePool",
                                       "Gather",  "Shape",
                                       "Expand",  "Range",
                                       "Where",   "Gemm",
                                       "MatMul",  "ReduceMean",
                                       "Cast",    "PRelu",
                                       "Softmax", "ConstantOfShape",
                                       "Identity"};
  onnx::Node& node = one_of(graph.nodes, random);
  switch (random() % 7) {
    case 0: node.op = one_of(operators, random); break;
    case 1: {  // another value that is there
      const onnx::Node& other = one_of(graph.nodes, random);
      if (!node.inputs.empty() && !other.inputs.empty())
        one_of(node.inputs, random) = one_of(other.inputs, random);
      break;
    }
    case 2: {
      constexpr const char* names[] = {"axis",      "axes",     "pads", "strides",
                                       "dilations", "group",    "perm", "kernel_shape",
                                       "ceil_mode", "keepdims", "to",   "split"};
      const char* name = one_of(names, random);
      if (random() % 2 == 0)
        node.attributes[name] = odd_number(random);
      else
        node.attributes[name] = std::vector<Index>{odd_number(random), odd_number(random)};
      break;
    }
    case 3:
      if (!node.attributes.empty())
        if (auto* list = std::get_if<std::vector<Index>>(&one_of(node.attributes, random).second);
            list != nullptr && !list->empty())
          one_of(*list, random) = odd_number(random);
      break;
    case 4:
      if (!graph.tensors.empty()) {  // other numbers of the same shape, or a list of whole ones
        auto& tensor = one_of(graph.tensors, random).second;
        if (random() % 2 == 0)
          tensor = host_tensor({3}, std::vector{odd_number(random), Index{-1}, odd_number(random)});
        else if (!tensor.shape.empty())
          std::rotate(tensor.shape.begin(), tensor.shape.begin() + 1, tensor.shape.end());
      }
      break;
    case 5: graph.opset = onnx::oldest_opset + static_cast<Index>(random() % 17); break;
    default: {
      auto& shape = graph.inputs.at(0).shape;
      if (!shape.empty())
        one_of(shape, random) = random() % 2 ? onnx::open_size : odd_number(random);
    }
  }
}

std::string other_graph(std::string input, std::size_t most, Random& random) {
  if (random() % 4 == 0) return other_bytes(std::move(input), most, random);
  onnx::Graph graph;
  try {
    graph = onnx::read(put("before.onnx", input));
  } catch (const InputError&) {
    return other_bytes(std::move(input), most, random);
  }
  for (std::size_t i = 0; i <= random() % 3; ++i) change(graph, random);
  const Path path = put("after.onnx", "");
  onnx::write(path, graph);
  const std::string bytes = read_text(path);
  return bytes.size() <= most ? bytes : other_bytes(std::move(input), most, random);
}

const bool counting =
    __sanitizer_install_malloc_and_free_hooks(count_allocation, count_release) != 0;

}  // namespace

const Reader onnx_graph(
    "onnx",
    [](std::string_view input) {
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
    },
    other_graph);

}  // namespace robmask::fuzz
