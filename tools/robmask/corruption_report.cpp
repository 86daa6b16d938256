#include "tools/robmask/corruption_report.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

#include "attacks/evaluate.h"
#include "attacks/intervals.h"
#include "data/corruptions.h"
#include "engine/shard_sum.h"
#include "tools/robmask/alike.h"
#include "tools/robmask/load_data.h"
#include "training/images.h"
#include "training/terminal.h"

namespace robmask {

namespace {

constexpr std::size_t severities = 5;

/// Images of a severity, and the correctly classified ones at severities 1 to 5.
struct Hits {
  Index n = 0;
  std::vector<Index> at = {};

  Json json() const { return {n, at}; }
  /// InputError, or Json's exceptions, for what is none.
  static Hits from(const Json& noted) {
    Hits hits{whole_number(noted.at(0), 1, std::numeric_limits<Index>::max())};
    for (const Json& h : noted.at(1)) hits.at.push_back(whole_number(h, 0, hits.n));
    require(hits.at.size() == severities, "{} severities, not {}", hits.at.size(), severities);
    return hits;
  }
};

Hits count_hits(const EvaluationSettings& s, const LoadedModel& from, double p,
                const std::string& corruption, Processes& processes) {
  auto splits = load_corruption(s.corruptions, corruption, data_options(s.common, false, true),
                                from.info.spec.classes);
  if (processes.count() > 1) {
    Json prints;
    for (const Split& split : splits) prints.push_back(split.fingerprint());
    require_alike(processes, Json::object(), {{"the images of " + corruption, prints}}, "");
  }
  Hits hits{splits.front().size()};
  const Index own = shards_of(hits.n, processes.rank(), processes.count()).count();
  Progress progress(fmt::format("{}, mask {}", corruption, p), own * std::ssize(splits), "image");
  for (Split& split : splits) {
    const Images images(from.model->machine(), std::move(split));
    const Index before = std::ssize(hits.at) * own;
    const auto on_batch = [&](Index done) {
      stop_if_interrupted();
      progress.update(before + done);
    };
    const Verdicts verdicts =
        clean_verdicts(from.model->at(p), images.labelled(from.model->dtype()), s.batch, on_batch,
                       warn, several(processes));
    hits.at.push_back(std::ranges::count(verdicts, true, &Verdict::clean));
  }
  return hits;
}

/// What the journal knows of it, if anything.
std::optional<Hits> recall(const Journal& journal, const std::string& key) {
  std::optional<Hits> hits;
  journal.recall(key, [&](const Json& noted) { hits = Hits::from(noted); });
  return hits;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

Json corruption_report(const EvaluationSettings& s, const std::string& name,
                       const LoadedModel& model, double p, Journal* journal, Processes& processes) {
  Index images = 0;
  Json rows = Json::array();
  std::vector<double> means;
  for (const std::string& corruption : corruptions_in(s.corruptions)) {
    const std::string key = fmt::format("{}|mask {}|corruption {}", name, p, corruption);
    std::optional<Hits> known;
    processes.first_does([&] { known = recall(*journal, key); });
    const Json noted = Json::parse(processes.broadcast((known ? known->json() : Json()).dump()));
    const auto [n, hits] =
        noted.is_null() ? count_hits(s, model, p, corruption, processes) : Hits::from(noted);
    if (noted.is_null()) processes.first_does([&] { journal->add(key, {n, hits}); });
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
