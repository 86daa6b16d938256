// A network as an ONNX graph computes what the network does, through one mask or all.

#include "training/onnx_export.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "engine/backend.h"
#include "engine/random.h"
#include "layers/conv2d.h"
#include "layers/linear.h"
#include "layers/norm.h"
#include "models/global_average.h"
#include "tests/files/scratch.h"
#include "tests/support/activations.h"
#include "tests/support/networks.h"
#include "tests/support/workbench.h"
#include "tests/training/onnx_evaluator.h"

namespace robmask {
namespace {

constexpr Index side = 8, batch = 2;

std::vector<float> random_numbers(Index count, std::uint32_t salt, double low, double high) {
  const Stream stream{.seed = salt, .purpose = Purpose::initialization};
  std::vector<float> values(count);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(
        low + (high - low) * random_uniform<double>(stream, static_cast<std::uint32_t>(i)));
  return values;
}

/// A model whose masks and statistics differ from each other.
LoadedModel random_model(const ModelSpec& spec, std::uint32_t salt = 1) {
  LoadedModel made{.info = {.spec = spec, .method = "robmask", .image_size = side},
                   .model = std::make_unique<Model>(backend("cpu"), DType::f32, spec, 5)};
  made.info.class_names = std::vector<std::string>(spec.classes, "a class");
  for (const Entry& e : made.model->entries()) {
    const double middle = e.role == Role::mask_weight || e.role == Role::running_variance ? 1 : 0;
    if (is_affine(e.role) || is_statistic(e.role))
      e.variable.value().from_host(
          random_numbers(e.shape.count(), ++salt, middle - 0.4, middle + 0.4));
  }
  return made;
}

/// The same images for both sides: N·H·W·C here, N·C·H·W there.
Variable images_here() {
  return Variable(make_tensor(backend("cpu"), {batch, side, side, 3},
                              random_numbers(batch * side * side * 3, 9, 0, 1)));
}
test::OnnxValue images_there() {
  const std::vector<double> here = images_here().value().to_doubles();
  test::OnnxValue there{{batch, 3, side, side}, std::vector<double>(here.size())};
  for (Index n = 0; n < batch; ++n)
    for (Index pixel = 0; pixel < side * side; ++pixel)
      for (Index c = 0; c < 3; ++c)
        there.data[(n * 3 + c) * side * side + pixel] = here[(n * side * side + pixel) * 3 + c];
  return there;
}

std::vector<double> logits_of(const Model& model, const std::vector<double>& strengths) {
  const Context context{{model.segment(batch, Mode::eval, strengths)}};
  return model.logits(images_here(), context).value().to_doubles();
}

void expect_same_logits(const LoadedModel& from) {
  for (const double p : {0.3, 1.0}) {
    const test::OnnxValue y =
        test::evaluate(onnx_graph(from, p, side), {{"images", images_there()}});
    EXPECT_EQ(y.shape, (std::vector<Index>{batch, from.info.spec.classes}));
    EXPECT_LE(relative_error(y.data, logits_of(*from.model, {p})), 1e-5) << "p = " << p;
  }
  const onnx::Graph all = onnx_graph(from, {}, side);
  for (const std::vector<double>& p : {std::vector{0.3}, std::vector{1.0, 0.6}}) {
    const test::OnnxValue y = test::evaluate(
        all, {{"images", images_there()}, {"p", {{static_cast<Index>(p.size())}, p}}});
    EXPECT_LE(relative_error(y.data, logits_of(*from.model, p)), 1e-5);
  }
}

class OnnxOf : public testing::TestWithParam<std::string> {};

TEST_P(OnnxOf, EveryNetworkComputesTheSameLogits) {
  ModelSpec spec{.name = GetParam(), .masks = 2, .mean = {0.5, 0.4, 0.3}, .std = {0.2, 0.3, 0.25}};
  if (has_width(spec.name)) spec.width = 4;
  expect_same_logits(random_model(spec));
}

INSTANTIATE_TEST_SUITE_P(Networks, OnnxOf, testing::ValuesIn(networks_under_test()),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(OnnxExport, BlendsAsEveryKindOfModelDoes) {
  for (const Code code : {Code::hat, Code::nearest})
    for (const Index pairs : {1, 2, 3})
      expect_same_logits(
          random_model({.name = "resnet18", .width = 4, .masks = 3, .pairs = pairs, .code = code}));
}

/// Reads and writes ranges of a map that begin and end anywhere; a classifier of two layers.
class OddRanges {
 public:
  OddRanges(const Scope& s, Index classes)
      : first_(s / "first", 3, 6, {3, 1, 1}),
        second_(s / "second", 4, 2, {1}),
        third_(s / "third", 8, 8, {1}),
        norm_(s / "norm", 8),
        hidden_(s / "hidden", 8, 5),
        head_(s / "logits", 5, classes) {}

  Variable operator()(const Variable& x, const Context& c) const {
    const Variable map(Tensor(x.machine(), x.shape().with_channels(8), x.value().dtype()));
    first_(x, map.channels(0, 6));
    second_(map.channels(1, 4), map.channels(6, 2));
    const Variable h = add_scaled(third_(map), norm_(map, c), -0.5);
    return head_(relu(hidden_(global_average(h))));
  }

 private:
  Conv2d first_, second_, third_;
  MaskedNorm norm_;
  Linear hidden_, head_;
};

/// Drops half of the images.
class HalfTheImages {
 public:
  HalfTheImages(const Scope& s, Index classes) : head_(s / "head", 3, classes) {}
  Variable operator()(const Variable& x, const Context&) const {
    return head_(global_average(x.images(0, x.shape().n / 2)));
  }

 private:
  Linear head_;
};

/// A sum of everything, which no trace hears.
class Unheard {
 public:
  Unheard(const Scope& s, Index classes) : head_(s / "head", 1, classes) {}
  Variable operator()(const Variable& x, const Context&) const { return head_(mean(x)); }

 private:
  Linear head_;
};

/// Every activation, and ops that networks from elsewhere have.
class ManyOps {
 public:
  ManyOps(const Scope& s, Index classes)
      : stem_(s / "stem", 3, 2, {3, 1, 1}),
        norm_(s / "norm", 2),
        head_(s / "head", 2 * static_cast<Index>(all_activations().size()), classes) {}

  Variable operator()(const Variable& x, const Context& c) const {
    const Variable h = stem_(x), positive = add(norm_(h, c), activate(h, {Kind::softplus}));
    std::vector<Variable> maps;
    for (const TriedActivation& tried : all_activations())
      maps.push_back(activate(tried.low > 0 ? positive : h, tried.f));
    const Variable joined = concatenate(maps);
    const Shape& s = joined.shape();
    const Variable placed = place(joined, s.h, s.w + 1, 1, -1, 0.25);  // pads, and crops
    const Shape each{s.n, 1, 1, s.c}, rows{s.n, s.h, 1, s.c};
    const double pixels = static_cast<double>(placed.shape().pixels());
    const Variable gate = activate(sum_to(placed, each, 1 / pixels), {Kind::sigmoid});
    const Variable gated = multiply(placed, expand(gate, placed.shape()));
    return head_(sum_to(softmax(sum_to(gated, rows, 0.5)), each));
  }

 private:
  using Kind = Activation::Kind;

  Conv2d stem_;
  MaskedNorm norm_;
  Linear head_;
};

/// Moves channels to where pixels were.
class Transposed {
 public:
  Transposed(const Scope& s, Index classes) : head_(s / "head", 64, classes) {}
  Variable operator()(const Variable& x, const Context&) const {
    return head_(global_average(transpose(x, {x.shape().n, 1, 3, 64})));
  }

 private:
  Linear head_;
};

/// Runs a check of networks that it defines in a process of its own: no other test shall know them.
template <class Check>
void expect_apart(const Check& check) {
  const auto run = [&] {
    check();
    std::_Exit(testing::Test::HasFailure() ? 1 : 0);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(0), "");
}

/// A model of a network of one's own.
template <class Net>
LoadedModel model_of_own(const std::string& name) {
  define_network<Net>(name);
  return random_model({.name = name, .classes = 4, .masks = 2});
}

TEST(OnnxExportDeathTest, OfANetworkOfOnesOwnReadsAnyRangeOfAMap) {
  expect_apart([] { expect_same_logits(model_of_own<OddRanges>("odd-ranges")); });
}

TEST(OnnxExportDeathTest, WritesActivationsAndWhatMovesAndJoinsMaps) {
  expect_apart([] { expect_same_logits(model_of_own<ManyOps>("many-ops")); });
}

TEST(OnnxExportDeathTest, RefusesWhatCannotBeWrittenDown) {
  const auto expect_refused = [](const LoadedModel& model, const std::string& words) {
    const std::string line = test::message_of<InputError>([&] { onnx_graph(model, 0, side); });
    EXPECT_TRUE(test::mentions(line, words)) << line;
  };
  expect_apart([&] {
    expect_refused(model_of_own<Unheard>("unheard"), "no op has made");
    expect_refused(model_of_own<HalfTheImages>("half"), "images of a batch differently");
    expect_refused(model_of_own<Transposed>("turned"), "the op transpose");
  });
  const LoadedModel one = random_model({.name = "resnet18", .width = 4});
  EXPECT_THROW(onnx_graph(one, 0.5, side), InputError);
}

TEST(OnnxExport, KeepsTheNamesOfLayersAndWhatTheFileSays) {
  const LoadedModel from = random_model({.name = "resnet18", .width = 4, .masks = 2});
  const onnx::Graph plain = onnx_graph(from, 0.25, side), all = onnx_graph(from, {}, side);
  const auto find = [&](const onnx::Graph& graph, const std::string& name) {
    return *std::ranges::find(graph.nodes, name, &onnx::Node::name);
  };
  const onnx::Node norm = find(plain, "layer2.0.bn2");
  EXPECT_EQ(norm.inputs,
            (std::vector<std::string>{"layer2.0.conv2", "layer2.0.bn2.weight", "layer2.0.bn2.bias",
                                      "layer2.0.bn2.running_mean", "layer2.0.bn2.running_var"}));
  EXPECT_EQ(find(plain, "layer2.0.bn2.add").inputs,
            (std::vector<std::string>{"layer2.0.bn2", "layer2.0.shortcut.1"}));
  for (const NamedTensor& t : checkpoint_file(*export_mask(from, 0.25).model, from.info).tensors) {
    if (t.name.ends_with("num_batches_tracked")) continue;
    EXPECT_EQ(plain.tensors.at(t.name), t.tensor) << t.name;
  }
  EXPECT_EQ(all.tensors.at("bn1.weight").shape, (std::vector<Index>{2, 4}));

  ASSERT_EQ(plain.inputs.size(), 1);
  EXPECT_EQ(plain.inputs[0].shape, (std::vector<Index>{onnx::open_size, 3, side, side}));
  ASSERT_EQ(all.inputs.size(), 2);
  EXPECT_EQ(all.inputs[1].name, "p");
  EXPECT_EQ(plain.outputs[0].name, "logits");
  EXPECT_EQ(plain.metadata.at("mask"), "0.25");
  EXPECT_EQ(plain.metadata.at("masks"), "1");
  EXPECT_EQ(all.metadata.at("masks"), "2");
  EXPECT_EQ(all.metadata.at("eps_max"), "8/255");
  EXPECT_TRUE(all.metadata.contains("class_names"));
  EXPECT_FALSE(all.metadata.contains("mask"));
}

TEST(OnnxExport, NormalizesPixelsByTheNumbersOfTheModel) {
  const LoadedModel from =
      random_model({.name = "resnet18", .width = 4, .mean = {0.4914, 0, 0}, .std = {0.247, 1, 3}});
  const onnx::Graph graph = onnx_graph(from, 0, side);
  EXPECT_EQ(graph.nodes[0].op, "Mul");
  EXPECT_EQ(graph.nodes[1].op, "Add");
  EXPECT_EQ(graph.tensors.at("normalize.scale").to<float>(),
            (std::vector<float>{static_cast<float>(1 / 0.247), 1, static_cast<float>(1 / 3.0)}));
  EXPECT_EQ(graph.tensors.at("normalize.shift").to<float>(),
            (std::vector<float>{static_cast<float>(-0.4914 / 0.247), 0, 0}));
}

}  // namespace
}  // namespace robmask
