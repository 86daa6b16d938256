#pragma once
// Maps made of one or two others, element by element.

#include "engine/backend.h"
#include "engine/cuda/tile.h"

namespace robmask::cuda {

/// y = [y +] f(a, b), or f(a, ·) without b: several channels at once.
template <class T, int V, class F>
struct Combine {
  using Walk = Tiles<V, 4>;
  static constexpr int threads = Walk::threads;
  Walk walk;
  F f;
  Rows<T> y, a, b;
  bool add;

  GPU_DEVICE void operator()() const {
    if (!walk.inside()) return;
    const Index c = walk.channel(), end = walk.end();
    for (Index p = walk.first(); p < end; p += Walk::rows) {
      auto values = load<V>(a(0, p) + c);
      const auto others = b.exists() ? load<V>(b(0, p) + c) : values;
      for (int i = 0; i < V; ++i) values.at[i] = f(values.at[i], others.at[i]);
      store<V>(y(0, p) + c, values, add);
    }
  }
};

/// y = [y +] f(a, b), of the numbers that T stands for; b may be empty.
template <class T, class F>
void combine(gpu::Stream stream, const F& f, Sink y, Tensor a, Tensor b) {
  widen({&a, &b, &y.to});
  with_packs<T>({y.to, a, b}, [&]<int V>() {
    walk_tiles(stream, Combine<T, V, F>{.walk = Tiles<V, 4>(one_image(a.shape())),
                                        .f = f,
                                        .y = Rows<T>(y.to),
                                        .a = Rows<T>(a),
                                        .b = Rows<T>(b),
                                        .add = y.add});
  });
}

}  // namespace robmask::cuda
