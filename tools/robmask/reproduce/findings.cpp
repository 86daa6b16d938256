#include "tools/robmask/reproduce/findings.h"

#include <cmath>
#include <numeric>

#include "data/files/csv.h"
#include "data/files/json.h"
#include "data/files/npy.h"
#include "data/files/safetensors.h"
#include "engine/check.h"

namespace robmask::reproduce {

namespace {

/// The only result that an evaluation printed.
Finding accuracy_of(const Accuracy& accuracy, const Job& job) {
  const Json report = read_json(job.result());
  const Json& r = report.at("results").at(0);
  const bool clean = accuracy.attack == "clean";
  const Json& interval = r.at(clean ? "clean_interval" : "interval");
  return {.value = 100 * r.at(clean ? "clean_accuracy" : "robust_accuracy").get<double>(),
          .interval = {{100 * interval[0].get<double>(), 100 * interval[1].get<double>()}},
          .n = r.at("n").get<Index>()};
}

Finding mean_of(const std::vector<Finding>& runs) {
  if (runs.size() == 1) return runs[0];
  const auto n = static_cast<double>(runs.size());
  double mean = 0, squares = 0;
  for (const Finding& run : runs) mean += run.value / n;
  for (const Finding& run : runs) squares += (run.value - mean) * (run.value - mean);
  return {.value = mean, .std = std::sqrt(squares / (n - 1)), .n = static_cast<Index>(runs.size())};
}

/// All the runs of an accuracy as one number.
Finding find_accuracy(const Accuracy& accuracy, const Commands& commands) {
  std::vector<Finding> runs;
  for (const Job& job : commands.jobs(accuracy)) runs.push_back(accuracy_of(accuracy, job));
  return mean_of(runs);
}

/// a − b of independent measurements. The interval is Newcombe's (1998, method 10), from Wilson's.
Finding difference_of(const Finding& a, const Finding& b) {
  Finding d{.value = a.value - b.value, .n = a.n};
  if (a.std && b.std) d.std = std::hypot(*a.std, *b.std);
  if (!a.interval || !b.interval) return d;
  const auto [a_low, a_high] = *a.interval;
  const auto [b_low, b_high] = *b.interval;
  d.interval = {{d.value - std::hypot(a.value - a_low, b_high - b.value),
                 d.value + std::hypot(a_high - a.value, b.value - b_low)}};
  return d;
}

Finding find_maps(const MaskedMaps& m, const std::vector<Job>& jobs) {
  const FeatureMaps a = feature_maps(jobs[0].folder / "features.npy"),
                    b = feature_maps(jobs[1].folder / "features.npy");
  Finding finding{.n = a.channels};
  for (Index c = 0; c < a.channels; ++c)
    finding.value += m.magnified ? magnified(a, b, c) : blocked(a, b, c);
  return finding;
}

Finding find_log_mean(const LogMean& m, const Job& job) {
  const Path log = job.folder / "log.csv";
  const CsvTable table = read_csv(log);
  const std::size_t column = table.column(m.column, log.string());
  require(!table.rows.empty(), "{}: expected an epoch, found none", log.string());
  Finding finding{.n = static_cast<Index>(table.rows.size())};
  for (const CsvRow& row : table.rows)
    finding.value += std::stod(row[column]) / static_cast<double>(table.rows.size());
  return finding;
}

}  // namespace

std::vector<double> weights_of(const Job& training, const std::string& tensor) {
  return read_safetensors(training.folder / "model.safetensors").values<double>(tensor);
}

double cosine(const std::vector<double>& a, const std::vector<double>& b) {
  expect(a.size() == b.size(), "vectors of {} and {} numbers", a.size(), b.size());
  if (a == b) return 1;
  const auto dot = [](const auto& x, const auto& y) {
    return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
  };
  return dot(a, b) / std::sqrt(dot(a, a) * dot(b, b));
}

double FeatureMaps::mean(Index channel) const {
  const auto first = values.begin() + channel * height * width;
  return std::accumulate(first, first + height * width, 0.0) / static_cast<double>(height * width);
}

bool FeatureMaps::black(Index channel) const { return mean(channel) == 0; }

FeatureMaps feature_maps(const Path& file) {
  const HostTensor array = read_npy(file);  // 1 C H W
  require(array.shape.size() == 4 && array.shape[0] == 1,
          "{}: expected the feature maps of one image, got shape {}", file.string(),
          to_string(array.shape));
  return {array.shape[1], array.shape[2], array.shape[3], array.to<double>(file.string())};
}

bool blocked(const FeatureMaps& a, const FeatureMaps& b, Index channel) {
  return !a.black(channel) && b.black(channel);
}

bool magnified(const FeatureMaps& a, const FeatureMaps& b, Index channel) {
  return !b.black(channel) && b.mean(channel) >= 2 * a.mean(channel);
}

Finding find(const Reading& reading, const Commands& commands) {
  if (const auto* accuracy = std::get_if<Accuracy>(&reading))
    return find_accuracy(*accuracy, commands);
  if (const auto* d = std::get_if<Difference>(&reading))
    return difference_of(find_accuracy(d->first, commands), find_accuracy(d->second, commands));
  const std::vector<Job> jobs = commands.jobs(reading);
  if (const auto* c = std::get_if<Cosine>(&reading)) {
    const std::vector<double> before = weights_of(jobs[0], c->tensor);
    return {.value = cosine(before, weights_of(jobs[1], c->tensor)),
            .n = static_cast<Index>(before.size())};
  }
  if (const auto* log = std::get_if<LogMean>(&reading)) return find_log_mean(*log, jobs[0]);
  return find_maps(std::get<MaskedMaps>(reading), jobs);
}

}  // namespace robmask::reproduce
