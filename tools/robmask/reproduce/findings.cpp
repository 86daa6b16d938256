#include "tools/robmask/reproduce/findings.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "data/files/csv.h"
#include "data/files/json.h"
#include "data/files/npy.h"
#include "data/files/safetensors.h"
#include "engine/check.h"

namespace robmask::reproduce {
namespace {

double per_cent(const Json& share) {
  require(share.is_number() && 0 <= share.get<double>() && share.get<double>() <= 1,
          "expected a share of the images, got {}", printable(json_line(share)));
  return 100 * share.get<double>();
}

/// The only result that an evaluation printed.
Finding accuracy_of(const Source& source, const Job& job) {
  const Json report = read_json(job.result());
  const auto refuse = [&](const std::exception& why) {
    throw InputError(
        fmt::format("{}: expected the result of an evaluation: {}; remove the file to "
                    "evaluate again",
                    job.result().string(), why.what()));
  };
  try {
    const Json& r = report.at("results").at(0);
    const bool clean = source.attack == "clean";
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

/// A source's accuracy over its jobs, one a seed.
Finding mean_accuracy(const Source& source, std::span<const Job> jobs) {
  std::vector<Finding> runs;
  for (const Job& job : jobs) runs.push_back(accuracy_of(source, job));
  if (runs.size() == 1) return runs[0];
  const auto n = static_cast<double>(runs.size());
  double mean = 0, squares = 0;
  for (const Finding& run : runs) mean += run.value / n;
  for (const Finding& run : runs) squares += (run.value - mean) * (run.value - mean);
  return {.value = mean, .std = std::sqrt(squares / (n - 1)), .n = static_cast<Index>(runs.size())};
}

/// How many maps have met that fate.
Finding find_maps(Fate wanted, const std::vector<Job>& jobs) {
  const auto [a, b] = two_feature_maps(jobs[0], jobs[1]);
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

Finding find_cosine(const std::string& tensor, const std::vector<Job>& jobs) {
  const std::vector<double> before = weights_of(jobs[0], tensor),
                            after = weights_of(jobs[1], tensor);
  require(before.size() == after.size(), "{}: {}: expected {} numbers, as {} holds, got {}",
          jobs[1].folder.string(), tensor, before.size(), jobs[0].folder.string(), after.size());
  return {.value = cosine(before, after), .n = static_cast<Index>(before.size())};
}

Finding find_gap(const Reading& gap, const std::vector<Job>& jobs) {
  Finding finding{.n = static_cast<Index>(gap.tensors.size())};
  for (std::size_t i = 0; i < gap.tensors.size(); ++i)
    finding.value += std::abs(find_cosine(gap.tensors[i], jobs).value - gap.papers[i]) /
                     static_cast<double>(gap.tensors.size());
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
  const std::vector<Job> jobs = commands.jobs(reading);
  const bool two = reading.of.size() == 2;
  switch (reading.measure) {
    case Measure::accuracy: {
      const std::size_t seeds = jobs.size() / reading.of.size();
      const Finding first = mean_accuracy(reading.of[0], std::span(jobs).first(seeds));
      if (!two) return first;
      return difference_of(first, mean_accuracy(reading.of[1], std::span(jobs).subspan(seeds)));
    }
    case Measure::parameters: return find_parameters(jobs[0]);
    case Measure::seconds: {
      Finding first = find_seconds(jobs[0]);
      if (two) first.value /= find_seconds(jobs[1]).value;
      return first;
    }
    case Measure::cosine: return find_cosine(reading.tensors[0], jobs);
    case Measure::gap: return find_gap(reading, jobs);
    case Measure::blocked: return find_maps(Fate::blocked, jobs);
    case Measure::magnified: return find_maps(Fate::magnified, jobs);
  }
  throw std::logic_error("a measure that nobody takes");
}

}  // namespace robmask::reproduce
