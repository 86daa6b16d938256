#pragma once
// Which images of a split a limit keeps.

#include <functional>
#include <vector>

#include "data/dataset.h"

namespace robmask {

enum class Part { train, test };
constexpr auto names(Part) {
  using enum Part;
  return std::to_array<Named<Part>>({{test, "test"}, {train, "train"}});
}

/// The places, ascending, of the images that `options` keep of a part with these labels.
std::vector<Index> kept_places(const std::vector<std::int32_t>& labels, Part part,
                               const DataOptions& options);

/// The same. Where they lack classes which the part has, a warning of `data`, whose classes are
/// named, says so with the counts.
std::vector<Index> choose_images(const std::vector<std::int32_t>& labels, Part part,
                                 const DataOptions& options, Dataset& data);

/// The images at these places, all in memory. `draw` writes the pixels of one, on any thread.
Split resident_images(const std::vector<Index>& places, const std::vector<std::int32_t>& labels,
                      Index height, Index width,
                      const std::function<void(Index place, std::uint8_t* pixels)>& draw);

}  // namespace robmask
