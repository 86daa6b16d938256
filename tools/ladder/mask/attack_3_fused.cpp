// Rung 3: no pass at all.
//
//   forward:   w'_k,c = w_k,c·scale_c, once; then z = max(x·w' + shift, 0), where the shift and the
//              clamp are done to sums that are about to leave the registers
//   backward:  v'_c,k = v_c,k·scale_c, once; then dy = (dy_behind·v'ᵀ)·[z > 0], cut off on the way
//
// A scale of columns is a smaller matrix times the map, so it goes into the weights. Expected: the
// time of the product alone; neither y nor dz is ever in memory.

#include <algorithm>

#include "tools/ladder/mask/mask.h"

namespace robmask::ladder {

namespace {

/// store(r, c, sums): what becomes of the sums of a row, V at a time.   x: M·C   w: C·C, from row to column
template <class Store>
void multiply(const float* x, const float* w, const Store& store) {
  constexpr int R = 4, V = 32;
  for (Index r = 0; r < M; r += R)
    for (Index c = 0; c < C; c += V) {
      float sum[R][V] = {};
      for (Index k = 0; k < C; ++k)
        for (int i = 0; i < R; ++i)
          for (int j = 0; j < V; ++j) sum[i][j] += x[(r + i) * C + k] * w[k * C + c + j];
      for (int i = 0; i < R; ++i) store(r + i, c, sum[i]);
    }
}

}  // namespace

void fused(const Attack& a) {
  float scaled[C * C], shift[C];
  for (Index c = 0; c < C; ++c) {
    const float scale = a.gamma[c] * a.inverse[c];
    shift[c] = a.beta[c] - scale * a.mean[c];
    for (Index k = 0; k < C; ++k) scaled[k * C + c] = a.w[k * C + c] * scale;
  }
  multiply(a.x, scaled, [&](Index r, Index c, const float* sum) {
    for (int j = 0; j < 32; ++j) a.z[r * C + c + j] = std::max(sum[j] + shift[c + j], 0.f);
  });
}

void fused_back(const Attack& a) {
  float scaled[C * C];
  for (Index c = 0; c < C; ++c)
    for (Index k = 0; k < C; ++k) scaled[k * C + c] = a.v[c * C + k] * a.gamma[c] * a.inverse[c];
  multiply(a.dy_behind, scaled, [&](Index r, Index c, const float* sum) {
    for (int j = 0; j < 32; ++j) a.dy[r * C + c + j] = gated(sum[j], a.z[r * C + c + j]);
  });
}

}  // namespace robmask::ladder
