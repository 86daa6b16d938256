// The commands that read something out of trained models.

#include <algorithm>

#include "tools/robmask/reproduce/commands.h"
#include "tools/robmask/reproduce/words.h"

namespace robmask::reproduce {

Job Commands::evaluate(const Accuracy& a, Index seed) const {
  const std::string data = data_spec(a.training.data);
  std::vector<Job> needs{train(a.training, seed)};
  std::string name = fmt::format("{}-{}", a.attack, title_of(needs[0]));
  Words words{"evaluate"}, from{"--from", needs[0].folder.string()};
  if (a.second) {
    needs.push_back(train(*a.second, seed));
    words = {"interpolate", "--p", fmt::format("{}", a.p)};
    name += fmt::format("-and-{}-p{}", title_of(needs[1]), a.p);
    from = {"--first", needs[0].folder.string(), "--second", needs[1].folder.string()};
  } else {
    add(words, {"--mask", a.mask});
    name += "-mask" + slug(a.mask);
  }
  Work work = needs[0].work;
  work.trained = work.attacked = 0;
  Amount images = limits(work.model);
  if (a.attack == "autoattack") {
    add(words, scale_.autoattack);
    if (scale_.autoattack_test > 0) images.test = scale_.autoattack_test;
  } else {
    add(words, {"--attack", a.attack});
    if (a.attack == "pgd") add(words, "--attack-steps", scale_.pgd_steps);
  }
  if (a.attack != "clean") {
    add(words, {"--eps", a.eps});
    name += "-eps" + slug(a.eps);
  }
  add(words, {"--data", data});
  add(words, "--limit-test", images.test);
  add(words, {"--seed", std::to_string(settings_.common.seed + static_cast<std::uint64_t>(seed))});

  Job result = job("evaluations", name, words, needs);
  add(result.arguments, from);
  add(result.arguments, {"--out", result.folder.string(), "--resume"});
  result.work = work;
  add_attack(result.work, a.attack, counts(data, images).test, scale_);
  return result;
}

Job Commands::features(const View& view, const std::string& layer) const {
  const std::string data = data_spec(view.training.data);
  const std::vector<Job> needs{train(view.training)};
  const Words words{"predict", "--mask", view.mask,      "--layer", layer,
                    "--data",  data,     "--limit-test", "1"};
  Job result =
      job("features", fmt::format("{}-{}-mask{}", slug(layer), title_of(needs[0]), slug(view.mask)),
          words, needs);
  add(result.arguments,
      {"--from", needs[0].folder.string(), "--logits", (result.folder / "logits.npy").string(),
       "--features", (result.folder / "features.npy").string()});
  return result;
}

std::vector<std::string> Commands::bench(const Work& work) const {
  // A processor's speed per image hardly depends on the batch, its time and memory do: as many pixels
  // as 64 images of CIFAR are enough.
  const Index enough = std::max<Index>(2, 64 * 32 * 32 / (work.side * work.side));
  const bool gpu = settings_.common.device != "cpu";
  Words words{"bench", "--workload", "train,pgd", "--model", work.model};
  add(words, "--batch", gpu ? work.batch : std::min(work.batch, enough));
  if (has_width(work.model)) add(words, "--width", work.width);
  if (settings_.common.precision)
    add(words, {"--precision", to_string(*settings_.common.precision)});
  add_common(words);
  return words;
}

std::vector<Job> Commands::jobs(const Reading& reading) const {
  struct Visitor {
    const Commands& commands;
    std::vector<Job> operator()(const Accuracy& a) const {
      std::vector<Job> jobs;
      for (Index seed = 0; seed < (a.repeated ? commands.scale_.seeds : 1); ++seed)
        jobs.push_back(commands.evaluate(a, seed));
      return jobs;
    }
    std::vector<Job> operator()(const Difference& d) const {
      std::vector<Job> jobs = (*this)(d.first);
      for (const Job& job : (*this)(d.second)) jobs.push_back(job);
      return jobs;
    }
    std::vector<Job> operator()(const Cosine& c) const {
      return {commands.train(c.before), commands.train(c.after)};
    }
    std::vector<Job> operator()(const MeanGap& gap) const { return (*this)(gap.cosines[0]); }
    std::vector<Job> operator()(const Parameters& p) const { return {commands.train(p.training)}; }
    std::vector<Job> operator()(const EpochSeconds& s) const {
      return {commands.train(s.training)};
    }
    std::vector<Job> operator()(const EpochRatio& r) const {
      return {commands.train(r.first.training), commands.train(r.second.training)};
    }
    std::vector<Job> operator()(const MaskedMaps& m) const {
      return {commands.features(m.a, m.layer), commands.features(m.b, m.layer)};
    }
  };
  return std::visit(Visitor{*this}, reading);
}

std::string Commands::left_out(const Reading& reading) const {
  const auto& strengths = scale_.autoattack_eps;
  const auto out = [&](const Accuracy& a) {
    return a.attack == "autoattack" && !strengths.empty() &&
           std::ranges::count(strengths, a.eps) == 0;
  };
  const auto* accuracy = std::get_if<Accuracy>(&reading);
  const auto* difference = std::get_if<Difference>(&reading);
  if (!(accuracy && out(*accuracy)) &&
      !(difference && (out(difference->first) || out(difference->second))))
    return "";
  return fmt::format("AutoAttack runs at ε = {} only at scale {}", fmt::join(strengths, ", "),
                     scale_.name);
}

}  // namespace robmask::reproduce
