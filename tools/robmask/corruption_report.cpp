#include "tools/robmask/corruption_report.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "attacks/evaluate.h"
#include "attacks/intervals.h"
#include "data/corruptions.h"
#include "tools/robmask/load_data.h"
#include "training/images.h"
#include "training/terminal.h"

namespace robmask {

namespace {

constexpr std::size_t severities = 5;

/// Images and correctly classified ones at severities 1 to 5: [n, [hits]].
Json count_hits(const EvaluationSettings& s, const LoadedModel& from, double p,
                const std::string& corruption) {
  auto splits = load_corruption(s.corruptions, corruption, data_options(s.common, false, true),
                                from.info.spec.classes);
  const Index n = splits.front().size();
  Json hits = Json::array();
  Progress progress(fmt::format("{}, mask {}", corruption, p), n * std::ssize(splits), "image");
  for (Split& split : splits) {
    const Images images(from.model->machine(), std::move(split));
    const auto before = static_cast<Index>(hits.size()) * n;
    const auto on_batch = [&](Index done) {
      stop_if_interrupted();
      progress.update(before + done);
    };
    const Verdicts verdicts = clean_verdicts(
        from.model->at(p), images.labelled(from.model->dtype()), s.batch, on_batch, warn);
    hits.push_back(std::ranges::count(verdicts, true, &Verdict::clean));
  }
  return {n, hits};
}

/// What count_hits() noted in the journal: images of a severity, and hits by severity.
std::pair<Index, std::vector<Index>> hits_from(const Journal& journal, const std::string& key) {
  Index n = 0;
  std::vector<Index> hits;
  journal.recall(key, [&](const Json& noted) {
    n = whole_number(noted.at(0), 1, std::numeric_limits<Index>::max());
    hits.clear();
    for (const Json& h : noted.at(1)) hits.push_back(whole_number(h, 0, n));
    require(hits.size() == severities, "{} severities, not {}", hits.size(), severities);
  });
  return {n, hits};
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

Json corruption_report(const EvaluationSettings& s, const std::string& name,
                       const LoadedModel& model, double p, Journal& journal) {
  Index images = 0;
  Json rows = Json::array();
  std::vector<double> means;
  for (const std::string& corruption : corruptions_in(s.corruptions)) {
    const std::string key = fmt::format("{}|mask {}|corruption {}", name, p, corruption);
    if (journal.known(key).empty()) journal.add(key, count_hits(s, model, p, corruption));
    const auto [n, hits] = hits_from(journal, key);
    Json intervals = Json::array();
    std::vector<double> accuracies;
    for (const Index h : hits) {
      accuracies.push_back(static_cast<double>(h) / static_cast<double>(n));
      intervals.push_back(wilson_interval(h, n));
    }
    means.push_back(mean_of(accuracies));
    rows.push_back({{"corruption", corruption},
                    {"accuracy", accuracies},
                    {"interval", intervals},
                    {"mean_accuracy", means.back()}});
    require(images == 0 || images == n,
            "--corruptions {}: expected files of one length, {} differs", s.corruptions,
            corruption);
    images = n;
  }
  return {{"mask", p}, {"n", images}, {"mean_accuracy", mean_of(means)}, {"corruptions", rows}};
}

}  // namespace robmask
