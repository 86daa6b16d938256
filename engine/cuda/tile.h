#pragma once
// How maps are walked: which thread takes which pixels and channels; how it reads and writes them.

#include <array>
#include <bit>
#include <initializer_list>

#include "engine/cuda/rows.h"

namespace robmask::cuda {

/// V neighbouring channels, which move at once, 16 bytes at most.
template <class T, int V>
struct alignas(sizeof(T) * V < 16 ? sizeof(T) * V : 16) Pack {
  T at[V];

  GPU_DEVICE Pack& operator+=(const Pack& other) {
    for (int i = 0; i < V; ++i) at[i] += other.at[i];
    return *this;
  }
};

template <int V, class T>
GPU_DEVICE Pack<Real<T>, V> load(const T* from) {
  const auto stored = *reinterpret_cast<const Pack<T, V>*>(from);
  Pack<Real<T>, V> values;
  for (int i = 0; i < V; ++i) values.at[i] = static_cast<Real<T>>(stored.at[i]);
  return values;
}

/// As they are stored: bf16 are rounded two at a time, into one word.
template <class T, int V>
GPU_DEVICE Pack<T, V> rounded(const Pack<Real<T>, V>& values) {
  if constexpr (std::is_same_v<T, bf16> && V % 2 == 0) {
    Pack<std::uint32_t, V / 2> words;
    for (int i = 0; i < V; i += 2)
      words.at[i / 2] = gpu::round_to_bf16(values.at[i], values.at[i + 1]);
    return std::bit_cast<Pack<T, V>>(words);
  } else {
    Pack<T, V> stored;
    for (int i = 0; i < V; ++i) stored.at[i] = static_cast<T>(values.at[i]);
    return stored;
  }
}

/// to = [to +] values
template <int V, class T>
GPU_DEVICE void store(T* to, Pack<Real<T>, V> values, bool add = false) {
  if (add) values += load<V>(to);
  const Pack<T, V> stored = rounded<T>(values);
  constexpr int chunks = sizeof stored / sizeof(gpu::Chunk);
  if constexpr (chunks > 0) {
    const auto all = std::bit_cast<std::array<gpu::Chunk, chunks>>(stored);
    for (int i = 0; i < chunks; ++i) gpu::store_chunk(to + i * (V / chunks), all[i]);
  } else if constexpr (sizeof stored == sizeof(std::uint64_t)) {
    *reinterpret_cast<std::uint64_t*>(to) = std::bit_cast<std::uint64_t>(stored);
  } else {
    *to = stored.at[0];
  }
}

/// f<V>() with the number of channels of type T that fit into 16 bytes if all tensors can be read
/// in packs of so many, else with 1. Images all start alike, so one image is read as the batch is.
template <class T, class F>
void with_packs(std::initializer_list<Tensor> tensors, F&& f) {
  constexpr int wide = 16 / sizeof(T);
  bool fits = true;
  for (const Tensor& t : tensors)
    if (t)
      fits = fits && t.shape().c % wide == 0 && t.pitch() % wide == 0 &&
             reinterpret_cast<std::uintptr_t>(t.bytes()) % 16 == 0;
  if (fits)
    f.template operator()<wide>();
  else
    f.template operator()<1>();
}

/// All images as one tall one: for whatever treats their pixels alike.
inline Shape one_image(const Shape& s) { return {1, s.n * s.h, s.w, s.c}; }

/// A block takes 32 channels of `piece` pixels of one image: 16 pixels at a time, `rounds` times,
/// each thread V channels of one pixel. Who takes what depends neither on V nor on the other
/// images, and so nor does the order of a sum.
template <int V, int rounds_>
struct Tiles {
  static constexpr int width = 32, rows = 16, rounds = rounds_, piece = rows * rounds;
  static constexpr int columns = width / V, threads = columns * rows;
  Index images, pixels, channels, pieces;

  explicit Tiles(const Shape& s)
      : images(s.n), pixels(s.pixels()), channels(s.c), pieces(ceil_div(s.pixels(), piece)) {
    expect(s.rows() < Index{1} << 31, "a map of {}: its pixels must fit 31 bits", to_string(s));
  }
  gpu::Blocks blocks() const { return {images * pieces, ceil_div(channels, width)}; }

  // Of the calling thread.
  GPU_DEVICE Index image() const { return gpu::block().x / static_cast<unsigned>(pieces); }
  GPU_DEVICE Index piece_number() const { return gpu::block().x % static_cast<unsigned>(pieces); }
  GPU_DEVICE Index channel() const {
    return Index{gpu::block().y} * width + gpu::thread() % columns * V;
  }
  GPU_DEVICE bool inside() const { return channel() < channels; }
  /// Its pixels are first(), first() + rows, …, below end().
  GPU_DEVICE Index first() const { return piece_number() * piece + gpu::thread() / columns; }
  GPU_DEVICE Index end() const {
    const Index last = (piece_number() + 1) * piece;
    return last < pixels ? last : pixels;
  }
  /// f(i, p) for each of its pixels, the i-th of which is p: so registers can hold something of each.
  template <class F>
  GPU_DEVICE void each_pixel(F&& f) const {
    GPU_UNROLL
    for (int i = 0; i < rounds; ++i)
      if (const Index p = first() + i * rows; p < end()) f(i, p);
  }
};

/// Where channels do not matter: what lies without gaps, as rows that fill a tile's width. As it is if
/// that would leave a rest, or tiles are full already.
inline void widen(std::initializer_list<Tensor*> tensors) {
  using Walk = Tiles<1, 1>;
  const Shape s = (*tensors.begin())->shape();
  bool whole = s.count() % Walk::width == 0 && (s.c % Walk::width != 0 || s.rows() < Walk::rows);
  for (const Tensor* t : tensors) whole = whole && (!*t || t->contiguous());
  if (!whole) return;
  for (Tensor* t : tensors)
    if (*t) *t = t->reshaped({1, s.count() / Walk::width, 1, Walk::width});
}

/// Starts a kernel whose `walk` are its tiles.
template <class Kernel>
void walk_tiles(gpu::Stream stream, const Kernel& kernel) {
  gpu::launch(stream, kernel.walk.blocks(), kernel);
}

}  // namespace robmask::cuda
