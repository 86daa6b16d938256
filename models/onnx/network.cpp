#include "models/onnx/network.h"

#include <algorithm>
#include <set>

#include "models/networks.h"
#include "models/onnx/compile.h"

namespace robmask::onnx {

namespace {

using Size = std::pair<Index, Index>;  // height and width of images

/// A graph that was read, and its program for images of one size.
struct Description {
  std::string source;
  std::set<std::string> operators;
  std::optional<Size> fixed;  // the only size that the graph takes
  Graph graph;                // empty where that is fixed
  Size size;
  Program program;
};

std::map<std::string, std::shared_ptr<const Description>>& descriptions() {
  static std::map<std::string, std::shared_ptr<const Description>> all;
  return all;
}

/// A program with its tensors on a machine.
struct Bound {
  Program program;
  std::vector<Variable> held;
  std::vector<std::vector<int>> done;  // slots that no step after this one reads
};

/// Those of a program's tensors that are the model's.
std::vector<const Held*> weights_of(const Program& program) {
  std::vector<const Held*> all;
  for (const Held& h : program.held)
    if (h.role) all.push_back(&h);
  return all;
}

class GraphNetwork {
 public:
  GraphNetwork(std::shared_ptr<const Description> description, const Scope& scope)
      : description_(std::move(description)), machine_(scope.shape().machine) {
    require(scope.shape().maps != DType::bf16,
            "{}: imported networks compute in f32 or f64, not in bf16", description_->source);
    dtype_ = scope.shape().dtype();
    for (const Held* h : weights_of(description_->program))
      weights_.push_back(scope.constant(h->name, *h->role, h->shape, 0));
    if (machine_) bind(description_->size, description_->program);
  }

  /// images: N·H·W·3 → logits {N,1,1,classes}
  Variable operator()(const Variable& images, const Context& context) {
    require(!context.takes_batch_statistics(),
            "{}: a network that was imported is evaluated as it is, not trained",
            description_->source);
    const Bound& bound = bound_for({images.shape().h, images.shape().w});
    Run run{std::vector<Variable>(bound.program.slots), bound.held, context};
    run.slots[bound.program.input] = images;
    for (std::size_t i = 0; i < bound.program.steps.size(); ++i) {
      const Step& step = bound.program.steps[i];
      run.slots[step.output] = step.compute(run);
      if (context.watch && !step.watched.empty())
        context.watch(step.watched, run.slots[step.output].value());
      for (const int slot : bound.done[i]) run.slots[slot] = {};
    }
    return run.slots[bound.program.output];
  }

 private:
  const Bound& bound_for(const Size& size) {
    if (const auto at = bound_.find(size); at != bound_.end()) return at->second;
    if (const auto& fixed = description_->fixed)
      throw InputError(
          fmt::format("{}: expected images of {}x{} pixels, got {}x{}: give `image_size`",
                      description_->source, fixed->first, fixed->second, size.first, size.second));
    return bind(size, compile(description_->graph, size.first, size.second));
  }

  const Bound& bind(const Size& size, const Program& program) {
    const auto same = [](const Held* a, const Held* b) {
      return a->name == b->name && a->role == b->role && a->shape == b->shape;
    };
    require(std::ranges::equal(weights_of(program), weights_of(description_->program), same),
            "{}: its weights for images of {}x{} pixels are others than for {}x{}",
            description_->source, size.first, size.second, description_->size.first,
            description_->size.second);
    Bound bound{program, {}, std::vector<std::vector<int>>(program.steps.size())};
    std::size_t weight = 0;
    for (const Held& h : program.held)
      bound.held.push_back(
          h.role ? weights_.at(weight++)
                 : Variable(make_tensor(*machine_, h.shape, dtype_, numbers(*h.values))));
    std::vector<bool> read(program.slots, false);
    read[program.output] = true;
    for (Index i = std::ssize(program.steps) - 1; i >= 0; --i)
      for (const int slot : program.steps[i].inputs) {
        if (!read[slot]) bound.done[i].push_back(slot);
        read[slot] = true;
      }
    return bound_.emplace(size, std::move(bound)).first->second;
  }

