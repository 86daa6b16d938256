#include "data/files/safetensors.h"
#include "tests/fuzz/mutators.h"

namespace robmask::fuzz {

const Reader safetensors(
    "safetensors",
    [](std::string_view input) {
      const Path path = put("x.safetensors", input);
      SafeTensors file;
      if (!accepted("x.safetensors", [&] { file = read_safetensors(path); })) return;
      write_safetensors(path, file);
      const SafeTensors again = read_safetensors(path);
      check(again.tensors == file.tensors && again.metadata == file.metadata,
            "to read again what was written");
    },
    other_safetensors);

}  // namespace robmask::fuzz
