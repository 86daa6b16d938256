#pragma once
// config.json: the settings of a run, resolved, under the names of the options; and continuing a
// run with them.

#include "data/files/json.h"
#include "tools/robmask/options/commands.h"

namespace robmask {

/// {"command", "version", "kernels", every option of the table …, "unused": […]}.
Json config_json(std::string_view command, const Options& options, const CommonSettings& common,
                 const std::string& kernels);

/// Takes every option that was not given from the config.json in `run`, if there is one. What is
/// recorded there as unused counts as given again.
void take_stored_settings(std::string_view command, const Options& options,
                          std::vector<std::string>& given, const Path& run);

/// Throws InputError naming the first option that differs from the config.json in `run`, if there
/// is one: a run goes on to the same bits only with the same settings. Options that change no bit
/// may differ: threads, steps, out, json, quiet, resume, replay.
void require_stored_settings(std::string_view command, const Options& options, const Path& run);

/// The run directory that settings continue; empty if they start something new.
inline Path continued_run(const TrainSettings& s) { return s.resume ? s.common.out : ""; }
inline Path continued_run(const FinetuneSettings& s) { return continued_run(s.train); }
template <class S>
Path continued_run(const S&) {
  return {};
}

/// The table of settings that are only read.
template <class S>
Options table_of(const S& settings) {
  return options_of(const_cast<S&>(settings));
}

/// What goes to config.json: `settings` are resolved, `kernels` is what runs inside the machine
/// (Backend::kernels).
template <class S>
Json config_json(const S& settings, const std::string& kernels) {
  return config_json(name_of(settings), table_of(settings), common_of(settings), kernels);
}

}  // namespace robmask
