// robmask export: one mask as plain weights, loadable by kuangliu/pytorch-cifar, or as an ONNX
// graph; or all masks as a graph with p as an input.

#include "engine/backend.h"
#include "tools/robmask/options/command.h"
#include "tools/robmask/options/network.h"
#include "tools/robmask/outputs.h"
#include "training/onnx_export.h"

namespace robmask {

namespace {

/// `--mask p` or `--mask all`
struct ExportedMask {
  std::optional<double> p = 0;  // empty: all
};

}  // namespace

template <>
struct Value<ExportedMask> {
  static std::string words() { return "a number from 0 to 1, or all"; }
  static bool read(std::string_view text, ExportedMask& mask) {
    if (text == "all") return mask.p.reset(), true;
    return Value<double>::read(text, mask.p.emplace()) && in_range(from_to(0, 1), *mask.p);
  }
  static Json write(const ExportedMask& mask) { return mask.p ? Json(*mask.p) : Json("all"); }
};

namespace {

class Export final : public Command {
 public:
  CommonSettings& common() override { return common_; }

  void add_options(Options& o) override {
    o.add("from", from_, "weights or run directory").required = true;
    o.add("mask", mask_, "mask strength p; or all, as a graph with p as an input").choices = {
        "all"};
    add_file_network(o, network_);
    o.find("image-size")->help = "side of the images that a graph takes [32]";
    Option& masks = *o.find("masks");
    masks.help += "; all: the same as --mask all";
    masks.read = [this, read_k = masks.read](const std::string& text) {
      text == "all" ? mask_.p.reset() : read_k(text);
    };
    add_common(o, common_);
  }

  void check() override {
    const std::string& out = common_.out;
    require(!out.empty(), "--out: expected the file to write, got nothing");
    const std::string plain = Path(out).replace_extension(".safetensors").string();
    require(ending_of(out) != ".pt" && ending_of(out) != ".pth",
            "--out {0}: a script writes PyTorch's files: call it {1}, then run "
            "tools/convert/pt_to_safetensors.py {1} {0}",
            out, plain);
    require(mask_.p || is_graph(),
            "--mask all: weights with all masks are what --from is: copy it (of a run its "
            "model.safetensors), or name an .onnx file to write them as a graph");
    if (is_graph()) onnx::require_built_in();
  }

  int run() override {
    const std::string& out = common_.out;
    require_output_file("out", out, {".safetensors", ".onnx"});
    const LoadedModel from =
        load_model(from_, machine_of(common_), maps_of(common_), overrides_of(network_));
    const ModelSpec& spec = from.info.spec;
    if (mask_.p) from.model->check_mask(*mask_.p);
    require(mask_.p || spec.masks > 1, "--mask all: the model has one mask only, which is p = 0");
    if (is_graph()) {
      onnx::write(out, onnx_graph(from, mask_.p, side_of(from.info)));
    } else {
      const LoadedModel plain = export_mask(from, *mask_.p);
      save_model(out, *plain.model, plain.info);
    }
    const Json mask = Value<ExportedMask>::write(mask_);
    print_result(common_, {{"model", spec.name}, {"mask", mask}, {"out", out}},
                 mask_.p ? fmt::format("{}: {} at mask {}\n", out, spec.name, *mask_.p)
                         : fmt::format("{}: {} with its {} masks, p is an input\n", out, spec.name,
                                       spec.masks));
    return 0;
  }

 private:
  bool is_graph() const { return ending_of(common_.out) == ".onnx"; }
  /// The side of the images that a graph takes.
  static Index side_of(const CheckpointInfo& info) {
    constexpr Index cifar = 32;
    return info.image_size > 0 ? info.image_size : cifar;
  }

  CommonSettings common_;
  NetworkSettings network_;
  std::string from_;
  ExportedMask mask_;
};

}  // namespace

std::unique_ptr<Command> export_weights() { return std::make_unique<Export>(); }

}  // namespace robmask
