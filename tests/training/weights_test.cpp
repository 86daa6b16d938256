// Weights files as others write them, and as nobody should.

#include "training/weights.h"

#include "engine/backend.h"
#include "tests/files/scratch.h"
#include "training/checkpoint.h"

namespace robmask {
namespace {

using test::mentions;
using test::message_of;

ModelSpec spec_of(Index masks = 1, const std::string& name = "resnet18") {
  return {.name = name, .width = 4, .masks = masks, .pairs = masks > 1 ? 2 : 1};
}

/// A model whose weights follow from the seed and whose norms are no two alike.
std::unique_ptr<Model> model_of(const ModelSpec& spec, std::uint64_t seed) {
  auto model = std::make_unique<Model>(backend("cpu"), DType::f32, spec, seed);
  double value = 1 + 0.01 * static_cast<double>(seed);
  for (const Entry& e : model->entries())
    for (Index row = 0; is_norm(e.role) && row < e.variable.shape().n; ++row)
      e.variable.machine().fill(e.variable.value().images(row, 1),
                                std::floor(100 * (value += 0.01)));
  return model;
}

class WeightsFile : public testing::Test {
 protected:
  /// A file of that model; `change` edits it.
  Path put(const Model& model, const std::function<void(SafeTensors&)>& change) const {
    CheckpointInfo info;
    info.spec = model.spec();
    save_model(path_, model, info);
    SafeTensors file = read_safetensors(path_);
    change(file);
    write_safetensors(path_, file);
    return path_;
  }
  LoadedModel load(const CheckpointOverrides& flags = {}) const {
    return load_model(path_, backend("cpu"), DType::f32, flags);
  }
  std::string refusal(const CheckpointOverrides& flags = {}) const {
    const std::string line = message_of<InputError>([&] { load(flags); });
    EXPECT_TRUE(line.starts_with(path_.string() + ": ")) << line;
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    return line;
  }

