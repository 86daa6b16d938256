#include <sanitizer/allocator_interface.h>

#include <algorithm>
#include <limits>

#include "engine/ops.h"
#include "engine/tape.h"
#include "models/onnx/compile.h"
#include "models/onnx/network.h"
#include "tests/fuzz/mutators.h"
#include "training/checkpoint.h"

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

std::vector<Index> several(int count, Random& random) {
  std::vector<Index> numbers(count);
  for (Index& n : numbers) n = odd_number(random);
  return numbers;
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
  switch (random() % 10) {
    case 0: node.op = one_of(operators, random); break;
    case 1: {  // another value that is there
      const onnx::Node& other = one_of(graph.nodes, random);
      if (!node.inputs.empty() && !other.inputs.empty())
        one_of(node.inputs, random) = one_of(other.inputs, random);
      break;
    }
    case 2: {
      constexpr const char* names[] = {
          "axis",      "axes",     "pads", "strides", "dilations", "group", "perm",  "kernel_shape",
          "ceil_mode", "keepdims", "to",   "split",   "starts",    "ends",  "steps", "transB",
          "alpha",     "epsilon",  "min",  "max",     "start",     "end",   "value"};
      constexpr const char* pads[] = {"SAME_UPPER", "SAME_LOWER", "VALID"};
      onnx::Attribute& value = node.attributes[one_of(names, random)];
      switch (random() % 8) {
        case 0: value = static_cast<double>(odd_number(random)); break;
        case 1: node.attributes["auto_pad"] = one_of(pads, random); break;
        case 2:
        case 3: value = odd_number(random); break;
        default: {
          constexpr int lengths[] = {1, 2, 2, 2, 4};
          value = several(one_of(lengths, random), random);
        }
      }
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
        else if (random() % 4 == 0)
          tensor = host_tensor({}, std::vector<double>{0.5});
        else if (!tensor.shape.empty())
          std::rotate(tensor.shape.begin(), tensor.shape.begin() + 1, tensor.shape.end());
      }
      break;
    case 5: graph.opset = onnx::oldest_opset + static_cast<Index>(random() % 17); break;
    case 6:  // an input or output less, or one more
      if (random() % 4 == 0)
        node.outputs.clear();
      else if (random() % 2 == 0)
        node.outputs.push_back(fmt::format("more{}", random() % 4));
      else if (random() % 2 == 0 && !node.inputs.empty())
        one_of(node.inputs, random) = random() % 2 ? "" : fmt::format("more{}", random() % 4);
      else
        node.inputs.resize(random() % 4, node.inputs.empty() ? "" : node.inputs[0]);
      break;
    case 7: {  // a constant of one's own
      const std::string name = fmt::format("own{}", random() % 4);
      graph.tensors[name] = host_tensor({4}, several(4, random));
      if (random() % 2) graph.tensors[name].shape = {2, 1, 2};
      if (random() % 8 == 0)
        graph.tensors[name] = {ElementType::u8, {0, odd_number(random), odd_number(random)}, {}};
      if (!node.inputs.empty()) one_of(node.inputs, random) = name;
      break;
    }
    case 8: {  // one node more, behind
      if (graph.outputs.empty()) break;
      const std::string name = fmt::format("node{}", random() % 64),
                        from = one_of(graph.outputs, random).name;
      graph.nodes.push_back({name, one_of(operators, random), {from}, {name}});
      if (random() % 2) graph.nodes.back().inputs.push_back(from);
      if (random() % 2 && !graph.tensors.empty())
        graph.nodes.back().inputs.push_back(one_of(graph.tensors, random).first);
      graph.outputs[0].name = name;
      break;
    }
    default: {
      if (graph.inputs.empty()) break;
      auto& shape = graph.inputs[0].shape;
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

/// Are its images, windows and paddings such that it computes in no time?
bool is_quick(const onnx::Graph& graph) {
  constexpr Index most = 64, numbers = 100'000, far = 1 << 16;  // what is cut at a size may be far
  const auto small = [](Index n) { return (-most <= n && n <= most) || n < -far || n > far; };
  Index count = 0;
  for (const auto& [name, tensor] : graph.tensors) {
    count += tensor.count();
    if (tensor.type == ElementType::i64 && !std::ranges::all_of(tensor.to<Index>(), small))
      return false;
  }
  for (const onnx::Node& node : graph.nodes)
    for (const auto& [name, value] : node.attributes) {
      if (const auto* n = std::get_if<Index>(&value); n && !small(*n)) return false;
      if (const auto* list = std::get_if<std::vector<Index>>(&value);
          list && !std::ranges::all_of(*list, small))
        return false;
    }
  return count <= numbers && std::ranges::all_of(graph.inputs[0].shape, small);
}

/// The logits of two images, and a gradient by their pixels.
void compute(const onnx::Imported& imported, const onnx::ImagePort& port) {
  Backend& machine = backend("cpu");
  const LoadedModel loaded = load_model(imported.weights, machine, DType::f64, {});
  const auto side = [](Index size) { return size == onnx::open_size ? 32 : size; };
  const Shape shape{2, side(port.height), side(port.width), 3};
  std::vector<double> pixels(shape.count());
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<double>(i % 251) / 250;
  const Variable images(make_tensor(machine, shape, DType::f64, pixels));
  Tape tape({images});
  const Variable logits = loaded.model->at(0)(images);
  const Tensor labels = make_tensor(machine, {2, 1, 1, 1}, std::vector<std::int32_t>{0, 0});
  tape.backward(sum(cross_entropy(logits, labels)));
  check(images.gradient().shape() == images.shape() && logits.shape().n == 2 &&
            logits.shape().c == loaded.info.spec.classes,
        "to compute logits of each image");
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
      if (const onnx::Graph graph = onnx::read(path); is_quick(graph))
        accepted("x.onnx", [&] { compute(imported, image_port(graph)); });
    },
    other_graph);

}  // namespace robmask::fuzz
