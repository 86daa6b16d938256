// A packed program: names what pictures show by the weights that lie behind its own bytes
// (tools/robmask/packed_program.h). A program of one command, which needs no name.

#include <sys/auxv.h>
#include <unistd.h>

#include "engine/backend.h"
#include "tools/robmask/options/command.h"
#include "tools/robmask/packed_program.h"
#include "tools/robmask/pictures.h"

namespace robmask {

namespace {

/// Also where no /proc is mounted.
Path own_path() {
  std::error_code none;
  const Path path = std::filesystem::read_symlink("/proc/self/exe", none);
  return none ? Path(reinterpret_cast<const char*>(getauxval(AT_EXECFN))) : path;
}

class Classify final : public Command {
 public:
  Classify() { common_.device = "cpu"; }
  CommonSettings& common() override { return common_; }

  void add_options(Options& o) override {
    add_pictures(o, pictures_);
    o.flag("json", common_.json, "print a machine-readable result");
    add_image_files(o, common_);
    add_threads(o, common_);
    o.flag("quiet", common_.quiet, "no progress on standard error");
  }

  void resolve() override {
    if (!pictures_.names.empty()) return;
    require(isatty(STDIN_FILENO) == 0,
            "expected pictures, a folder of them, or their names on standard input; see --help");
    pictures_.names = {"-"};
  }

  int run() override {
    const LoadedModel from =
        load_model(read_packed_weights(own_path()), machine_of(common_), DType::f32, {});
    print_likeliest(from, pictures_, common_);
    return 0;
  }

 private:
  CommonSettings common_;
  PictureSettings pictures_;
};

}  // namespace

std::span<const CommandEntry> commands() {
  static const std::vector<CommandEntry> list{
      {"classify",
       "names what pictures show, by the weights that it holds",
       []() -> std::unique_ptr<Command> { return std::make_unique<Classify>(); },
       {{"a picture and those of a folder, through the mask half way",
         "classify cat.png photos/ --mask 0.5"},
        {"the likeliest class of each of a list, as a table for programs",
         "classify --top 1 --format csv <list.txt"}}}};
  return list;
}

}  // namespace robmask
