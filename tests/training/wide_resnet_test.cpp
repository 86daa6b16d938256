// Wide ResNets by their names: which there are, what they hold, and how files of them are read.

#include "models/wide_resnet.h"

#include "tests/training/weights_file.h"

namespace robmask {
namespace {

using test::mentions;
using test::message_of;

Index parameters_of(const std::vector<Entry>& entries) {
  Index count = 0;
  for (const Entry& e : entries)
    if (e.trained()) count += e.shape.count();
  return count;
}

TEST(WideResNets, AreOfAnyDepthAndFactorThatTheirNameSays) {
  for (const std::string name : {"wrn-28-10", "wrn-10-1", "wrn-16-4", "wrn-70-16", "wrn-40-2",
                                 "dm-wrn-28-10", "dm-wrn-10-1", "dm-wrn-70-16-relu"})
    EXPECT_TRUE(is_network(name)) << name;
  for (const std::string name : {"wrn",
                                 "wrn-",
                                 "wrn-28",
                                 "wrn-28-",
                                 "wrn-28-0",
                                 "wrn-4-10",
                                 "wrn-29-10",
                                 "wrn-28-10 ",
                                 "wrn-028-10",
                                 "dm-wrn-28-10-silu",
                                 "dm-wrn-28-10-relu-relu",
                                 "dm-",
                                 "dm-wrn-22",
                                 "wrn--28-10",
                                 "wrn-28-10-relu",
                                 "wrn-28-10x",
                                 "wrn-28.10",
                                 "WRN-28-10",
                                 "wrn-1000000000000006-1",
                                 "wrn-28-1000000000000",
                                 "wrn-99999999999999999999-1"})
    EXPECT_FALSE(is_network(name)) << name;
  EXPECT_TRUE(mentions(message_of<InputError>([] { network_of("wrn-29-10"); }),
                       "of depth D = 6n + 4 and factor K, such as wrn-16-4, got \"wrn-29-10\""));
  EXPECT_THROW(define_network({.name = "wrn-22-3", .has_width = false, .make = {}}), InputError);
}

TEST(WideResNets, HoldWhatRobustBenchPublishes) {
  // Numbers of parameters as the classes in robustbench/model_zoo/architectures have them.
  for (const auto& [name, count] : {std::pair<const char*, Index>{"wrn-10-1", 77'850},
                                    {"wrn-16-4", 2'748'890},
                                    {"wrn-28-10", 36'479'194},
                                    {"wrn-34-10", 46'160'474},
                                    {"wrn-70-16", 266'796'506},
                                    {"dm-wrn-10-1", 77'850},
                                    {"dm-wrn-28-10", 36'479'194}})
    EXPECT_EQ(parameters_of(Model::list({.name = name})), count) << name;
}

class WideResNetFile : public test::WeightsFile {
 protected:
  /// Weights of that network without metadata, and what `change` adds.
  void put(const std::string& name, const std::function<void(SafeTensors&)>& change = {}) const {
    WeightsFile::put(*model_of(test::spec_of(2, name)), [&](SafeTensors& file) {
      file.metadata.clear();
      if (change) change(file);
    });
  }
  static std::unique_ptr<Model> model_of(ModelSpec spec) {
    spec.width = 64;
    return test::model_of(spec, 1);
  }
  static CheckpointOverrides flags(const std::string& model) {
    CheckpointOverrides flags;
    flags.model = model;
    flags.masks = 2;
    flags.bn_stats = "split";
    return flags;
  }
};

TEST_F(WideResNetFile, OfAnotherSizeIsRefusedByItsOwn) {
  for (const std::string is : {"wrn-10-1", "wrn-16-2", "wrn-10-3", "dm-wrn-10-2"}) {
    put(is);
    EXPECT_TRUE(mentions(refusal(), fmt::format("give `model` {}, whose tensors it has", is)));
    EXPECT_EQ(load(flags(is)).info.spec.name, is);
    for (const std::string said : {"wrn-28-10", "wrn-16-1", "resnet18", "densenet121"})
      EXPECT_TRUE(mentions(refusal(flags(said)),
                           fmt::format("model {}, which its tensors have, got {},", is, said)));
  }
}

TEST_F(WideResNetFile, OfDeepMindsNamesIsFoundWithoutItsModelsName) {
  put("dm-wrn-10-1", [](SafeTensors& file) {
    for (NamedTensor& t : file.tensors) t.name = "module." + t.name;
    file.add("mu", host_tensor({3}, std::vector<float>{0.5f, 0.25f, 0.125f}));
    file.add("sigma", host_tensor({3}, std::vector<float>{1, 1, 1}));
  });
  EXPECT_EQ(normalization_of(read_safetensors(path_), {}).mean, (std::array{0.5, 0.25, 0.125}));
}

TEST_F(WideResNetFile, OfTheSameTensorsMayHaveEitherActivation) {
  put("dm-wrn-10-1");
  for (const std::string model : {"dm-wrn-10-1", "dm-wrn-10-1-relu"})
    EXPECT_EQ(load(flags(model)).info.spec.name, model);
}

TEST_F(WideResNetFile, MayHoldABlockOfTradesThatIsNeverRun) {
  put("wrn-10-1", [](SafeTensors& file) {
    for (NamedTensor& t : file.tensors) t.name = "module." + t.name;
    file.add("module.sub_block1.layer.0.bn1.weight",
             host_tensor<float>({16}, std::vector(16, 1.0f)));
  });
  EXPECT_EQ(to_file(*load(flags("wrn-10-1")).model).tensors,
            to_file(*model_of(test::spec_of(2, "wrn-10-1"))).tensors);
}

}  // namespace
}  // namespace robmask
