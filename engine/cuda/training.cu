// What an iteration of training does besides the network: the batch, and the update of the weights.

#include <algorithm>

#include "engine/cuda/elements.h"

namespace robmask::cuda {

namespace {

/// A stretch of one slot: the work of one block.
template <class T>
struct Piece {
  T* value;
  const T* gradient;
  T* momentum;
  bf16* working;  // may be null
  Index count;
};

template <class T>
std::vector<Piece<T>> pieces_of(std::span<const SgdSlot> slots) {
  constexpr Index longest = 4096;
  std::vector<Piece<T>> pieces;
  for (const SgdSlot& slot : slots) {
    if (!slot.gradient) continue;
    const Rows<T> w(slot.value), g(slot.gradient), v(slot.momentum);
    const Shape s = flat(slot.value.shape(), w, g, v);
    expect(!slot.working || slot.working.contiguous(), "a working copy with gaps");
    bf16* copy = slot.working ? slot.working.data<bf16>() : nullptr;
    for (Index r = 0; r < s.rows(); ++r)
      for (Index c = 0; c < s.c; c += longest)
        pieces.push_back({w.data + r * w.pitch + c, g.data + r * g.pitch + c,
                          v.data + r * v.pitch + c, copy ? copy + r * s.c + c : nullptr,
                          std::min(longest, s.c - c)});
  }
  return pieces;
}

template <class T>
struct SgdStep {
  static constexpr int threads = 256;
  const Piece<T>* pieces;
  const T* rate;
  T momentum, decay;

  GPU_DEVICE void operator()() const {
    const auto [w, g, v, working, count] = pieces[gpu::block().x];
    for (Index i = gpu::thread(); i < count; i += threads) {
      v[i] = momentum * v[i] + (g[i] + decay * w[i]);
      w[i] -= *rate * v[i];
      if (working != nullptr) working[i] = static_cast<bf16>(w[i]);
    }
  }
};

}  // namespace

void CudaBackend::sgd_step(std::span<const SgdSlot> slots, Tensor rate, double momentum,
                           double decay) {
  dispatch(rate.dtype(), [&]<class T>() {
    const std::vector<Piece<T>> pieces = pieces_of<T>(slots);
    if (pieces.empty()) return;
    const std::string list(reinterpret_cast<const char*>(pieces.data()),
                           pieces.size() * sizeof(Piece<T>));
    // Iterations repeat their list, so the device is told once.
    std::byte*& kept = sgd_lists_[list];
    if (kept == nullptr) {
      kept = allocate(list.size());
      upload(kept, list.data(), list.size());
    }
    gpu::launch(stream_, pieces.size(),
                SgdStep<T>{reinterpret_cast<const Piece<T>*>(kept), rate.data<T>(),
                           static_cast<T>(momentum), static_cast<T>(decay)});
  });
}

namespace {

/// One pixel of the batch. An index that is no image gives NaN, since the device cannot complain.
template <class T>
struct Gather {
  static constexpr int pad = 4;
  Rows<T> batch;
  Rows<std::uint8_t> images;
  Rows<std::int32_t> index;
  const std::int64_t* step;
  Stream stream;
  int count, height, width, channels;
  bool augment;

  GPU_DEVICE void operator()(Index r, Index) const {
    const unsigned pixels = static_cast<unsigned>(height * width);
    const Index n = static_cast<unsigned>(r) / pixels;
    const int p = static_cast<int>(static_cast<unsigned>(r) % pixels);
    const int chosen = *index(n);
    int dy = pad, dx = pad;
    bool flip = false;
    if (augment) {
      Stream own = stream;
      own.image = static_cast<std::uint32_t>(chosen);
      if (step != nullptr) own.step = static_cast<std::uint64_t>(*step);
      dy = static_cast<int>(random_below(own, 0, 2 * pad + 1));
      dx = static_cast<int>(random_below(own, 1, 2 * pad + 1));
      flip = random_below(own, 2, 2) == 1;
    }
    const int w = p % width, row = p / width + dy - pad;
    const int column = (flip ? width - 1 - w : w) + dx - pad;
    const bool exists = chosen >= 0 && chosen < count;
    const bool inside = row >= 0 && row < height && column >= 0 && column < width;
    T* y = batch(0, r);
    for (int c = 0; c < channels; ++c)
      y[c] = !exists   ? static_cast<T>(std::nan(""))
             : !inside ? T(0)
                       : static_cast<T>(images(chosen, row * width + column)[c]) / T(255);
  }
};

}  // namespace

void CudaBackend::gather(Tensor batch, Tensor pixels, Tensor index, bool augment, Stream stream,
                         Tensor step) {
  // batch: N·H·W·C   pixels: M·H·W·C
  const Shape& s = batch.shape();
  dispatch(batch.dtype(), [&]<class T>() {
    each_element(stream_, {s.n, s.h, s.w, 1},
                 Gather<T>{.batch = Rows<T>(batch),
                           .images = Rows<std::uint8_t>(pixels),
                           .index = Rows<std::int32_t>(index),
                           .step = step ? step.data<std::int64_t>() : nullptr,
                           .stream = stream,
                           .count = static_cast<int>(pixels.shape().n),
                           .height = static_cast<int>(s.h),
                           .width = static_cast<int>(s.w),
                           .channels = static_cast<int>(s.c),
                           .augment = augment});
  });
}

}  // namespace robmask::cuda
