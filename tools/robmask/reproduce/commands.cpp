// Data, limits, and the commands that train.

#include "tools/robmask/reproduce/commands.h"

#include <algorithm>

#include "engine/check.h"
#include "tools/robmask/options/value.h"
#include "tools/robmask/reproduce/words.h"

namespace robmask::reproduce {

Commands::Commands(const ReproduceSettings& settings)
    : settings_(settings), scale_(scale_of(settings.scale)) {}

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
  if (settings_.common.limit_train) limits.train = *settings_.common.limit_train;
  if (settings_.common.limit_test) limits.test = *settings_.common.limit_test;
  return limits;
}

Job Commands::job(const std::string& kind, const std::string& name, Words words,
                  std::vector<Job> needs) const {
  if (settings_.common.precision)
    add(words, {"--precision", to_string(*settings_.common.precision)});
  add_data(words);
  Words decisive = words;
  for (const Job& need : needs) decisive.push_back(need.folder.filename().string());
  Job job{Path(settings_.common.out) / kind / (name + "-" + hash_of(decisive)), words,
          std::move(needs)};
  add_common(job.arguments);
  return job;
}

void Commands::add_data(Words& words) const {
  const CommonSettings& common = settings_.common;
  const auto given = [&](const char* name) { return std::ranges::count(common.given, name) > 0; };
  if (given("sample")) add(words, {"--sample", to_string(common.sample)});
  if (given("broken-images")) add(words, {"--broken-images", to_string(common.broken_images)});
  if (given("max-pixels")) add(words, "--max-pixels", common.max_pixels);
}

void Commands::add_common(Words& words) const {
  const CommonSettings& common = settings_.common;
  add(words, {"--device", common.device, "--json"});
  if (std::ranges::count(common.given, "threads") > 0) add(words, "--threads", common.threads);
  if (common.quiet) add(words, {"--quiet"});
}

Job Commands::train(const Training& t, Index seed) const {
  const std::string data = data_spec(t.data);
  Work work{.model = scale_.model(t.model), .width = scale_.width};
  if (data.starts_with("imagenet:")) work.side = 224;
  const Amount images = limits(work.model);
  work.batch = images.batch > 0 ? images.batch : t.batch;
  const Index epochs = scale_.epochs(t.epochs);
  const std::uint64_t number = settings_.common.seed + static_cast<std::uint64_t>(seed);

  std::string name = fmt::format("{}-{}{}-{}-{}ep", t.method, work.model, width_slug(work),
                                 data_name(data), epochs);
  Words words{"train", "--method", t.method};
  std::vector<Job> needs;
  if (t.base) {
    words[0] = "finetune";
    needs = {train(*t.base, seed)};
    name = t.base->method + "-then-" + name;
  } else {
    add(words, {"--model", work.model});
    if (has_width(work.model)) add(words, "--width", work.width);
  }
  add(words, {"--data", data});
  add(words, "--limit-train", images.train);
  add(words, "--limit-test", images.test);
  add(words, "--epochs", epochs);
  add(words, "--batch", work.batch);
  if (t.method != "standard") add(words, "--attack-steps", scale_.attack_steps);
  add(words, t.options);
  add(words, {"--seed", std::to_string(number)});
  for (const std::string& word : t.options) name += "-" + slug(word);

  Job result = job("runs", fmt::format("{}-seed{}", name, number), words, needs);
  if (t.base) add(result.arguments, {"--from", needs[0].folder.string()});
  add(result.arguments, {"--out", result.folder.string(), "--resume"});
  result.work = work;
  add_training(result.work, t, epochs, counts(data, images), scale_.attack_steps);
  return result;
}

}  // namespace robmask::reproduce