  const test::ScratchFolder folder_;
  const Path path_ = folder_ / "file";
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  if (const auto at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

TEST_F(WeightsFile, MayHaveThePrefixesAndNamesOfOtherPrograms) {
  const auto written = model_of(spec_of(), 1);
  const SafeTensors expected = to_file(*written);
  for (const std::string prefix : {"", "module.", "model.", "module.model."}) {
    put(*written, [&](SafeTensors& file) {
      std::erase_if(file.tensors, [](const NamedTensor& t) { return t.name.ends_with("tracked"); });
      for (NamedTensor& t : file.tensors)
        t.name =
            prefix + replaced(replaced(t.name, ".shortcut.", ".downsample."), "linear.", "fc.");
    });
    const SafeTensors read = to_file(*load().model);
    for (std::size_t i = 0; i < expected.tensors.size(); ++i)
      EXPECT_TRUE(read.tensors[i] == expected.tensors[i] ||
                  read.tensors[i].name.ends_with("tracked"))
          << prefix << read.tensors[i].name;
  }
}

TEST_F(WeightsFile, WithoutMetadataIsWhatTheFlagsSay) {
  const auto written = model_of(spec_of(2), 1);
  put(*written, [](SafeTensors& file) { file.metadata.clear(); });
  EXPECT_TRUE(mentions(refusal(), "give --model"));
  CheckpointOverrides flags;
  flags.model = "resnet18";
  flags.bn_stats = "split";
  flags.masks = 2;
  EXPECT_TRUE(mentions(refusal(flags), "expected width 4"));
  flags.width = 4;
  EXPECT_EQ(to_file(*load(flags).model).tensors, to_file(*written).tensors);
  flags.bn_stats = "shared";
  EXPECT_TRUE(mentions(refusal(flags), "which its tensors have, got 1, as --bn-stats"));
  flags.masks = 3;
  EXPECT_TRUE(mentions(refusal(flags), "masks 2, which its tensors have, got 3, as --masks"));
}

TEST_F(WeightsFile, OfAnotherModelIsRefusedByTheNamesOfBoth) {
  for (const std::string& is : model_names()) {
    ModelSpec spec = spec_of(1, is);
    if (!has_width(is)) spec.width = 64;
    put(Model(backend("cpu"), DType::f32, spec, 0),
        [](SafeTensors& file) { file.metadata.clear(); });
    for (const std::string& said : model_names()) {
      if (said == is) continue;
      CheckpointOverrides flags;
      flags.model = said;
      EXPECT_TRUE(mentions(refusal(flags),
                           fmt::format("model {}, which its tensors have, got {},", is, said)));
    }
  }
}

TEST_F(WeightsFile, MaySpreadFewerMasksButNotMoreThanTheModelHas) {
  const auto masked = model_of(spec_of(3), 2);
  const std::string line =
      message_of<InputError>([&] { from_file(*model_of(spec_of(2), 1), to_file(*masked), true); });
  EXPECT_TRUE(mentions(line, "masks 3, which its tensors have, got 2")) << line;
}

TEST_F(WeightsFile, KeepsWhatNobodySaysUnsaid) {
  put(*model_of(spec_of(), 1), [](SafeTensors& file) {
    file.metadata = {{"model", "resnet18"}, {"width", "4"}, {"norm", "l2"}};
  });
  LoadedModel loaded = load();
  EXPECT_EQ(loaded.info.unsaid,
            (std::set<std::string>{"method", "eps_max", "seed", "mean", "std"}));
  save_model(path_, *loaded.model, loaded.info);
  EXPECT_EQ(load().info.unsaid, loaded.info.unsaid);
  CheckpointOverrides flags;
  flags.normalization = normalizations::kuangliu;
  EXPECT_EQ(load(flags).info.unsaid, (std::set<std::string>{"method", "eps_max", "seed"}));
}

TEST_F(WeightsFile, FillsMasksThatItLacksWithItsFirstIfAsked) {
  const auto written = model_of(spec_of(), 1);
  const SafeTensors file = to_file(*written);
  const auto wider = model_of(spec_of(3), 2);
  EXPECT_THROW(from_file(*wider, file), InputError);
  from_file(*wider, file, true);
  for (std::size_t i = 0; i < wider->entries().size(); ++i) {
    const Entry& e = wider->entries()[i];
    if (e.role == Role::tracked) continue;
    const Tensor& first = written->entries()[i].variable.value();
    for (Index row = 0; row < (is_norm(e.role) ? e.variable.shape().n : 1); ++row)
      EXPECT_EQ(e.variable.value().images(row, first.shape().n).to_doubles(), first.to_doubles())
          << e.name << " " << row;
  }
}

TEST_F(WeightsFile, IsRefusedWhereItsMetadataLies) {
  const auto written = model_of(spec_of(2), 1);
  const std::pair<const char*, const char*> lies[] = {
      {"model", "resnet1001"}, {"model", "resnet18\nand more"},
      {"width", "8"},          {"width", "4611686018427387904"},
      {"width", "0"},          {"classes", "1000000000000"},
      {"classes", "9"},        {"classes", "ten"},
      {"masks", "0"},          {"masks", "3"},
      {"masks", "100000000"},  {"masks", "-1"},
      {"std", "0,0,0"},        {"std", "nan,1,1"},
      {"std", "1,1,-1"},       {"std", "1,1"},
      {"mean", "0,inf,0"},     {"mean", "0,0,0\n0"},
      {"code", "hut"},         {"norm", "l3"},
      {"bn_stats", "spilt"},   {"method", "robmask\nadvprop"},
      {"seed", "-3"},          {"aux_eps", "0.1,0.2"},
      {"eps_max", "8/255\n"},
  };
  for (const auto& [key, value] : lies) {
    put(*written, [&](SafeTensors& file) { file.metadata[key] = value; });
    refusal();
  }
  put(*written, [](SafeTensors& file) { file.tensors.front().name = "two\nlines"; });
  refusal();
  put(*written, [](SafeTensors& file) { file.add("two\nlines", file.tensors.front().tensor); });
  refusal();
}

}  // namespace
}  // namespace robmask
