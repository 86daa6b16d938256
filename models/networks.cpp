#include "models/networks.h"

#include <algorithm>
#include <optional>

#include "models/densenet.h"
#include "models/preact_resnet.h"
#include "models/resnet.h"
#include "models/resnext.h"
#include "models/wide_resnet.h"

namespace robmask {

namespace {

std::vector<NamedNetwork>& all() {
  static std::vector<NamedNetwork> networks{
      named_network<ResNet18>("resnet18"),
      named_network<PreActResNet18>("preact18"),
      named_network<DenseNet121>("densenet121"),
      named_network<ResNeXt29>("resnext29"),
      named_network<ImageNetResNet18>("resnet18-imagenet"),
      wide_resnet("wrn-28-10").value(),
      wide_resnet("wrn-34-10").value(),
      wide_resnet("wrn-70-16").value(),
      wide_resnet("dm-wrn-28-10").value(),
      wide_resnet("dm-wrn-70-16").value(),
  };
  return networks;
}

/// Listed, or a Wide ResNet of any size.
std::optional<NamedNetwork> find(const std::string& name) {
  const auto at = std::ranges::find(all(), name, &NamedNetwork::name);
  return at != all().end() ? *at : wide_resnet(name);
}

}  // namespace

void define_network(const NamedNetwork& network) {
  require(!is_network(network.name), "`model`: there is a network {} already", network.name);
  all().push_back(network);
}

NamedNetwork network_of(const std::string& name) {
  const std::optional<NamedNetwork> found = find(name);
  require(found.has_value(), "`model`: expected {}, got \"{}\"", expected_names(), name);
  return *found;
}

bool is_network(const std::string& name) { return find(name).has_value(); }

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const NamedNetwork& network : all()) names.push_back(network.name);
  return names;
}

std::string expected_names() {
  return fmt::format("one of {}, or another {}", fmt::join(model_names(), ", "), wide_resnet_names);
}

bool has_width(const std::string& name) {
  const std::optional<NamedNetwork> found = find(name);
  return found && found->has_width;
}

}  // namespace robmask
