// robmask predict: logits of a model on a data set, in file order.

#include <algorithm>
#include <numeric>

#include "data/files/npy.h"
#include "engine/backend.h"
#include "tools/robmask/commands.h"
#include "tools/robmask/features.h"
#include "tools/robmask/outputs.h"
#include "tools/robmask/session.h"
#include "training/manners.h"

namespace robmask {

int run_predict(const PredictSettings& s) {
  require_output_file("logits", s.logits, {".npy"});
  require_output_file("features", s.features, {".npy"});
  Backend& machine = machine_of(s.common);
  const CheckpointInfo info = read_info(s.from, overrides_of(s.model, {}));
  ChosenSplit chosen = load_split(s.common, s.split, info, s.model.match_classes);
  const LoadedModel from =
      load_model(s.from, machine, maps_of(s.common), overrides_of(s.model, chosen.normalization));
  check_mask(*from.model, s.mask);
  tell_of(chosen.warnings);
  const Images images(machine, std::move(chosen.images));
  const LabelledImages labelled = images.labelled(from.model->dtype());

  Progress progress("predicting", images.size(), "image");
  Index correct = 0;
  dispatch(dtype_of(s.common), [&]<class T>() {
    std::vector<T> logits;
    for (Index first = 0; first < images.size(); first += s.batch) {
      std::vector<std::int32_t> ids(std::min(s.batch, images.size() - first));
      std::iota(ids.begin(), ids.end(), static_cast<std::int32_t>(first));
      const Tensor part = from.model->at(s.mask)(Variable(labelled.pixels(ids))).value();
      const std::vector<Index> predicted = predictions(part, ids, labelled);
      for (std::size_t i = 0; i < ids.size(); ++i)
        correct += predicted[i] == images.split().labels[ids[i]];
      const std::vector<T> values = part.template to_host<T>();
      logits.insert(logits.end(), values.begin(), values.end());
      progress.update(first + static_cast<Index>(ids.size()));
      stop_if_interrupted();
    }
    const Index classes = from.model->spec().classes;
    if (!s.logits.empty()) write_npy(s.logits, host_tensor({images.size(), classes}, logits));
  });
  progress.finish();
  if (!s.features.empty())
    write_features(s.features, *from.model, s.mask, s.layer, images, s.batch);
  const double accuracy = static_cast<double>(correct) / static_cast<double>(images.size());
  print_result(
      s.common,
      {{"model", from.info.spec.name},
       {"mask", s.mask},
       {"split", to_string(s.split)},
       {"n", images.size()},
       {"accuracy", accuracy},
       {"logits", s.logits}},
      fmt::format("{} images, {:.2f} % correct at mask {}{}\n", images.size(), 100 * accuracy,
                  s.mask, s.logits.empty() ? "" : fmt::format(", logits in {}", s.logits)));
  return 0;
}

}  // namespace robmask
