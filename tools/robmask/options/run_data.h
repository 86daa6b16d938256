#pragma once
// The data of a run are the default of every command that reads the run.

#include "data/files/input_file.h"
#include "training/settings.h"

namespace robmask {

/// Unless --data was given, takes it from the config.json of the run `from`, which is a run directory
/// or a weights file in one; --broken-images and --max-pixels go with it, unless given. Where there is
/// no config.json that names data, they are `otherwise`. common.data_origin says which it was.
/// InputError names a config.json that is not JSON.
void follow_data(CommonSettings& common, const Path& from,
                 const std::string& otherwise = "synthetic");

}  // namespace robmask
