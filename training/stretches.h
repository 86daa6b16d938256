#pragma once
// Which named values stand in which channels of a map: ops write ranges of a larger map and read
// others, so that what one reads may be what several have written (DenseNet).

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/variable.h"

namespace robmask {

/// Channels [from, to) of a value that has `of` of them.
struct Stretch {
  std::string value;
  Index from, to, of;

  bool whole() const { return from == 0 && to == of; }
};

class Stretches {
 public:
  /// From now on the value stands where `at` is, in place of whatever was there.
  void write(const Variable& at, const std::string& value);
  /// The value is what stands there, in one piece: it is found ahead of its parts.
  void join(const Variable& at, const std::string& value);
  /// What makes up `at`, in the order of channels; nothing where a part of it was never written.
  /// InputError for a view of some of the images.
  std::vector<Stretch> read(const Variable& at) const;

 private:
  struct Written {
    std::string value;
    Index first, end;  // channels of the map
  };
  struct Map {
    std::shared_ptr<GradientSlot> slot;  // kept alive, so that its address is nobody else's
    std::vector<Written> written;
  };
  /// The slot of the whole map that `at` is a range of, and the range's first channel.
  static std::pair<std::shared_ptr<GradientSlot>, Index> place_of(const Variable& at);

  std::map<const GradientSlot*, Map> maps_;
};

}  // namespace robmask
