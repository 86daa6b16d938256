#include "tools/robmask/reproduce/scale.h"

#include <algorithm>

#include "models/model.h"

namespace robmask::reproduce {
namespace {

const Scale smoke{
    .name = "smoke",
    .summary =
        "proves in minutes that every path works and says nothing about accuracy: a few "
        "embedded images, 1 or 2 epochs, networks of width 4; a short PGD with two starts "
        "stands in for AutoAttack",
    .data = "a few embedded images, networks of width 4",
    .embedded = true,
    .width = 4,
    .short_epochs = 1,
    .long_epochs = 2,
    .narrow = {.train = 32, .test = 20, .batch = 16},
    .wide = {.train = 8, .test = 10, .batch = 4},
    .attack_steps = 2,
    .pgd_steps = 2,
    .autoattack = {"--attack", "pgd", "--attack-steps", "4", "--restarts", "2"},
    .autoattack_steps = 8};

const Scale small{
    .name = "small",
    .summary =
        "a reduced run on real images for two cores: 5,000 training images, ResNet-18 of "
        "width 16 in place of wider networks, batches of 64, 8 epochs for the paper's 20 and "
        "12 for its 100, PGD-20 on 500 test images, AutoAttack on 100 at 8/255 only (ImageNet: "
        "500 and 100 images)",
    .data = "a small part of CIFAR-10, a narrow network, few epochs",
    .width = 16,
    .stand_in = "resnet18",
    .short_epochs = 8,
    .long_epochs = 12,
    .narrow = {.train = 5000, .test = 500, .batch = 64},
    .wide = {.train = 500, .test = 100, .batch = 32},
    .pgd_steps = 20,
    .autoattack_eps = {"8/255"},
    .autoattack_test = 100};

const Scale paper{
    .name = "paper", .summary = "the paper's setting", .data = "the paper's setting", .seeds = 3};

/// `text` with `to` in place of the first `from`, if it is there.
std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/// Why a scale leaves a cell out, or "".
std::string left_out(const Cell& cell, const Scale& scale) {
  const auto& strengths = scale.autoattack_eps;
  const auto out = [&](const Source& source) {
    return source.attack == "autoattack" && !strengths.empty() &&
           std::ranges::count(strengths, source.eps) == 0;
  };
  if (std::ranges::none_of(cell.reading.of, out)) return "";
  return fmt::format("AutoAttack runs at ε = {} only at scale {}", fmt::join(strengths, ", "),
                     scale.name);
}

/// The rows of `network` are those of `actual`, of that width, under another name.
void leave_out_repeats(Experiment& e, const std::string& network, const std::string& actual,
                       Index width) {
  std::vector<std::string> rows;
  for (const Cell& cell : e.cells) rows.push_back(cell.row);
  const std::size_t gone = std::erase_if(e.cells, [&](const Cell& cell) {
    const std::string row = replaced(cell.row, network, actual);
    return row != cell.row && std::ranges::count(rows, row) > 0;
  });
  if (gone > 0)
    e.remarks.push_back(fmt::format(
        "{} of width {} stands in for {} at this scale: rows that repeat its own are left out.",
        actual, width, network));
}

}  // namespace

std::string Scale::model(const std::string& papers) const {
  const bool replaceable = !has_width(papers) && papers != "resnet18-imagenet";
  return replaceable && !stand_in.empty() ? stand_in : papers;
}

Index Scale::epochs(Index papers) const {
  const Index shorter = papers <= 20 ? short_epochs : long_epochs;
  return shorter > 0 ? shorter : papers;
}

const Amount& Scale::amount(const std::string& model) const {
  return has_width(model) ? narrow : wide;
}

const Scale& scale_of(ScaleName name) {
  switch (name) {
    case ScaleName::smoke: return smoke;
    case ScaleName::small: return small;
    case ScaleName::paper: return paper;
  }
  throw std::logic_error("a scale without a description");
}

Experiment at_scale(Experiment e, const Scale& scale) {
  for (const Network& network : networks) {
    const std::string model = scale.model(network.model);
    if (model == network.model) continue;
    const std::string actual =
        std::ranges::find_if(networks, [&](const Network& n) { return n.model == model; })->title;
    e.title = replaced(e.title, network.title,
                       fmt::format("{} (here {}, width {})", network.title, actual, scale.width));
    leave_out_repeats(e, network.title, actual, scale.width);
  }
  for (Cell& cell : e.cells) cell.missing = left_out(cell, scale);
  return e;
}

}  // namespace robmask::reproduce
