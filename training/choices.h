#pragma once
// The words that options take, one table an enum, and how they are read and written.

#include "attacks/plan.h"
#include "data/class_names.h"
#include "layers/strength.h"

namespace robmask {

enum class Precision { fp32, tf32, bf16, fp64 };
enum class Normalize { on, kuangliu, none };
enum class BnStats { shared, split };

enum class Method { standard, pgd, trades, advprop, robmask };
enum class Schedule { cosine, constant };
enum class Start { random, zero };
/// Batch norm while attacking: running statistics; the batch's, left alone; the batch's, updating.
enum class AttackBn { eval, train_frozen, train };
/// The mask the attack goes through: the one its loss will use, p = 1, or p = 0.
enum class AttackMask { loss, max, clean };
/// ½ CE(x, u_0) + ½ CE(x+δ, u_p), or CE(x+δ, u_p) alone (Algorithm 1).
enum class RobmaskLoss { mixed, adv };
enum class Augment { crop_flip, none };

enum class SplitChoice { test, train };
/// How results are printed.
enum class Format { text, markdown, csv };
enum class Workload { train, pgd, robmask };
enum class ScaleName { smoke, small, paper };

constexpr auto names(Precision) {
  using enum Precision;
  return std::to_array<Named<Precision>>(
      {{fp32, "fp32"}, {tf32, "tf32"}, {bf16, "bf16"}, {fp64, "fp64"}});
}
constexpr auto names(Normalize) {
  using enum Normalize;
  return std::to_array<Named<Normalize>>({{on, "true"}, {kuangliu, "kuangliu"}, {none, "none"}});
}
constexpr auto names(BnStats) {
  using enum BnStats;
  return std::to_array<Named<BnStats>>({{shared, "shared"}, {split, "split"}});
}
constexpr auto names(Method) {
  using enum Method;
  return std::to_array<Named<Method>>({{standard, "standard"},
                                       {pgd, "pgd"},
                                       {trades, "trades"},
                                       {advprop, "advprop"},
                                       {robmask, "robmask"}});
}
constexpr auto names(Schedule) {
  using enum Schedule;
  return std::to_array<Named<Schedule>>({{cosine, "cosine"}, {constant, "constant"}});
}
constexpr auto names(Start) {
  using enum Start;
  return std::to_array<Named<Start>>({{random, "random"}, {zero, "zero"}});
}
constexpr auto names(Code) {
  using enum Code;
  return std::to_array<Named<Code>>({{hat, "hat"}, {nearest, "nearest"}});
}
constexpr auto names(AttackBn) {
  using enum AttackBn;
  return std::to_array<Named<AttackBn>>(
      {{eval, "eval"}, {train_frozen, "train-frozen"}, {train, "train"}});
}
constexpr auto names(AttackMask) {
  using enum AttackMask;
  return std::to_array<Named<AttackMask>>({{loss, "loss"}, {max, "max"}, {clean, "clean"}});
}
constexpr auto names(RobmaskLoss) {
  using enum RobmaskLoss;
  return std::to_array<Named<RobmaskLoss>>({{mixed, "mixed"}, {adv, "adv"}});
}
constexpr auto names(BrokenImages) {
  using enum BrokenImages;
  return std::to_array<Named<BrokenImages>>({{stop, "stop"}, {skip, "skip"}});
}
constexpr auto names(Sample) {
  using enum Sample;
  return std::to_array<Named<Sample>>(
      {{first, "first"}, {balanced, "balanced"}, {random, "random"}});
}
constexpr auto names(MatchClasses) {
  using enum MatchClasses;
  return std::to_array<Named<MatchClasses>>({{name, "name"}, {position, "position"}});
}
constexpr auto names(Augment) {
  using enum Augment;
  return std::to_array<Named<Augment>>({{crop_flip, "crop-flip"}, {none, "none"}});
}
constexpr auto names(SplitChoice) {
  using enum SplitChoice;
  return std::to_array<Named<SplitChoice>>({{test, "test"}, {train, "train"}});
}
constexpr auto names(Format) {
  using enum Format;
  return std::to_array<Named<Format>>({{text, "text"}, {markdown, "markdown"}, {csv, "csv"}});
}
constexpr auto names(Workload) {
  using enum Workload;
  return std::to_array<Named<Workload>>({{train, "train"}, {pgd, "pgd"}, {robmask, "robmask"}});
}
constexpr auto names(ScaleName) {
  using enum ScaleName;
  return std::to_array<Named<ScaleName>>({{smoke, "smoke"}, {small, "small"}, {paper, "paper"}});
}

}  // namespace robmask
