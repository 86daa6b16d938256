// robmask pack: one executable that holds a model and needs nothing else.

#include "engine/backend.h"
#include "engine/bfloat16.h"
#include "tools/robmask/options/command.h"
#include "tools/robmask/options/network.h"
#include "tools/robmask/outputs.h"
#include "tools/robmask/packed_program.h"
#include "training/weights.h"

// build/classify (tools/classify), where it is linked in.
extern "C" {
[[gnu::weak]] extern const std::byte robmask_classify_begin[], robmask_classify_end[];
}

namespace robmask {

namespace {

enum class StoredAs { f32, bf16 };
constexpr auto names(StoredAs) {
  return std::to_array<Named<StoredAs>>({{StoredAs::f32, "f32"}, {StoredAs::bf16, "bf16"}});
}

/// The weights of convolutions and of the classifier at half their size. Masks and statistics, of
/// which there are few numbers, and which scale all others, stay as they are.
void halve(SafeTensors& file) {
  for (auto& [name, tensor] : file.tensors) {
    if (tensor.shape.size() < 2) continue;
    const std::vector<float> values = tensor.to<float>(name);
    const std::vector<bf16> halves(values.begin(), values.end());
    const auto bytes = std::as_bytes(std::span(halves));
    tensor = {ElementType::bf16, tensor.shape, {bytes.begin(), bytes.end()}};
  }
}

class Pack final : public Command {
 public:
  CommonSettings& common() override { return common_; }

  void add_options(Options& o) override {
    o.add("from", from_, "weights or run directory").required = true;
    o.add("weights", stored_as_, "how weights are stored");
    add_file_network(o, network_);
    add_common(o, common_);
  }

  void check() override {
    require(!common_.out.empty(), "--out: expected the program to write, got nothing");
  }

  int run() override {
    const std::span program(robmask_classify_begin, robmask_classify_end);
    if (program.empty())
      throw Unavailable(
          "this build of robmask has no program to pack weights into: use that of `make`");
    require_output_file("out", common_.out, {""});
    const LoadedModel from =
        load_model(from_, machine_of(common_), DType::f32, overrides_of(network_));
    require(from.info.image_size > 0,
            "--image-size: {} does not say the side of the images it was trained on: give it",
            weights_path(from_).string());
    SafeTensors weights = checkpoint_file(*from.model, from.info);
    if (stored_as_ == StoredAs::bf16) halve(weights);
    write_packed_program(common_.out, program, weights);
    const auto bytes = std::filesystem::file_size(common_.out);
    print_result(
        common_,
        {{"model", from.info.spec.name},
         {"out", common_.out},
         {"bytes", bytes},
         {"program_bytes", program.size()}},
        fmt::format("{}: {:.1f} MB, of which {:.1f} MB are the program; try {} --help\n",
                    common_.out, static_cast<double>(bytes) / 1e6,
                    static_cast<double>(program.size()) / 1e6,
                    Path(common_.out).has_parent_path() ? common_.out : "./" + common_.out));
    return 0;
  }

 private:
  CommonSettings common_;
  NetworkSettings network_;
  std::string from_;
  StoredAs stored_as_ = StoredAs::f32;
};

}  // namespace

std::unique_ptr<Command> pack() { return std::make_unique<Pack>(); }

}  // namespace robmask
