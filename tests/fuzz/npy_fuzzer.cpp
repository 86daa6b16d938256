// Arrays, and what is read from some: labels, images, CIFAR-10-C, feature maps.

#include "data/corruptions.h"
#include "data/files/npy.h"
#include "data/npy_images.h"
#include "tests/fuzz/mutators.h"
#include "tools/robmask/reproduce/findings.h"

namespace robmask::fuzz {

const Reader npy(
    "npy",
    [](std::string_view input) {
      static const Path two = scratch() / "some.labels.npy", five = scratch() / "labels.npy";
      static const bool written = [] {
        write_npy(two, host_tensor({2}, std::vector<Index>{1, 2}));
        write_npy(five, host_tensor({5}, std::vector<Index>{1, 1, 1, 1, 1}));
        return true;
      }();
      const Path path = put("some.npy", input);
      HostTensor array;
      if (!written || !accepted("some.npy", [&] { array = read_npy(path); })) return;
      accepted("some.npy", [&] { read_labels(path, 9); });
      accepted(".npy", [&] { load_npy(path.string(), {.train = false}); });
      accepted(".npy", [&] { load_corruption(scratch(), "some", {.limit_test = 1}, 10); });
      accepted("some.npy", [&] { reproduce::feature_maps(path); });
      write_npy(path, array);
      check(read_npy(path) == array, "to read again what was written");
    },
    other_npy);

}  // namespace robmask::fuzz
