// CIFAR's binaries; one file is the test images of both kinds.

#include "data/dataset.h"
#include "tests/fuzz/fuzzer.h"

namespace robmask::fuzz {

const Reader cifar("cifar", [](std::string_view input) {
  put("test_batch.bin", input);
  put("test.bin", input);
  for (const char* kind : {"cifar10:", "cifar100:"})
    accepted(".bin", [&] {
      const Dataset data = load_dataset(kind + scratch().string(), {.train = false});
      std::vector<std::uint8_t> first(static_cast<std::size_t>(data.test.image_bytes()));
      data.test.read(std::vector<std::int32_t>{0}, 0, first);
    });
});

}  // namespace robmask::fuzz
