#include "tools/robmask/options/groups.h"

namespace robmask {

Options options_of(PredictSettings& s) {
  Options o;
  o.add("from", s.from, "weights or run directory").required = true;
  o.add("logits", s.logits, "write the logits, FILE.npy: {N, classes} in file order").required =
      true;
  o.add("features", s.features, "write feature maps after a ReLU, FILE.npy: {N, C, H, W}");
  o.add("layer", s.layer, "the batch norm whose ReLU --features sees");
  o.add("mask", s.mask, "mask strength p", from_to(0, 1));
  o.add("split", s.split, "images to predict");
  add_batch(o, s.batch);
  add_file_model(o, s.model);
  add_common(o, s.common);
  return o;
}

void check(const PredictSettings& s) {
  check_common(s.common);
  check_model(s.model);
}

}  // namespace robmask
