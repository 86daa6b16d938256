#include "models/networks.h"

#include <algorithm>

#include "models/densenet.h"
#include "models/preact_resnet.h"
#include "models/resnet.h"
#include "models/resnext.h"

namespace robmask {

namespace {

std::vector<NamedNetwork>& all() {
  static std::vector<NamedNetwork> networks{
      named_network<ResNet18>("resnet18"),
      named_network<PreActResNet18>("preact18"),
      named_network<DenseNet121>("densenet121"),
      named_network<ResNeXt29>("resnext29"),
      named_network<ImageNetResNet18>("resnet18-imagenet"),
  };
  return networks;
}

}  // namespace

void define_network(const NamedNetwork& network) {
  require(std::ranges::count(all(), network.name, &NamedNetwork::name) == 0,
          "`model`: there is a network {} already", network.name);
  all().push_back(network);
}

const NamedNetwork& network_of(const std::string& name) {
  const auto at = std::ranges::find(all(), name, &NamedNetwork::name);
  require(at != all().end(), "`model`: expected one of {}, got \"{}\"",
          fmt::join(model_names(), ", "), name);
  return *at;
}

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const NamedNetwork& network : all()) names.push_back(network.name);
  return names;
}

bool has_width(const std::string& name) {
  return std::ranges::any_of(all(),
                             [&](const NamedNetwork& n) { return n.name == name && n.has_width; });
}

}  // namespace robmask
