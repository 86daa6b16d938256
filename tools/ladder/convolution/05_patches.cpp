// Rung 5: a matrix of patches, and a library's product (im2col).
//
// The way of the textbooks: write the K·K pixels that an output sees into a row of a matrix, and
// the convolution is one product, which others have made fast (here Eigen):
//
//   P[(n, i, j), (a, b, ci)] = x[n, i + a − 1, j + b − 1, ci]      Y = P · w
//
// Why the rung before is slow. From one ci to the next its weights lie 512 bytes apart. A cache
// line may only lie in the few places that its address names, and these repeat every 4096 bytes: so
// the 1152 lines of weights that every tile reads meet in an eighth of the first-level cache, which
// holds 64 of them. Eigen copies both factors into the order in which its tiles read them.
//
// What it costs: P has nine times the numbers of x, 4.7 MB, written, read, copied again by Eigen,
// and read again. With 128 output channels a number of P meets 128 weights, so this is little
// beside the product; with 16 it would not be.
//
// Expected: the product near the peak, less the copies.

#include <algorithm>
#include <eigen3/Eigen/Core>

#include "tools/ladder/convolution/convolution.h"

namespace robmask::ladder {

void patches(float* y, const float* x, const float* w) {
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  static Matrix p(N * H * W, K * K * Cin);
  float* to = p.data();
  for (int n = 0; n < N; ++n)
    for (int i = 0; i < H; ++i)
      for (int j = 0; j < W; ++j)
        for (int a = 0; a < K; ++a)
          for (int b = 0; b < K; ++b, to += Cin) {
            const int row = i + a - 1, column = j + b - 1;
            if (row < 0 || row >= H || column < 0 || column >= W)
              std::fill_n(to, Cin, 0.f);
            else
              std::copy_n(x + ((n * H + row) * W + column) * Cin, Cin, to);
          }
  const Eigen::Map<const Matrix> weights(w, K * K * Cin, Cout);
  Eigen::Map<Matrix>(y, N * H * W, Cout).noalias() = p * weights;
}

}  // namespace robmask::ladder
