// robmask predict: what pictures show; logits of a model on a data set, in file order.

#include <algorithm>
#include <numeric>

#include "data/files/npy.h"
#include "engine/backend.h"
#include "tools/robmask/features.h"
#include "tools/robmask/load_data.h"
#include "tools/robmask/options/command.h"
#include "tools/robmask/options/network.h"
#include "tools/robmask/outputs.h"
#include "tools/robmask/pictures.h"
#include "training/terminal.h"

namespace robmask {

namespace {

class Predict final : public Command {
 public:
  CommonSettings& common() override { return common_; }

  void add_options(Options& o) override {
    o.add("from", from_, "weights or run directory").required = true;
    add_pictures(o, pictures_);
    o.group("Of a data set");
    o.add("logits", logits_, "write the logits, FILE.npy: {N, classes} in file order");
    o.add("features", features_, "write feature maps after a ReLU, FILE.npy: {N, C, H, W}");
    o.add("layer", layer_, "the batch norm whose ReLU --features sees");
    o.add("split", split_, "images to predict");
    add_batch(o, pictures_.batch);
    add_file_network(o, network_);
    add_common(o, common_);
  }

  void check() override {
    if (!pictures_.names.empty()) return;
    require(!logits_.empty(),
            "--logits: expected the file to write, or pictures to name, got neither");
    require(pictures_.masks.size() == 1, "--mask: expected one strength with --logits, got {}",
            pictures_.masks.size());
  }

  std::set<std::string> unused() override {
    if (pictures_.names.empty()) return {"top", "format"};
    return {"logits",      "features",   "layer",  "split",        "data",
            "limit-train", "limit-test", "sample", "match-classes"};
  }

  void resolve() override {
    if (pictures_.names.empty()) follow_data(common_, from_);
  }

  int run() override { return pictures_.names.empty() ? predict_data() : predict_pictures(); }

 private:
  int predict_pictures() const {
    const LoadedModel from =
        load_model(from_, machine_of(common_), maps_of(common_), overrides_of(network_));
    print_likeliest(from, pictures_, common_);
    return 0;
  }

  int predict_data() const {
    const double mask = pictures_.masks.front();
    const Index batch = pictures_.batch;
    require_output_file("logits", logits_, {".npy"});
    require_output_file("features", features_, {".npy"});
    Backend& machine = machine_of(common_);
    const SafeTensors file = read_weights(from_);
    const CheckpointInfo info = read_info(file, overrides_of(network_));
    Dataset data = load_data(common_, split_, info, network_.match_classes);
    const LoadedModel from =
        load_model(file, machine, maps_of(common_), overrides_of(network_, data.normalization));
    from.model->check_mask(mask);
    tell_of(data.warnings);
    const Images images(machine, std::move(split_ == Part::train ? data.train : data.test));
    const LabelledImages labelled = images.labelled(from.model->dtype());

    Progress progress("predicting", images.size(), "image");
    Index correct = 0;
    dispatch(dtype_of(common_), [&]<class T>() {
      std::vector<T> logits;
      for (Index first = 0; first < images.size(); first += batch) {
        std::vector<std::int32_t> ids(std::min(batch, images.size() - first));
        std::iota(ids.begin(), ids.end(), static_cast<std::int32_t>(first));
        const Tensor part = from.model->at(mask)(Variable(labelled.pixels(ids))).value();
        const std::vector<Index> predicted = predictions(part, ids, labelled);
        for (std::size_t i = 0; i < ids.size(); ++i)
          correct += predicted[i] == images.split().labels[ids[i]];
        const std::vector<T> values = part.template to_host<T>();
        logits.insert(logits.end(), values.begin(), values.end());
        progress.update(first + static_cast<Index>(ids.size()));
        stop_if_interrupted();
      }
      const Index classes = from.model->spec().classes;
      if (!logits_.empty()) write_npy(logits_, host_tensor({images.size(), classes}, logits));
    });
    progress.finish();
    if (!features_.empty()) write_features(features_, *from.model, mask, layer_, images, batch);
    const double accuracy = static_cast<double>(correct) / static_cast<double>(images.size());
    print_result(
        common_,
        {{"model", from.info.spec.name},
         {"mask", mask},
         {"split", to_string(split_)},
         {"n", images.size()},
         {"accuracy", accuracy},
         {"logits", logits_}},
        fmt::format("{} images, {:.2f} % correct at mask {}{}\n", images.size(), 100 * accuracy,
                    mask, logits_.empty() ? "" : fmt::format(", logits in {}", logits_)));
    return 0;
  }

  CommonSettings common_ = common_of_reader();
  NetworkSettings network_;
  std::string from_, logits_;
  std::string features_, layer_ = "bn1";  // a file, or empty; the norm that it sees
  Part split_ = Part::test;
  PictureSettings pictures_;  // --mask and --batch are of data, too
};

}  // namespace

std::unique_ptr<Command> predict() { return std::make_unique<Predict>(); }

}  // namespace robmask
