#pragma once
// How far a training has come, as its state.safetensors says.

#include "data/files/json.h"

namespace robmask {

struct RunProgress {
  Index epochs = 0, of = 0;  // whole ones done, of all that config.json asks for
  bool ended = true;         // all is done, `steps` counted, and the last model written
};

/// Of a run directory with that config.json. A weights file alone and a folder without a state have
/// ended. InputError, naming the file, for a state that is none.
RunProgress progress_of(const Path& run, const Json& config);

}  // namespace robmask
