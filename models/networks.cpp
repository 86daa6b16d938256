#include "models/networks.h"

#include <algorithm>

#include "models/densenet.h"
#include "models/preact_resnet.h"
#include "models/resnet.h"
#include "models/resnext.h"

namespace robmask {

namespace {

using S = Scope;

std::vector<NamedNetwork>& all() {
  static std::vector<NamedNetwork> networks{
      {"resnet18", [](const S& s, Index w, Index n) { return make_network<ResNet18>(s, w, n); },
       true},
      {"preact18",
       [](const S& s, Index w, Index n) { return make_network<PreActResNet18>(s, w, n); }, true},
      {"densenet121", [](const S& s, Index, Index n) { return make_network<DenseNet121>(s, n); }},
      {"resnext29", [](const S& s, Index, Index n) { return make_network<ResNeXt29>(s, n); }},
      {"resnet18-imagenet", [](const S& s, Index, Index n) {
         return make_network<ResNet18>(s, Index{64}, n, ResNet18::Stem::imagenet);
       }}};
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
