#pragma once
// Networks by name. Those that are here are a table in networks.cpp, a line each; a network of
// one's own joins them by define_network(), and is then trained, attacked, evaluated and stored as
// they are.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/context.h"
#include "layers/scope.h"

namespace robmask {

/// x: N·H·W·3, normalized → logits {N,1,1,classes}
using Network = std::function<Variable(const Variable& x, const Context& context)>;
/// Makes a network of so many classes from a scope. One that has a width takes it; the others
/// ignore it. Its first tensor is that of its first layer, its last one the bias of its classifier.
using MakeNetwork = std::function<Network(const Scope& scope, Index width, Index classes)>;

struct NamedNetwork {
  std::string name;
  MakeNetwork make;
  bool has_width = false;  // can it be made narrower than its 64 channels?
};

/// A class Net(scope, classes…) with operator()(x, context), as a Network.
template <class Net, class... Arguments>
Network make_network(const Scope& scope, const Arguments&... arguments) {
  const auto net = std::make_shared<Net>(scope, arguments...);
  return [net](const Variable& x, const Context& context) { return (*net)(x, context); };
}

/// From now on there is a network of this name. InputError if there is one already.
void define_network(const NamedNetwork& network);

/// The network of that name. InputError that lists the names there are.
const NamedNetwork& network_of(const std::string& name);
/// All names, the built-in ones first.
std::vector<std::string> model_names();
/// Is there a network of this name that can be made narrower?
bool has_width(const std::string& name);

}  // namespace robmask
