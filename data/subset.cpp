#include "data/subset.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "data/parallel.h"
#include "engine/check.h"
#include "engine/random.h"

namespace robmask {
namespace {

using Labels = std::vector<std::int32_t>;
using Counts = std::map<std::int32_t, Index>;  // images of each class that has any

Counts count(const Labels& labels) {
  Counts counts;
  for (const std::int32_t label : labels) ++counts[label];
  return counts;
}

/// One image a class after the other, as long as there are some, until `limit` are taken.
Counts equal_shares(const Counts& whole, Index limit) {
  Counts taken;
  while (limit > 0)
    for (const auto& [label, there] : whole)
      if (taken[label] < there && limit > 0) {
        ++taken[label];
        --limit;
      }
  return taken;
}

std::vector<Index> balanced(const Labels& labels, Index limit) {
  Counts open = equal_shares(count(labels), limit);
  std::vector<Index> places;
  for (Index i = 0; i < std::ssize(labels); ++i)
    if (open[labels[i]]-- > 0) places.push_back(i);
  return places;
}

/// The first `limit` of a Fisher–Yates shuffle, back in file order.
std::vector<Index> drawn(Index images, Index limit, const Stream& stream) {
  std::vector<Index> places(images);
  std::iota(places.begin(), places.end(), Index{0});
  for (Index i = 0; i < limit; ++i) {
    const auto left = static_cast<std::uint64_t>(images - i);
    const auto draw = random_below(stream, static_cast<std::uint32_t>(i), left);
    std::swap(places[i], places[i + static_cast<Index>(draw)]);
  }
  places.resize(limit);
  std::ranges::sort(places);
  return places;
}

std::string name_of(std::int32_t label, const std::vector<std::string>& classes) {
  return label < std::ssize(classes) ? classes[label] : std::to_string(label);
}

/// "red 12, green 12, …"
std::string listed(const Counts& counts, const std::vector<std::string>& classes) {
  constexpr std::size_t most = 10;
  std::vector<std::string> words;
  for (const auto& [label, images] : counts) {
    if (words.size() == most) {
      words.emplace_back("…");
      break;
    }
    words.push_back(fmt::format("{} {}", name_of(label, classes), images));
  }
  return fmt::to_string(fmt::join(words, ", "));
}

}  // namespace

std::vector<Index> kept_places(const Labels& labels, Part part, const DataOptions& options) {
  const bool train = part == Part::train;
  const Index images = std::ssize(labels);
  const Index limit = std::min(images, train ? options.limit_train : options.limit_test);
  if (limit < images && options.sample == Sample::balanced) return balanced(labels, limit);
  if (limit < images && options.sample == Sample::random)
    return drawn(images, limit,
                 {.seed = options.seed, .purpose = Purpose::sample, .branch = train ? 1u : 0u});
  std::vector<Index> first(limit);
  std::iota(first.begin(), first.end(), Index{0});
  return first;
}

std::vector<Index> choose_images(const Labels& labels, Part part, const DataOptions& options,
                                 Dataset& data) {
  const std::vector<Index> places = kept_places(labels, part, options);
  Labels kept;
  for (const Index i : places) kept.push_back(labels[i]);
  const Counts whole = count(labels), left = count(kept);
  if (left.size() == whole.size()) return places;
  data.warnings.push_back(fmt::format(
      "`limit_{}` {}: {} {} images are of {} of the {} classes ({}), and so are the accuracies{}",
      part == Part::train ? "train" : "test", places.size(),
      options.sample == Sample::first ? "the first" : "these", places.size(), left.size(),
      whole.size(), listed(left, data.classes),
      options.sample == Sample::balanced ? "" : "; `sample` balanced takes as many of each class"));
  return places;
}

Split resident_images(const std::vector<Index>& places, const Labels& labels, Index height,
                      Index width,
                      const std::function<void(Index place, std::uint8_t* pixels)>& draw) {
  Split split;
  split.height = height;
  split.width = width;
  split.pixels.resize(places.size() * split.image_bytes());
  for (const Index place : places) split.labels.push_back(labels[place]);
  try_parallel_for(std::ssize(places), [&](Index i) {
    draw(places[i], split.pixels.data() + i * split.image_bytes());
  });
  return split;
}

}  // namespace robmask
