#include "data/imagenet.h"

#include <algorithm>
#include <string_view>

namespace robmask {

namespace {

/// Views: a list of a thousand std::strings takes the compiler longer than the rest of this file.
struct ImageNetClass {
  std::string_view wnid, title;
};
constexpr ImageNetClass imagenet_classes[]{
#include "data/imagenet_classes.inc"
};

}  // namespace

const std::vector<std::string>& imagenet_wnids() {
  static const std::vector<std::string> wnids = [] {
    std::vector<std::string> list;
    for (const ImageNetClass& c : imagenet_classes) list.emplace_back(c.wnid);
    return list;
  }();
  return wnids;
}

std::string class_title(const std::string& name) {
  const auto* const found =
      std::ranges::lower_bound(imagenet_classes, name, {}, &ImageNetClass::wnid);
  const bool known = found != std::end(imagenet_classes) && found->wnid == name;
  return known ? std::string(found->title) : name;
}

std::vector<std::string> class_titles(const std::vector<std::string>& names) {
  std::vector<std::string> titles;
  std::ranges::transform(names, std::back_inserter(titles), class_title);
  return titles;
}

}  // namespace robmask