  std::shared_ptr<const Description> description_;
  Backend* machine_;
  DType dtype_;
  std::vector<Variable> weights_;
  std::map<Size, Bound> bound_;
};

Network make_network(const std::string& name, const Scope& scope, Index classes) {
  const auto description = descriptions().at(name);
  require(classes == description->program.classes || scope.shape().machine == nullptr,
          "{}: has {} classes, not {}", name, description->program.classes, classes);
  const auto network = std::make_shared<GraphNetwork>(description, scope);
  return [network](const Variable& x, const Context& context) { return (*network)(x, context); };
}

/// The graph's program for the size that it says, or else for the first of these that fits it.
Description described(Graph graph) {
  Description d{
      .source = graph.source, .operators = {}, .fixed = {}, .graph = {}, .size = {}, .program = {}};
  for (const Node& node : graph.nodes) d.operators.insert(node.op);
  const ImagePort port = image_port(graph);
  std::vector<Size> sizes{{32, 32}, {224, 224}};
  if (port.height != open_size && port.width != open_size) {
    d.fixed = Size{port.height, port.width};
    sizes = {*d.fixed};
  }
  for (std::size_t i = 0; i < sizes.size(); ++i) try {
      d.size = sizes[i];
      d.program = compile(graph, d.size.first, d.size.second);
      break;
    } catch (const InputError&) {
      if (i + 1 == sizes.size()) throw;
    }
  if (!d.fixed) d.graph = std::move(graph);
  return d;
}

bool normalizes(const Graph& graph) {
  constexpr std::string_view shifts[] = {"Sub", "Add", "Mul", "Div", "BatchNormalization"};
  return std::ranges::all_of(graph.nodes, [&](const Node& node) {
    const bool first = std::ranges::count(node.inputs, graph.inputs[0].name) > 0;
    return !first || std::ranges::count(shifts, node.op) > 0;
  });
}

}  // namespace

Imported import_network(const Path& path) { return import_network(read(path)); }

Imported import_network(Graph graph) {
  const std::string name = graph.source;
  image_port(graph);  // refuses a graph without any, of which nothing else can be asked
  Imported imported;
  if (!normalizes(graph))
    imported.warnings.push_back(
        "no normalization of pixels stands at its start, so it gets them as they are, in [0,1]; "
        "`normalize` cifar10, cifar100, imagenet or kuangliu puts one ahead");
  auto& metadata = imported.weights.metadata;
  for (const char* key : {"class_names", "image_size", "method", "eps_max", "norm", "seed"})
    if (const auto at = graph.metadata.find(key); at != graph.metadata.end()) metadata.insert(*at);
  auto description = std::make_shared<Description>(described(std::move(graph)));
  metadata["format"] = "onnx";
  metadata["model"] = name;
  metadata["classes"] = std::to_string(description->program.classes);
  if (const auto& fixed = description->fixed; fixed && fixed->first == fixed->second)
    metadata["image_size"] = std::to_string(fixed->first);
  for (const std::string& text : description->program.warnings) imported.warnings.push_back(text);
  imported.weights.source = name;
  for (Held& h : description->program.held)
    if (h.role) imported.weights.add(h.name, *std::exchange(h.values, nullptr));
  if (!descriptions().insert_or_assign(name, description).second) {
    imported.warnings.clear();  // they were told when it was read before
    return imported;
  }
  define_network({name, false, [name](const Scope& scope, Index, Index classes) {
                    return make_network(name, scope, classes);
                  }});
  return imported;
}

bool is_imported(const std::string& name) { return descriptions().contains(name); }

std::vector<std::string> operators_of(const std::string& name) {
  const auto& operators = descriptions().at(name)->operators;
  return {operators.begin(), operators.end()};
}

}  // namespace robmask::onnx
