// Weights files as others write them, and as nobody should.

#include "tests/support/networks.h"
#include "tests/training/weights_file.h"

namespace robmask {
namespace {

using test::mentions;
using test::message_of;
using test::model_of;
using test::spec_of;
using test::WeightsFile;

TEST_F(WeightsFile, WithoutMetadataIsWhatTheFlagsSay) {
  const auto written = model_of(spec_of(2), 1);
  put(*written, [](SafeTensors& file) { file.metadata.clear(); });
  EXPECT_TRUE(mentions(refusal(), "give `model` resnet18, whose tensors it has (and `width`"));
  CheckpointOverrides flags;
  flags.model = "resnet18";
  flags.bn_stats = "split";
  flags.masks = 2;
  EXPECT_TRUE(mentions(refusal(flags), "expected width 4"));
  flags.width = 4;
  EXPECT_EQ(to_file(*load(flags).model).tensors, to_file(*written).tensors);
  flags.bn_stats = "shared";
  EXPECT_TRUE(mentions(refusal(flags), "which its tensors have, got 1, as `bn_stats`"));
  flags.masks = 3;
  EXPECT_TRUE(mentions(refusal(flags), "masks 2, which its tensors have, got 3, as `masks`"));
}

TEST_F(WeightsFile, OfNoClassesIsRefusedByItsName) {
  const auto written = model_of(spec_of(1), 1);
  for (const char* classes : {"0", "1000001"}) {
    put(*written, [&](SafeTensors& file) { file.metadata["classes"] = classes; });
    const std::string message = refusal();
    EXPECT_TRUE(mentions(message, "expected a width and classes from 1 to 1000000")) << message;
  }
}

TEST_F(WeightsFile, OfAnotherModelIsRefusedByTheNamesOfBoth) {
  for (const std::string& is : networks_under_test()) {
    ModelSpec spec = spec_of(1, is);
    if (!has_width(is)) spec.width = 64;
    put(Model(backend("cpu"), DType::f32, spec, 0),
        [](SafeTensors& file) { file.metadata.clear(); });
    for (const std::string& said : networks_under_test()) {
      if (said == is) continue;
      CheckpointOverrides flags;
      flags.model = said;
      EXPECT_TRUE(mentions(refusal(flags),
                           fmt::format("model {}, which its tensors have, got {},", is, said)));
    }
  }
}

TEST_F(WeightsFile, IsComparedByAllItsShapesBeforeAModelIsMade) {
  const Index width = 100'000;  // a model of it would take terabytes
  SafeTensors file;
  file.metadata = {{"model", "resnet18"}, {"width", std::to_string(width)}};
  file.add("conv1.weight", host_tensor<float>({width, 0}, {}));
  file.add("linear.bias", host_tensor<float>({10, 0}, {}));
  write_safetensors(path_, file);
  EXPECT_TRUE(mentions(refusal(), "'conv1.weight': expected shape [100000, 3, 3, 3] for resnet18"));
}

TEST_F(WeightsFile, MaySpreadFewerMasksButNotMoreThanTheModelHas) {
  const auto masked = model_of(spec_of(3), 2);
  const std::string line = message_of<InputError>(
      [&] { from_file(*model_of(spec_of(2), 1), to_file(*masked), Reading::start); });
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
  from_file(*wider, file, Reading::start);
  for (std::size_t i = 0; i < wider->entries().size(); ++i) {
    const Entry& e = wider->entries()[i];
    if (e.role == Role::tracked) continue;
    const Tensor& first = written->entries()[i].variable.value();
    for (Index row = 0; row < (is_norm(e.role) ? e.variable.shape().n : 1); ++row)
      EXPECT_EQ(e.variable.value().images(row, first.shape().n).to_doubles(), first.to_doubles())
          << e.name << " " << row;
  }
}

TEST_F(WeightsFile, StartsATrainingOfOtherClassesWithAFreshHeadAndAllElse) {
  const auto written = model_of({.width = 4, .classes = 7}, 1);
  const SafeTensors from = to_file(*written);
  const auto started = model_of(spec_of(), 2);
  const SafeTensors fresh = to_file(*started);
  from_file(*started, from, Reading::start);
  for (const NamedTensor& t : to_file(*started).tensors)
    EXPECT_EQ(t.tensor, (t.name.starts_with("linear.") ? fresh : from).at(t.name)) << t.name;

  SafeTensors wide = from;
  for (NamedTensor& t : wide.tensors)
    if (t.name == "linear.weight") t.tensor = host_tensor({7, 33}, std::vector<float>(7 * 33));
  EXPECT_TRUE(mentions(message_of<InputError>([&] { from_file(*started, wide, Reading::start); }),
                       "[7, 32]"));
}

TEST_F(WeightsFile, HasVariancesFromZeroOn) {
  const auto written = model_of(spec_of(), 1);
  const auto with_variance = [&](float v) {
    put(*written, [&](SafeTensors& file) {
      for (NamedTensor& t : file.tensors)
        if (t.name == "bn1.running_var")
          t.tensor = host_tensor({4}, std::vector<float>{1, v, 1, 1});
    });
  };
  with_variance(0);
  load();
  with_variance(-1);
  EXPECT_TRUE(mentions(refusal(), "'bn1.running_var': expected variances from 0 on, got -1"));
}

TEST_F(WeightsFile, MayCountBatchesInAnyTypeAndShapeOfOneWholeNumber) {
  const auto written = model_of(spec_of(), 1);
  const auto with_counter = [&](const HostTensor& counter) {
    put(*written, [&](SafeTensors& file) {
      for (NamedTensor& t : file.tensors)
        if (t.name == "bn1.num_batches_tracked") t.tensor = counter;
    });
  };
  for (const HostTensor& counter :
       {host_tensor({}, std::vector<float>{3}), host_tensor({1}, std::vector<double>{3}),
        host_tensor({1, 1}, std::vector<Index>{3})}) {
    with_counter(counter);
    EXPECT_EQ(to_file(*load().model).values<Index>("bn1.num_batches_tracked").front(), 3);
  }
  for (const float count : {0.5f, -1.0f, std::nanf("")}) {
    with_counter(host_tensor({}, std::vector<float>{count}));
    EXPECT_TRUE(mentions(refusal(), "expected a whole number"));
  }
  with_counter(host_tensor({2}, std::vector<Index>{3, 3}));
  EXPECT_TRUE(mentions(refusal(), "expected shape []"));
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
