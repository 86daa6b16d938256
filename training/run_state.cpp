#include "training/run_state.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "data/batches.h"
#include "training/metadata.h"
#include "training/terminal.h"
#include "training/weights.h"

namespace robmask {

namespace {

constexpr const char* format = "robmask state";
constexpr const char* images_key = "training_images";
constexpr const char* fingerprint_key = "training_images_fingerprint";

HostTensor stored(const Tensor& t) {
  const Shape& s = t.shape();
  return dispatch_stored(t.dtype(), [&]<class T>() {
    return host_tensor({s.n, s.h, s.w, s.c}, t.to_host<T>());
  });
}

std::string momentum_name(std::size_t i) { return fmt::format("momentum/{}", i); }

/// InputError unless the state was trained on these images.
void require_same_images(const SafeTensors& file, const Metadata& said, const TrainingImages& now) {
  const TrainingImages then{said.whole(images_key, Index{0}), said.text(fingerprint_key, "")};
  if (then.fingerprint.empty())
    return warn(
        fmt::format("{}: an older version wrote it and does not say which images it was "
                    "trained on: that `data` still has the same is not checked",
                    file.source));
  constexpr const char* advice =
      "resume it with the images it began with, or leave out `resume` to start anew";
  require(then.count == now.count, "{}: the run was trained on {} images, `data` has {}; {}",
          file.source, then.count, now.count, advice);
  require(
      then.fingerprint == now.fingerprint,
      "{}: the run was trained on {} images that `data` has no longer: others, or others' labels, "
      "have taken their place; {}",
      file.source, then.count, advice);
}

/// InputError unless each of the counters and sums is one that a run of this size can have.
void check(const SafeTensors& file, const RunState& s, const RunSize& run) {
  const auto within = [&](const std::string& what, auto is, decltype(is) low, decltype(is) high) {
    require(low <= is && is <= high,
            "{}: {}: expected {}, got {}; is the file damaged, or has the run begun with another "
            "`epochs` or `batch`? leave out `resume` to start anew",
            file.source, what,
            low == high ? fmt::format("{}", low) : fmt::format("from {} to {}", low, high), is);
  };
  constexpr Index most = std::numeric_limits<Index>::max();
  const Index batches = Batches(run.images.count, run.batch, false, 0).count();
  within("the checkpoint's number", s.generation, 1, most);
  within("epochs done", s.epoch, 0, run.epochs);
  within("batches of the epoch", s.batch, 0, s.epoch < run.epochs ? batches : 0);
  const std::string then = fmt::format(" after {} epochs and {} batches", s.epoch, s.batch);
  const Index steps = s.epoch * batches + s.batch;
  within("iterations" + then, s.step, steps, steps);
  const Index images = std::min(s.batch * run.batch, run.images.count);
  within("images of the epoch" + then, s.images, images, images);
  within("hits" + then, s.hits, 0, static_cast<double>(images));
  const double largest = s.batch > 0 ? std::numeric_limits<double>::max() : 0;
  within("seconds of the epoch" + then, s.seconds, 0, largest);
  for (const double loss : {s.loss, s.loss_clean, s.loss_adv})
    within("a sum of losses" + then, loss, -largest, largest);
}

}  // namespace

SafeTensors state_file(const Model& model, const Sgd& sgd, const RunState& s,
                       const TrainingImages& images) {
  SafeTensors file;
  for (const Entry& e : model.entries()) file.add("model/" + e.name, stored(e.variable.value()));
  for (std::size_t i = 0; i < sgd.momenta().size(); ++i)
    file.add(momentum_name(i), stored(sgd.momenta()[i]));
  file.add("progress/counters",
           host_tensor({5}, std::vector<Index>{s.epoch, s.batch, s.step, s.images, s.generation}));
  file.add("progress/sums", host_tensor({5}, std::vector<double>{s.loss, s.loss_clean, s.loss_adv,
                                                                 s.hits, s.seconds}));
  file.metadata = {{"format", format},
                   {"generation", std::to_string(s.generation)},
                   {images_key, std::to_string(images.count)},
                   {fingerprint_key, images.fingerprint}};
  return file;
}

RunState read_progress(const SafeTensors& file, const RunSize& run) {
  const Metadata said(file);
  if (said.text("format", "") != format) said.refuse("format", format);
  require_same_images(file, said, run.images);
  const auto counters = file.values<Index>("progress/counters");
  const auto sums = file.values<double>("progress/sums");
  require(counters.size() == 5 && sums.size() == 5,
          "{}: expected five counters and five sums of progress", file.source);
  const RunState state{.generation = counters[4],
                       .epoch = counters[0],
                       .batch = counters[1],
                       .step = counters[2],
                       .loss = sums[0],
                       .loss_clean = sums[1],
                       .loss_adv = sums[2],
                       .hits = sums[3],
                       .images = counters[3],
                       .seconds = sums[4]};
  check(file, state, run);
  if (said.whole("generation", Index{0}) != state.generation)
    said.refuse("generation", fmt::format("{}, as its counters say", state.generation));
  return state;
}

void restore(const SafeTensors& file, const Model& model, const Sgd& sgd) {
  std::set<std::string> known{"progress/counters", "progress/sums"};
  const auto take = [&](const std::string& name, const Tensor& to, bool negative) {
    const HostTensor &is = file.at(name), as = stored(to);
    require(is.type == as.type && is.shape == as.shape,
            "{}: tensor {}: expected {} {}, got {} {}; is it the state of another model?",
            file.source, printable(name), name_of(as.type), to_string(as.shape), name_of(is.type),
            to_string(is.shape));
    dispatch_stored(to.dtype(), [&]<class T>() {
      const std::vector<T> values = file.values<T>(name);
      for (const T v : values)
        require(std::isfinite(static_cast<double>(v)) && (negative || v >= 0),
                "{}: tensor {}: expected finite numbers{}, got {}; the file is damaged: leave out "
                "`resume` to start anew",
                file.source, printable(name), negative ? "" : " from 0 on", v);
      to.from_host(values);
    });
    known.insert(name);
  };
  for (const Entry& e : model.entries())
    take("model/" + e.name, e.variable.value(),
         e.role != Role::running_variance && e.role != Role::tracked);
  for (std::size_t i = 0; i < sgd.momenta().size(); ++i)
    take(momentum_name(i), sgd.momenta()[i], true);
  for (const NamedTensor& t : file.tensors)
    require(known.contains(t.name),
            "{}: tensor {} is not part of this run; is it the state of another model?", file.source,
            printable(t.name));
  model.refresh();
}

}  // namespace robmask
