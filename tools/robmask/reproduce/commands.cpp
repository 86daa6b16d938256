#include "tools/robmask/reproduce/commands.h"

#include <algorithm>
#include <span>

#include "data/files/fingerprint.h"
#include "engine/check.h"
#include "models/model.h"
#include "tools/robmask/options/value.h"

namespace robmask::reproduce {
namespace {

using Words = std::vector<std::string>;

void add(Words& words, const Words& more) { words.insert(words.end(), more.begin(), more.end()); }
/// A number of which 0 means that the option is left away.
void add(Words& words, const std::string& option, Index value) {
  if (value > 0) add(words, {option, std::to_string(value)});
}

/// A folder's name without the hash at its end.
std::string title_of(const Job& job) {
  const std::string name = job.folder.filename().string();
  return name.substr(0, name.rfind('-'));
}

/// A data set's images, or as many of them as a limit says that is not 0.
double training_images(const std::string& data, Index limit) {
  const Index all = data == "synthetic" ? 2000 : data.starts_with("imagenet:") ? 1'281'167 : 50'000;
  return static_cast<double>(limit > 0 ? std::min(limit, all) : all);
}
double test_images(const std::string& data, Index limit) {
  const Index all = data == "synthetic" ? 500 : data.starts_with("imagenet:") ? 50'000 : 10'000;
  return static_cast<double>(limit > 0 ? std::min(limit, all) : all);
}

/// How often an image passes through the network in an epoch: in each branch of the loss, and in
/// each step of the attacks of all but the clean branch.
Index training_passes(const Training& t, Index attack_steps) {
  if (t.method == "standard") return 1;
  const auto aux_eps = std::ranges::find(t.options, "--aux-eps");
  const Index attacked = aux_eps == t.options.end() ? 1 : 1 + std::ranges::count(aux_eps[1], ',');
  const bool has_clean = t.method != "pgd" && std::ranges::count(t.options, "adv") == 0;
  return has_clean + attacked * (1 + attack_steps);
}

}  // namespace

std::string Commands::data_spec(const std::string& name) const {
  if (scale_.embedded) return "synthetic";
  for (const std::string& spec : split_list(settings_.common.data))
    if (spec.starts_with(name + ":"))
      return name + ":" + std::filesystem::weakly_canonical(spec.substr(name.size() + 1)).string();
  throw InputError(
      fmt::format("--data: expected {}:DIR in the list, got \"{}\"", name, settings_.common.data));
}

Amount Commands::limits(const std::string& model) const {
  Amount limits = scale_.amount(model);
  limits.train = settings_.common.limit_train.value_or(limits.train);
  limits.test = settings_.common.limit_test.value_or(limits.test);
  return limits;
}

std::string Commands::seed_word(Index seed) const {
  return std::to_string(settings_.common.seed + static_cast<std::uint64_t>(seed));
}

Job Commands::job(const Path& kind_and_name, Words words, std::vector<Job> needs) const {
  const CommonSettings& common = settings_.common;
  const auto given = [&](const char* name) { return std::ranges::count(common.given, name) > 0; };
  if (common.precision) add(words, {"--precision", to_string(*common.precision)});
  if (given("sample")) add(words, {"--sample", to_string(common.sample)});
  if (given("broken-images")) add(words, {"--broken-images", to_string(common.broken_images)});
  if (given("max-pixels")) add(words, "--max-pixels", common.max_pixels);
  std::string decisive = fmt::format("{}\n", fmt::join(words, "\n"));
  for (const Job& need : needs) decisive += need.folder.filename().string() + "\n";
  ShortFingerprint hash;
  hash.add(std::as_bytes(std::span(decisive)));
  // What no result depends on.
  add(words, {"--device", common.device, "--json"});
  if (given("threads")) add(words, "--threads", common.threads);
  if (common.quiet) add(words, {"--quiet"});
  return {Path(common.out) / (kind_and_name.string() + "-" + hash.digits()), words, needs};
}

Job Commands::train(const Training& t, Index seed) const {
  const std::string data = data_spec(t.data), model = scale_.model(t.model);
  const Amount images = limits(model);
  const Index epochs = scale_.epochs(t.epochs);
  std::string name = fmt::format("{}-{}", t.method, model);
  if (has_width(model)) name += fmt::format("-w{}", scale_.width);
  name += fmt::format("-{}-{}ep", data.substr(0, data.find(':')), epochs);
  Words words{"train", "--method", t.method};
  std::vector<Job> needs;
  if (t.base) {
    words[0] = "finetune";
    needs = {train(*t.base, seed)};
    name = t.base->method + "-then-" + name;
  } else {
    add(words, {"--model", model});
    if (has_width(model)) add(words, "--width", scale_.width);
  }
  add(words, {"--data", data});
  add(words, "--limit-train", images.train);
  add(words, "--limit-test", images.test);
  add(words, "--epochs", epochs);
  add(words, "--batch", images.batch > 0 ? images.batch : t.batch);
  if (t.method != "standard") add(words, "--attack-steps", scale_.attack_steps);
  add(words, t.options);
  add(words, {"--seed", seed_word(seed)});
  for (const std::string& word : t.options) name += "-" + slug(word);

  Job result = job(Path("runs") / (name + "-seed" + seed_word(seed)), words, needs);
  if (t.base) add(result.arguments, {"--from", needs[0].folder.string()});
  add(result.arguments, {"--out", result.folder.string(), "--resume"});
  const Index passes = epochs * training_passes(t, scale_.attack_steps);
  result.passes = training_images(data, images.train) * static_cast<double>(passes);
  return result;
}

Job Commands::evaluate(const Source& s, Index seed) const {
  const std::string data = data_spec(s.training.data);
  std::vector<Job> needs{train(s.training, seed)};
  std::string name = fmt::format("{}-{}", s.attack, title_of(needs[0]));
  Words words{"evaluate"}, from{"--from", needs[0].folder.string()};
  if (s.second) {
    needs.push_back(train(*s.second, seed));
    words = {"interpolate", "--p", fmt::format("{}", s.p)};
    name += fmt::format("-and-{}-p{}", title_of(needs[1]), s.p);
    from = {"--first", needs[0].folder.string(), "--second", needs[1].folder.string()};
  } else {
    add(words, {"--mask", s.mask});
    name += "-mask" + slug(s.mask);
  }
  Amount images = limits(scale_.model(s.training.model));
  Index steps = 0;
  if (s.attack == "autoattack") {
    add(words, scale_.autoattack);
    steps = scale_.autoattack_steps;
    if (scale_.autoattack_test > 0) images.test = scale_.autoattack_test;
  } else {
    add(words, {"--attack", s.attack});
    if (s.attack == "pgd") add(words, "--attack-steps", steps = scale_.pgd_steps);
  }
  if (s.attack != "clean") {
    add(words, {"--eps", s.eps});
    name += "-eps" + slug(s.eps);
  }
  add(words, {"--data", data});
  add(words, "--limit-test", images.test);
  add(words, {"--seed", seed_word(seed)});

  Job result = job(Path("evaluations") / name, words, needs);
  add(result.arguments, from);
  add(result.arguments, {"--out", result.folder.string(), "--resume"});
  result.passes = test_images(data, images.test) * static_cast<double>(1 + steps);
  return result;
}

Job Commands::features(const Source& s, const std::string& norm) const {
  const std::vector<Job> needs{train(s.training)};
  const std::string name =
      fmt::format("{}-{}-mask{}", slug(norm), title_of(needs[0]), slug(s.mask));
  Job result = job(Path("features") / name,
                   {"predict", "--mask", s.mask, "--layer", norm, "--data",
                    data_spec(s.training.data), "--limit-test", "1"},
                   needs);
  add(result.arguments,
      {"--from", needs[0].folder.string(), "--logits", (result.folder / "logits.npy").string(),
       "--features", (result.folder / "features.npy").string()});
  result.passes = 1;
  return result;
}

std::vector<Job> Commands::jobs(const Reading& reading) const {
  std::vector<Job> jobs;
  for (const Source& source : reading.of) switch (reading.measure) {
      case Measure::accuracy:
        for (Index seed = 0; seed < (source.repeated ? scale_.seeds : 1); ++seed)
          jobs.push_back(evaluate(source, seed));
        break;
      case Measure::blocked:
      case Measure::magnified: jobs.push_back(features(source, reading.tensors[0])); break;
      default: jobs.push_back(train(source.training));
    }
  return jobs;
}

}  // namespace robmask::reproduce
