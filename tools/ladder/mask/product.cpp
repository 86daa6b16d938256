// The convolution of the first two rungs of an attack. It is simple, but not slow: tiles of 4×32 sums
// run along the channels (the ladder of convolution has better ones).

#include <algorithm>

#include "tools/ladder/mask/mask.h"

namespace robmask::ladder {

void multiply(float* y, const float* x, const float* w) {
  constexpr int R = 4, V = 32;
  for (Index r = 0; r < M; r += R)
    for (Index c = 0; c < C; c += V) {
      float sum[R][V] = {};
      for (Index k = 0; k < C; ++k)
        for (int i = 0; i < R; ++i)
          for (int j = 0; j < V; ++j) sum[i][j] += x[(r + i) * C + k] * w[k * C + c + j];
      for (int i = 0; i < R; ++i) std::copy_n(sum[i], V, y + (r + i) * C + c);
    }
}

}  // namespace robmask::ladder
