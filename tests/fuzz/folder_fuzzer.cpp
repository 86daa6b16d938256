// A folder of class folders: classes.txt, and up to a zero byte each the folders' names.

#include "data/class_names.h"
#include "data/dataset.h"
#include "data/files/png.h"
#include "tests/fuzz/fuzzer.h"

namespace robmask::fuzz {

const Reader folder("folder", [](std::string_view input) {
  namespace fs = std::filesystem;
  static const Path picture = scratch() / "picture.png", root = scratch() / "images";
  if (!fs::exists(picture)) write_png(picture, {8, 8, std::vector<std::uint8_t>(8 * 8 * 3, 7)});
  fs::remove_all(root);
  fs::create_directories(root / "test");
  const std::size_t list = std::min(input.find('\0'), input.size());
  if (list > 0) put("images/classes.txt", input.substr(0, list));
  for (std::string_view rest = input.substr(list); !rest.empty();) {
    rest.remove_prefix(1);
    const std::string name(rest.substr(0, rest.find('\0')));
    rest.remove_prefix(name.size());
    std::error_code cannot;
    const Path place = root / "test" / name;
    if (name.find('/') != std::string::npos || !fs::create_directory(place, cannot)) continue;
    fs::create_hard_link(picture, place / "x.png");
  }
  for (const char* kind : {"folder:", "imagenet:"})
    accepted("", [&] {
      Dataset data = load_dataset(kind + root.string(), {.train = false});
      match_classes(data, {.count = 2, .names = {"cat", "dog"}}, MatchClasses::name);
    });
});

}  // namespace robmask::fuzz
