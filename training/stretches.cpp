#include "training/stretches.h"

#include <algorithm>

namespace robmask {

std::pair<std::shared_ptr<GradientSlot>, Index> Stretches::place_of(const Variable& at) {
  std::shared_ptr<GradientSlot> slot = at.slot();
  Index first = 0;
  for (; slot->base; slot = slot->base) {
    require(slot->shape.n == slot->base->shape.n,
            "`model`: the network treats the images of a batch differently, which cannot be "
            "written down for any batch");
    first += slot->first_channel;
  }
  return {slot, first};
}

void Stretches::write(const Variable& at, const std::string& value) {
  const auto [slot, first] = place_of(at);
  const Index end = first + at.shape().c;
  std::erase_if(maps_[slot.get()].written,
                [first = first, end](const Written& w) { return w.first < end && first < w.end; });
  join(at, value);
}

void Stretches::join(const Variable& at, const std::string& value) {
  const auto [slot, first] = place_of(at);
  Map& map = maps_[slot.get()];
  map.slot = slot;
  map.written.push_back({value, first, first + at.shape().c});
}

std::vector<Stretch> Stretches::read(const Variable& at) const {
  const auto [slot, begin] = place_of(at);
  const auto map = maps_.find(slot.get());
  if (map == maps_.end()) return {};
  std::vector<Stretch> found;
  const Index end = begin + at.shape().c;
  for (Index first = begin; first < end;) {
    // The longest value that begins here and ends in time, or else any that goes on here.
    const auto fitting = [&](const Written& w) {
      return w.first == first && w.end <= end ? w.end - first : 0;
    };
    const Written* best = nullptr;
    for (const Written& w : map->second.written)
      if (w.first <= first && first < w.end && (best == nullptr || fitting(*best) < fitting(w)))
        best = &w;
    if (best == nullptr) return {};
    const Index to = std::min(end, best->end);
    found.push_back({best->value, first - best->first, to - best->first, best->end - best->first});
    first = to;
  }
  return found;
}

}  // namespace robmask
