// Figure 1: the first batch norm of an adversarially trained network before and after standard
// finetuning (section 3.1): four panels.

#include "data/files/chart.h"
#include "tools/robmask/reproduce/experiments.h"
#include "tools/robmask/reproduce/findings.h"

namespace robmask::reproduce {

namespace {

const struct {
  const char *title, *tensor;
} panels[]{{"running mean μ", "running_mean"},
           {"running variance σ²", "running_var"},
           {"weight γ", "weight"},
           {"bias β", "bias"}};

const Training before{.method = "pgd"};
Training all_tuned() { return finetuned(before, "standard"); }
Training scale_tuned() { return finetuned(before, "standard", "gamma,stats"); }

Series channels(const std::string& name, const std::vector<double>& values) {
  Series series{name, {}, values};
  for (std::size_t c = 0; c < values.size(); ++c) series.x.push_back(static_cast<double>(c));
  return series;
}

void draw(const Commands& commands, const Path& folder) {
  for (const auto& [title, tensor] : panels) {
    const auto line = [&](const std::string& name, const Training& training) {
      return channels(name, weights_of(commands.train(training), std::string("bn1.") + tensor));
    };
    draw_chart({fmt::format("First batch norm: {}", title),
                "channel",
                title,
                {line("adversarial training", before), line("all tuned", all_tuned()),
                 line("γ and statistics tuned", scale_tuned())}},
               folder / (std::string("bn1-") + tensor));
  }
}

}  // namespace

Experiment figure1() {
  Experiment e{
      "figure1",
      "The first batch norm of an adversarially trained ResNet-18 with and without standard "
      "finetuning: cosine similarity, and a panel for each tensor",
      {"The panels are bn1-running_mean, bn1-running_var, bn1-weight and bn1-bias (.svg, "
       ".png and the values as .csv). The paper's β stays unchanged: see Table 9."},
      {},
      draw};
  for (const auto& [title, tensor] : panels) {
    e.cells.push_back(
        {title, "all tuned", Cosine{before, all_tuned(), std::string("bn1.") + tensor}});
    e.cells.push_back({title, "γ and statistics tuned",
                       Cosine{before, scale_tuned(), std::string("bn1.") + tensor}});
  }
  return e;
}

}  // namespace robmask::reproduce
