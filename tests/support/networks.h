#pragma once
// The networks that tests of all of them go through.

#include <algorithm>
#include <string>
#include <vector>

#include "models/networks.h"
#include "models/onnx/network.h"

namespace robmask {

/// All that are built in, with a small one in place of the Wide ResNets.
inline std::vector<std::string> networks_under_test() {
  std::vector<std::string> names = model_names();
  std::erase_if(names, [](const std::string& name) {
    return name.find("wrn-") != std::string::npos || onnx::is_imported(name);
  });
  names.insert(names.end(), {"wrn-10-1", "dm-wrn-10-1"});
  return names;
}

}  // namespace robmask
