#include "tools/robmask/options/groups.h"

#include "engine/threads.h"
#include "models/model.h"

namespace robmask {

void add_common(Options& o, CommonSettings& c) {
  o.group("Common");
  o.add("data", c.data,
        "synthetic, cifar10:DIR, cifar100:DIR, folder:DIR, imagenet:DIR or "
        "npy:IMAGES.npy[,LABELS.npy]",
        {}, c.data.empty() ? "the run's own" : c.data);
  o.add("limit-train", c.limit_train, "use N training images", from_to(1, largest), "all");
  o.add("limit-test", c.limit_test, "use N test images", from_to(1, largest),
        c.limit_test ? std::to_string(*c.limit_test) : "all");
  o.add("sample", c.sample, "which N images: the first, as many of each class, or drawn by --seed");
  o.add("broken-images", c.broken_images, "stop the run, or skip them with a warning");
  o.add("max-pixels", c.max_pixels, "an image file of more is broken", from_to(1, largest));
  o.add("device", c.device, "auto, cpu, cuda or cuda:N");
  o.add("threads", c.threads, "threads on the CPU", from_to(1, most_threads), "all cores");
  o.add("seed", c.seed, "drives initialization, order, crops, starts and strengths");
  o.add("precision", c.precision, "of the arithmetic; tf32 and bf16 on CUDA", {},
        "fp32; on CUDA bf16 for train, finetune and bench");
  o.add("out", c.out, "where results go");
  o.flag("json", c.json, "print a machine-readable result");
  o.flag("quiet", c.quiet, "no progress on standard error");
}

void add_batch(Options& o, Index& batch) {
  o.add("batch", batch, "images at once", from_to(1, 1'000'000));
}

void add_replay(Options& o, bool& replay) {
  o.add("replay", replay, "on CUDA, record an iteration once and replay it as a graph: on, off");
}

void add_network(Options& o, ModelSettings& m, const std::string& default_model,
                 const std::string& default_width) {
  o.group("Model");
  o.add("model", m.model, fmt::format("one of {}", fmt::join(model_names(), ", ")), {},
        default_model);
  o.add("width", m.width, "channels of the first layer of resnet18 and preact18", from_to(1, 4096),
        default_width);
}

void add_image_size(Options& o, ModelSettings& m) {
  o.add("image-size", m.image_size, "side of the images that a folder's files become",
        from_to(8, 4096), "the files' own up to 64, else 224");
}

void add_class_match(Options& o, ModelSettings& m) {
  o.add("match-classes", m.match_classes, "how labels of the images find the model's classes");
}

void add_file_model(Options& o, ModelSettings& m) {
  o.group("For weights without metadata");
  o.add("model", m.model, fmt::format("one of {}", fmt::join(model_names(), ", ")));
  o.add("width", m.width, "channels of the first layer of resnet18 and preact18", from_to(1, 4096));
  o.add("masks", m.masks, "masks k", from_to(1, 1000));
  o.add("bn-stats", m.bn_stats, "running statistics");
  o.add("normalize", m.normalize, "of pixels, inside the model");
  add_image_size(o, m);
  add_class_match(o, m);
}

void add_attack(Options& o, AttackSettings& a) {
  o.add("norm", a.norm, "of the perturbation");
  add_iterations(o, a);
}

void add_iterations(Options& o, AttackSettings& a) {
  o.add("attack-steps", a.steps, "iterations of the attack", from_to(0, largest));
  o.add("step-size", a.step_size, "a number or fraction; eps/5 is a fifth of the strength in force",
        at_least(0));
  o.add("start", a.start, "uniform in the ball, or the image");
}

void check_common(const CommonSettings& c) {
  const std::string& d = c.device;
  const bool numbered = d.starts_with("cuda:") && d.size() > 5 && d.size() < 9 &&
                        d.find_first_not_of("0123456789", 5) == std::string::npos;
  require(d == "auto" || d == "cpu" || d == "cuda" || numbered,
          "--device: expected auto, cpu, cuda or cuda:N, got \"{}\"", d);
}

void check_model(const ModelSettings& m) {
  const std::string name = m.model.value_or("resnet18");
  require(std::ranges::count(model_names(), name) == 1, "--model: expected one of {}, got \"{}\"{}",
          fmt::join(model_names(), ", "), name, suggestion(name, model_names()));
  require(!m.width || !m.model || has_width(name),
          "--width: {} has one width only; it scales resnet18 and preact18", name);
}

void check_eps(const std::string& option, const Strength& eps, Norm norm) {
  require(norm != Norm::linf || eps.value <= 1,
          "--{}: expected at most 1 with --norm linf, since pixels lie in [0,1], got \"{}\"",
          option, eps.text);
}

}  // namespace robmask
