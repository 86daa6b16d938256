#pragma once
// The maps that all rungs are given, and the rungs.

#include "engine/backend.h"
#include "tools/ladder/gpu_convolution/convolution.h"
#include "tools/ladder/ladder.h"

namespace robmask::ladder {

class Problem {
 public:
  /// Of so many images, on machine "cuda". A run convolves `times` times, so that starting one
  /// hides behind the one before. Unavailable without a GPU.
  Problem(Index images, int times);

  /// What `climb` asks for, but for the peak. Lives no longer than this.
  Ladder ladder();
  /// Of one convolution.
  double multiply_adds() const { return 1.0 * maps_.pixels * K * K * Cin * Cout; }
  gpu::Stream stream() const { return stream_; }

 private:
  /// The runner looks at the result only once it has forgotten it: then the device forgets it, too,
  /// and it is fetched.
  void run(const std::function<void()>& convolve);

  int times_;
  Backend& machine_;
  gpu::Stream stream_;
  Tensor x_, w_, y_;
  Maps maps_;
  std::vector<float> result_;
};

}  // namespace robmask::ladder
