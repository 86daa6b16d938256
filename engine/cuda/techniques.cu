#include "engine/cuda/techniques.h"

#include <cstdlib>
#include <sstream>

namespace robmask::cuda {

bool uses(Technique technique) {
  const char* without = std::getenv("ROBMASK_WITHOUT");
  std::istringstream text(without == nullptr ? "" : without);
  bool used = true;
  try {
    for (std::string name; std::getline(text, name, ',');)
      used = from_string<Technique>(name) != technique && used;
  } catch (const InputError& e) {
    throw InputError(fmt::format("ROBMASK_WITHOUT: {}", e.what()));
  }
  return used;
}

}  // namespace robmask::cuda
