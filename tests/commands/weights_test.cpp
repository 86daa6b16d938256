// What predict, export and interpolate compute and write.

#include <map>
#include <numeric>

#include "data/files/json.h"
#include "data/files/npy.h"
#include "data/onnx/graph.h"
#include "tests/commands/binary.h"
#include "training/accuracy.h"
#include "training/weights.h"

namespace robmask {
namespace {

class Weights : public Binary {
 protected:
  /// A model of width 4 whose norms differ from mask to mask and from `offset` to `offset`.
  Path put(const std::string& name, Index masks, double offset, std::uint64_t seed = 0) const {
    CheckpointInfo info;
    info.spec.width = 4;
    info.spec.masks = info.spec.pairs = masks;
    info.norm = offset > 0 ? "l2" : "linf";
    info.eps_max = offset > 0 ? "0.5" : "8/255";
    info.method = masks > 1 ? "robmask" : "standard";
    const Model model(backend("cpu"), DType::f32, info.spec, seed);
    for (const Entry& e : model.entries())
      for (Index row = 0; (is_affine(e.role) || is_statistic(e.role)) && row < masks; ++row)
        e.variable.machine().fill(e.variable.value().images(row, 1),
                                  1 + offset + static_cast<double>(row) / 2);
    save_model(folder_ / name, model, info);
    return folder_ / name;
  }
  Json done(const std::string& arguments) const {
    const Result result = run(arguments + " --threads 1 --json --quiet");
    EXPECT_EQ(result.code, 0) << result.errors;
    return parse_json(result.output, arguments);
  }
  std::string interpolate(const Path& first, const Path& second) const {
    return fmt::format(
        "interpolate --first '{}' --second '{}' --out '{}' --data synthetic "
        "--limit-test 40 --attack clean --checks off ",
        first.string(), second.string(), folder_.path().string());
  }
};

TEST_F(Weights, PredictWritesTheLogitsOfEveryImageInFileOrder) {
  const Path file = put("model", 2, 0.25), logits = folder_ / "logits.npy";
  const Json json =
      done(fmt::format("predict --from '{}' --mask 0.5 --limit-test 20 --batch 7 --logits '{}'",
                       file.string(), logits.string()));
  const HostTensor array = read_npy(logits);
  EXPECT_EQ(array.shape, (std::vector<Index>{20, 10}));
  const LoadedModel from = load_model(file, backend("cpu"), DType::f32, {});
  DataOptions options;
  options.train = false;
  options.limit_test = 20;
  const Images images(backend("cpu"), load_dataset("synthetic", options).test);
  std::vector<std::int32_t> all(20);
  std::iota(all.begin(), all.end(), 0);
  const Variable x(images.batch(DType::f32, all).images);
  EXPECT_EQ(array.to<float>(), from.model->at(0.5)(x).value().to_host<float>());
  EXPECT_DOUBLE_EQ(json["accuracy"].get<double>(),
                   accuracy(*from.model, 0.5, images, 20, [](Index) {}));
}

TEST_F(Weights, ExportBlendsMasksAndStatistics) {
  const Path file = put("model", 2, 0), out = folder_ / "plain";
  done(fmt::format("export --from '{}' --mask 0.25 --out '{}'", file.string(), out.string()));
  const SafeTensors plain = read_safetensors(out), masked = read_safetensors(file);
  EXPECT_EQ(plain.metadata.at("masks"), "1");
  for (const NamedTensor& t : plain.tensors) {
    if (t.name.ends_with("tracked")) continue;
    const std::string layer = t.name.substr(0, t.name.rfind('.'));
    if (std::ranges::count(plain.tensors, layer + ".running_var", &NamedTensor::name) == 0)
      EXPECT_EQ(t.tensor, masked.at(t.name)) << t.name;
    else
      for (const float v : t.tensor.to<float>()) EXPECT_EQ(v, 1.125f) << t.name;  // ¾·1 + ¼·1½
  }
}

TEST_F(Weights, ExportWritesGraphsOfOneMaskAndOfAll) {
  if (!onnx::is_built_in()) GTEST_SKIP() << "built without ONNX";
  const Path file = put("model", 2, 0), out = folder_ / "out.ONNX";
  const auto exported = [&](const std::string& words) {
    const Json json =
        done(fmt::format("export --from '{}' --out '{}' {}", file.string(), out.string(), words));
    return std::pair(json["mask"], onnx::read(out));
  };
  const auto [p, one] = exported("--mask 0.25");
  EXPECT_EQ(p, 0.25);
  EXPECT_EQ(one.metadata.at("mask"), "0.25");
  EXPECT_EQ(one.inputs[0].shape, (std::vector<Index>{onnx::open_size, 3, 32, 32}));
  for (const float v : one.tensors.at("bn1.weight").to<float>()) EXPECT_EQ(v, 1.125F);
  const auto [all, both] = exported("--mask all --image-size 64");
  EXPECT_EQ(all, "all");
  EXPECT_EQ(both.inputs.size(), 2);
  EXPECT_EQ(both.inputs[0].shape, (std::vector<Index>{onnx::open_size, 3, 64, 64}));
}

TEST_F(Weights, ExportSaysWhatToDoForWhatItDoesNotWrite) {
  const std::string model = quoted(put("model", 2, 0)), plain = quoted(model_file("plain"));
  const std::string to = quoted(folder_ / "out");
  expect_refused("export --from " + model + " --out x.pth",
                 "pt_to_safetensors.py x.safetensors x.pth");
  expect_refused("export --from " + model + " --masks all --out x.safetensors", "copy it");
  expect_refused("export --from " + model + " --mask most --out " + to, "or all");
  expect_refused("export --from " + model + " --mask 1.5 --out " + to, "from 0 to 1");
  if (onnx::is_built_in())
    expect_refused("export --from " + plain + " --mask all --out x.onnx", "one mask only");
}

TEST_F(Weights, InterpolateSweepsFromSecondToFirst) {
  const Path first = put("first", 1, 0), second = put("second", 1, 1);
  const Json sweep = done(interpolate(first, second) + "--p 0,0.5,1");
  ASSERT_EQ(sweep["results"].size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(sweep["results"][i]["p"], 0.5 * i);
  const auto accuracy = [&](const Path& from) {
    return done(
        fmt::format("evaluate --from '{}' --out '{}' --limit-test 40 --attack clean --checks "
                    "off",
                    from.string(), folder_.path().string()))["results"][0]["clean_accuracy"];
  };
  EXPECT_EQ(sweep["results"][0]["clean_accuracy"], accuracy(second));
  EXPECT_EQ(sweep["results"][1]["clean_accuracy"], accuracy(put("between", 1, 0.5)));
  EXPECT_EQ(sweep["results"][2]["clean_accuracy"], accuracy(first));
}

TEST_F(Weights, InterpolateSavesBothAsMasksOfOneModel) {
  const Path first = put("first", 1, 0), second = put("second", 1, 1), both = folder_ / "both";
  done(interpolate(first, second) + fmt::format("--p 1 --save '{}'", both.string()));
  const SafeTensors saved = read_safetensors(both);
  const std::map<std::string, std::string> expected{
      {"masks", "2"}, {"bn_stats", "split"}, {"eps_max", "0.5"}, {"norm", "l2"}};
  for (const auto& [key, value] : expected) EXPECT_EQ(saved.metadata.at(key), value) << key;
  for (const auto& [mask, file] : {std::pair{0, first}, {1, second}}) {
    const Path out = folder_ / "exported";
    done(fmt::format("export --from '{}' --mask {} --out '{}'", both.string(), mask, out.string()));
    EXPECT_EQ(read_safetensors(out).tensors, read_safetensors(file).tensors) << mask;
  }
}

TEST_F(Weights, InterpolateOfMaskedModelsTakesAMask) {
  const Path first = put("first", 2, 0), second = put("second", 2, 1);
  const Json results = done(interpolate(first, second) + "--p 0,1 --mask 0,1")["results"];
  ASSERT_EQ(results.size(), 4u);
  EXPECT_EQ(results[1]["mask"], 1.0);
  EXPECT_EQ(results[1]["p"], 0.0);
}

TEST_F(Weights, InterpolateRefusesModelsThatDifferInMoreThanNorms) {
  const Path first = put("first", 1, 0);
  expect_refused(interpolate(first, put("fresh", 1, 0, 1)), "differs");
  expect_refused(interpolate(first, put("masked", 2, 0)),
                 fmt::format("expected masks 1 like --first {}, got 2", first.string()));
  expect_refused(interpolate(first, model_file("smaller", 9)), "expected classes 10 like");
}

}  // namespace
}  // namespace robmask
