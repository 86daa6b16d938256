#include "tools/robmask/reproduce/findings.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "data/files/csv.h"
#include "data/files/json.h"
#include "data/files/npy.h"
#include "data/files/safetensors.h"
#include "engine/check.h"
#include "tools/robmask/reproduce/welch.h"

namespace robmask::reproduce {

namespace {

double per_cent(const Json& share) {
  require(share.is_number() && 0 <= share.get<double>() && share.get<double>() <= 1,
          "expected a share of the images, got {}", printable(json_line(share)));
  return 100 * share.get<double>();
}

/// The only result that an evaluation printed.
Finding accuracy_of(const Accuracy& accuracy, const Job& job) {
  const Json report = read_json(job.result());
  const auto refuse = [&](const std::exception& why) {
    throw InputError(
        fmt::format("{}: expected the result of an evaluation: {}; remove the file to "
                    "evaluate again",
                    job.result().string(), why.what()));
  };
  try {
    const Json& r = report.at("results").at(0);
    const bool clean = accuracy.attack == "clean";
    const Json& interval = r.at(clean ? "clean_interval" : "interval");
    return {.value = per_cent(r.at(clean ? "clean_accuracy" : "robust_accuracy")),
            .interval = {{per_cent(interval.at(0)), per_cent(interval.at(1))}},
            .n = whole_number(r.at("n"), 1, std::numeric_limits<Index>::max())};
  } catch (const InputError& error) {
    refuse(error);
  } catch (const Json::exception& error) {
    refuse(error);
  }
  return {};
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

/// a − b of independent measurements. The interval is Newcombe's (1998, method 10), from Wilson's;
/// of means over seeds, Welch's.
Finding difference_of(const Finding& a, const Finding& b) {
  Finding d{.value = a.value - b.value, .n = a.n};
  if (a.std && b.std) {
    const double half = welch_half_width({*a.std, a.n}, {*b.std, b.n});
    d.interval = {{d.value - half, d.value + half}};
  }
  if (!a.interval || !b.interval) return d;
  const auto [a_low, a_high] = *a.interval;
  const auto [b_low, b_high] = *b.interval;
  d.interval = {{d.value - std::hypot(a.value - a_low, b_high - b.value),
                 d.value + std::hypot(a_high - a.value, b.value - b_low)}};
  return d;
}

Finding find_maps(const MaskedMaps& m, const std::vector<Job>& jobs) {
  const auto [a, b] = two_feature_maps(jobs[0], jobs[1]);
  const Fate wanted = m.magnified ? Fate::magnified : Fate::blocked;
  Finding finding{.n = a.shape.c};
  for (Index c = 0; c < a.shape.c; ++c) finding.value += fate_of(a.means[c], b.means[c]) == wanted;
  return finding;
}

Finding find_seconds(const Job& job) {
  const Path log = job.folder / "log.csv";
  const CsvTable table = read_csv(log);
  require(!table.rows.empty(), "{}: expected an epoch, found none", log.string());
  std::vector<double> seconds;
  for (const CsvRow& row : table.rows)
    seconds.push_back(table.number(row, "seconds", log.string()).value_or(0));
  std::ranges::sort(seconds);
  const std::size_t n = seconds.size();
  return {.value = (seconds[(n - 1) / 2] + seconds[n / 2]) / 2, .n = static_cast<Index>(n)};
}

Finding find_cosine(const Cosine& c, const std::vector<Job>& jobs) {
  const std::vector<double> before = weights_of(jobs[0], c.tensor),
                            after = weights_of(jobs[1], c.tensor);
  require(before.size() == after.size(), "{}: {}: expected {} numbers, as {} holds, got {}",
          jobs[1].folder.string(), c.tensor, before.size(), jobs[0].folder.string(), after.size());
  return {.value = cosine(before, after), .n = static_cast<Index>(before.size())};
}

Finding find_gap(const MeanGap& gap, const std::vector<Job>& jobs) {
  Finding finding{.n = static_cast<Index>(gap.cosines.size())};
  for (std::size_t i = 0; i < gap.cosines.size(); ++i)
    finding.value += std::abs(find_cosine(gap.cosines[i], jobs).value - gap.papers[i]) /
                     static_cast<double>(gap.cosines.size());
  return finding;
}

/// Batch norm's buffers are no parameters.
Finding find_parameters(const Job& training) {
  Finding finding{.n = 1};
  for (const auto& [name, tensor] : read_safetensors(training.folder / "model.safetensors").tensors)
    if (name.find(".running_") == std::string::npos && !name.ends_with("num_batches_tracked"))
      finding.value += static_cast<double>(tensor.count());
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

FeatureMaps feature_maps(const Path& file) {
  const HostTensor array = read_npy(file);  // 1 C H W
  require(array.shape.size() == 4 && array.shape[0] == 1 && array.count() > 0,
          "{}: expected the feature maps of one image, got shape {}", file.string(),
          to_string(array.shape));
  const Shape shape{1, array.shape[2], array.shape[3], array.shape[1]};
  const std::vector<double> values = array.to<double>(file.string());
  return FeatureMaps(
      shape, [&](Index c, Index y, Index x) { return values[(c * shape.h + y) * shape.w + x]; });
}

std::pair<FeatureMaps, FeatureMaps> two_feature_maps(const Job& first, const Job& second) {
  const auto file_of = [](const Job& job) { return job.folder / "features.npy"; };
  std::pair maps{feature_maps(file_of(first)), feature_maps(file_of(second))};
  require(maps.first.shape == maps.second.shape,
          "{}: expected feature maps of {}, as {} holds, got {}", file_of(second).string(),
          to_string(maps.first.shape), file_of(first).string(), to_string(maps.second.shape));
  return maps;
}

Finding find(const Reading& reading, const Commands& commands) {
  struct Visitor {
    const Commands& commands;
    const std::vector<Job> jobs;
    Finding operator()(const Accuracy& a) const { return find_accuracy(a, commands); }
    Finding operator()(const Difference& d) const {
      return difference_of(find_accuracy(d.first, commands), find_accuracy(d.second, commands));
    }
    Finding operator()(const Cosine& c) const { return find_cosine(c, jobs); }
    Finding operator()(const MeanGap& gap) const { return find_gap(gap, jobs); }
    Finding operator()(const Parameters&) const { return find_parameters(jobs[0]); }
    Finding operator()(const EpochSeconds&) const { return find_seconds(jobs[0]); }
    Finding operator()(const EpochRatio&) const {
      const Finding first = find_seconds(jobs[0]), second = find_seconds(jobs[1]);
      return {.value = first.value / second.value, .n = first.n};
    }
    Finding operator()(const MaskedMaps& m) const { return find_maps(m, jobs); }
  };
  return std::visit(Visitor{commands, commands.jobs(reading)}, reading);
}

std::optional<Finding> found(const Reading& reading, const Commands& commands) {
  const std::vector<Job> jobs = commands.jobs(reading);
  if (!std::ranges::all_of(jobs, &Job::done)) return {};
  return find(reading, commands);
}

double low_of(const Finding& f) { return f.interval ? (*f.interval)[0] : f.value; }
double high_of(const Finding& f) { return f.interval ? (*f.interval)[1] : f.value; }

void add_point(Series& series, double x, const Finding& y) {
  series.x.push_back(x);
  series.y.push_back(y.value);
  series.low.push_back(low_of(y));
  series.high.push_back(high_of(y));
}

}  // namespace robmask::reproduce
