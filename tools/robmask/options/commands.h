#pragma once
// The commands: their names, their option tables (one file a command: <name>.cpp) and what only
// makes sense of several options together.

#include <array>
#include <string_view>
#include <variant>

#include "tools/robmask/options/option.h"
#include "training/settings.h"

namespace robmask {

/// What --help and --version print on standard output.
struct Message {
  std::string text;
};

using Parsed = std::variant<Message, TrainSettings, FinetuneSettings, EvaluateSettings,
                            PredictSettings, InterpolateSettings, ExportSettings, InfoSettings,
                            BenchSettings, ReportSettings, ReproduceSettings>;

/// The table of a command, bound to `settings`, which must outlive it.
Options options_of(TrainSettings& settings);
Options options_of(FinetuneSettings& settings);
Options options_of(EvaluateSettings& settings);
Options options_of(PredictSettings& settings);
Options options_of(InterpolateSettings& settings);
Options options_of(ExportSettings& settings);
Options options_of(InfoSettings& settings);
Options options_of(BenchSettings& settings);
Options options_of(ReportSettings& settings);
Options options_of(ReproduceSettings& settings);

/// Throws InputError, naming the option, for values that are wrong together: an L∞ ε above 1, a
/// width that the model cannot have, a loss that would never train a statistics pair.
void check(const TrainSettings& settings);
void check(const FinetuneSettings& settings);
void check(const EvaluateSettings& settings);
void check(const PredictSettings& settings);
void check(const InterpolateSettings& settings);
void check(const ExportSettings& settings);
void check(const InfoSettings& settings);
void check(const BenchSettings& settings);
void check(const ReportSettings& settings);
void check(const ReproduceSettings& settings);

constexpr std::string_view name_of(const TrainSettings&) { return "train"; }
constexpr std::string_view name_of(const FinetuneSettings&) { return "finetune"; }
constexpr std::string_view name_of(const EvaluateSettings&) { return "evaluate"; }
constexpr std::string_view name_of(const PredictSettings&) { return "predict"; }
constexpr std::string_view name_of(const InterpolateSettings&) { return "interpolate"; }
constexpr std::string_view name_of(const ExportSettings&) { return "export"; }
constexpr std::string_view name_of(const InfoSettings&) { return "info"; }
constexpr std::string_view name_of(const BenchSettings&) { return "bench"; }
constexpr std::string_view name_of(const ReportSettings&) { return "report"; }
constexpr std::string_view name_of(const ReproduceSettings&) { return "reproduce"; }

inline CommonSettings& common_of(FinetuneSettings& s) { return s.train.common; }
inline CommonSettings& common_of(InterpolateSettings& s) { return s.evaluate.common; }
template <class S>
CommonSettings& common_of(S& s) {
  return s.common;
}
template <class S>
const CommonSettings& common_of(const S& s) {
  return common_of(const_cast<S&>(s));
}

}  // namespace robmask
