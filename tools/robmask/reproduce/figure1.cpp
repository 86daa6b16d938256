// Figure 1: the first batch norm of an adversarially trained network before and after standard
// finetuning (section 3.1): four panels.

#include "data/files/chart.h"
#include "tools/robmask/reproduce/experiments.h"
#include "tools/robmask/reproduce/findings.h"

namespace robmask::reproduce {

namespace {

const struct {
  const char *title, *tensor;
  double paper;  // the cosine that Table 9 prints for this norm
} panels[]{{"running mean μ", "running_mean", 1.0},
           {"running variance σ²", "running_var", 1.0},
           {"weight γ", "weight", 0.7620},
           {"bias β", "bias", 1.0}};

const Training before{.method = "pgd"};
Training all_tuned() { return finetuned(before, "standard"); }
Training scale_tuned() { return finetuned(before, "standard", "gamma,stats"); }

Series channels(const std::string& name, const std::vector<double>& values) {
  Series series{.name = name, .x = {}, .y = values, .joined = false};
  for (std::size_t c = 0; c < values.size(); ++c) series.x.push_back(static_cast<double>(c));
  return series;
}

bool draw_panels(const Experiment&, const Commands& commands, const Path& folder) {
  bool drawn = true;
  for (const auto& [title, tensor, paper] : panels) {
    Chart chart{fmt::format("First batch norm: {}", title), "channel", title, {}};
    for (const auto& [name, training] : {std::pair("adversarial training", before),
                                         {"all tuned", all_tuned()},
                                         {"γ and statistics tuned", scale_tuned()}}) {
      const Job job = commands.train(training);
      if (job.done())
        chart.series.push_back(channels(name, weights_of(job, std::string("bn1.") + tensor)));
    }
    drawn &= chart.series.empty() || draw_chart(chart, folder / (std::string("bn1-") + tensor));
  }
  return drawn;
}

}  // namespace

Experiment figure1() {
  Experiment e{
      "figure1",
      "The first batch norm of an adversarially trained ResNet-18 with and without standard "
      "finetuning: cosine similarity, and a panel for each tensor",
      {"The paper's β stays unchanged: see Table 9, whose row 0 are the paper's numbers here."},
      {},
      {},
      draw_panels};
  for (const auto& [title, tensor, paper] : panels) {
    const std::string name = std::string("bn1.") + tensor;
    e.figures.push_back(
        {fmt::format("bn1-{}.svg", tensor),
         fmt::format(
             "The {} of every channel of the first batch norm, before finetuning and after. "
             "Marks inside each other are equal values: there finetuning has changed "
             "nothing. The paper finds that for all but γ.",
             title),
         "The paper draws this panel, but prints only its cosine, which stands in the table."});
    e.cells.push_back({title, "all tuned", Cosine{before, all_tuned(), name}, paper});
    e.cells.push_back(
        {title, "γ and statistics tuned", Cosine{before, scale_tuned(), name}, paper});
  }
  return e;
}

}  // namespace robmask::reproduce
