#pragma once
// Networks by name. Those that are here are a table in networks.cpp, a line each, and Wide ResNets
// of any depth and width; a network of one's own joins them by define_network(), and is then
// trained, attacked, evaluated and stored as they are.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/context.h"
#include "layers/scope.h"

namespace robmask {

/// x: N·H·W·3, normalized → logits {N,1,1,classes}
using Network = std::function<Variable(const Variable& x, const Context& context)>;

struct NamedNetwork {
  std::string name;
  bool has_width = false;  // can it be made narrower than its 64 channels?
  std::function<Network(const Scope& scope, Index width, Index classes)> make;
};

/// A class with operator()(x, context) that is made from (scope, classes), or from (scope, width,
/// classes). Its first tensor is that of its first layer, its last one the bias of its classifier.
template <class Net>
NamedNetwork named_network(const std::string& name) {
  constexpr bool has_width = std::is_constructible_v<Net, const Scope&, Index, Index>;
  const auto make = [](const Scope& scope, [[maybe_unused]] Index width, Index classes) -> Network {
    std::shared_ptr<const Net> net;
    if constexpr (has_width)
      net = std::make_shared<Net>(scope, width, classes);
    else
      net = std::make_shared<Net>(scope, classes);
    return [net](const Variable& x, const Context& context) { return (*net)(x, context); };
  };
  return {name, has_width, make};
}

/// From now on there is a network of this name. InputError if there is one already.
void define_network(const NamedNetwork& network);
template <class Net>
void define_network(const std::string& name) {
  define_network(named_network<Net>(name));
}

/// The network of that name. InputError that lists the names there are.
NamedNetwork network_of(const std::string& name);
bool is_network(const std::string& name);
/// All names, the built-in ones first; of Wide ResNets those that are published most.
std::vector<std::string> model_names();
/// What a name may be, for a line that refuses one: "one of resnet18, …, or another wrn-D-K …".
std::string expected_names();
/// Is there a network of this name that can be made narrower?
bool has_width(const std::string& name);

}  // namespace robmask
