#pragma once
// config.json: the settings of a run, resolved, under the names of the options; and continuing a
// run with them.

#include <string>
#include <vector>

#include "data/files/json.h"
#include "tools/robmask/options/common.h"

namespace robmask {

/// {"command", "version", "kernels", every option of the table …, "unused": […]}. `kernels` is what
/// runs inside the machine (Backend::kernels).
Json config_json(std::string_view command, const Options& options, const CommonSettings& common,
                 const std::string& kernels);

/// Takes every option that was not given from the config.json in `run`, if there is one. What is
/// recorded there as unused counts as given again.
void take_stored_settings(std::string_view command, const Options& options,
                          std::vector<std::string>& given, const Path& run);

/// Throws InputError naming the first option that differs from the config.json in `run`, if there
/// is one: a run goes on to the same bits only with the same settings. Options that change no bit
/// may differ: threads, steps, out, json, quiet, resume, replay, max-pixels, tensorboard.
void require_stored_settings(std::string_view command, const Options& options, const Path& run);

}  // namespace robmask
