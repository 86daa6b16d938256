#pragma once
// What `robmask bench` times, and what it compares with another program before.

#include <memory>

#include "data/files/safetensors.h"
#include "tools/robmask/bench_inputs.h"
#include "training/recipe.h"

namespace robmask {

/// An iteration with all that it works on.
class Timed {
 public:
  virtual ~Timed() = default;
  /// So many iterations, without waiting in between. Returns the seconds that they took.
  double run(Index iterations);

 private:
  /// Hands an iteration to the machine, which may still be busy with others.
  virtual void start() = 0;
  /// Until the machine has done them all.
  virtual void wait() = 0;
};

/// A training step, a PGD step or a RobMask iteration, with the defaults of train.
std::unique_ptr<Timed> make_timed(Workload workload, const BenchSettings& settings,
                                  const SafeTensors& inputs, Index batch);

/// What a first step finds, run as often as it takes to be replayed: the mean losses of the images
/// through mask 0 with their own statistics, and of the attack's start through the mask of p = ½
/// with running ones; and the gradient of the latter by the images, N·H·W·3, up to a factor.
struct FirstStep {
  double loss, loss_adv;
  std::vector<double> gradient;
};
FirstStep first_step(const BenchSettings& settings, const SafeTensors& inputs, Index batch);

/// Answers lines on standard input with lines of JSON:
///   prepare WORKLOAD N   makes it and warms it up
///   run SECONDS          as many iterations as take so long, without waiting in between
///   drop                 forgets it and gives its memory back
///   check N FILE         FirstStep; the gradient goes to FILE as floats
/// An error is an answer too, after which other lines may follow.
void serve(const BenchSettings& settings);

}  // namespace robmask
