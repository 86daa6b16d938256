// robmask export: plain weights, loadable by kuangliu/pytorch-cifar, at one mask.

#include "engine/backend.h"
#include "tools/robmask/commands.h"
#include "tools/robmask/outputs.h"
#include "tools/robmask/session.h"

namespace robmask {

int run_export(const ExportSettings& s) {
  require_output_file("out", s.common.out, {".safetensors"});
  const LoadedModel from = load_model(s.from, machine_of(s.common), maps_of(s.common),
                                      overrides_of(s.model, std::nullopt));
  check_mask(*from.model, s.mask);
  const LoadedModel plain = export_mask(from, s.mask);
  save_model(s.common.out, *plain.model, plain.info);
  print_result(s.common, {{"model", plain.info.spec.name}, {"mask", s.mask}, {"out", s.common.out}},
               fmt::format("{}: {} at mask {}\n", s.common.out, plain.info.spec.name, s.mask));
  return 0;
}

}  // namespace robmask
