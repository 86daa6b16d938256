// robmask export: plain weights, loadable by kuangliu/pytorch-cifar, at one mask.

#include "engine/backend.h"
#include "tools/robmask/options/command.h"
#include "tools/robmask/options/network.h"
#include "tools/robmask/outputs.h"

namespace robmask {

namespace {

class Export final : public Command {
 public:
  CommonSettings& common() override { return common_; }

  void add_options(Options& o) override {
    o.add("from", from_, "weights or run directory").required = true;
    o.add("mask", mask_, "mask strength p", from_to(0, 1));
    add_file_network(o, network_);
    add_common(o, common_);
  }

  void check() override {
    require(!common_.out.empty(), "--out: expected the file to write, got nothing");
  }

  int run() override {
    const std::string& out = common_.out;
    require_output_file("out", out, {".safetensors"});
    const LoadedModel from =
        load_model(from_, machine_of(common_), maps_of(common_), overrides_of(network_));
    from.model->check_mask(mask_);
    const LoadedModel plain = export_mask(from, mask_);
    save_model(out, *plain.model, plain.info);
    const std::string& model = plain.info.spec.name;
    print_result(common_, {{"model", model}, {"mask", mask_}, {"out", out}},
                 fmt::format("{}: {} at mask {}\n", out, model, mask_));
    return 0;
  }

 private:
  CommonSettings common_;
  NetworkSettings network_;
  std::string from_;
  double mask_ = 0;
};

}  // namespace

std::unique_ptr<Command> export_weights() { return std::make_unique<Export>(); }

}  // namespace robmask
