#pragma once
// Where the taps of a sliding window fall. A convolution and its gradients are sums over triples
// (written pixel, tap, read pixel); the coordinates of the read pixel are a part from the written
// one (Place) plus a part from the tap (Tap), so either may be the rows of a product and the other
// its sum.

#include "engine/backend.h"
#include "engine/cuda/divisor.h"

namespace robmask::cuda {

/// One axis: the a-th written coordinate is first + a·step; through the j-th tap, which is number
/// tap + j·tap_step of the window, it reads coordinate a·scale + offset + j·direction.
struct Axis {
  int count = 0, first = 0, step = 1;
  int scale = 1, offset = 0, direction = 1;
  int taps = 0, tap = 0, tap_step = 1;
};

/// The forward pass: output o reads input o·stride + k − pad.
Axis forward_axis(Index outputs, const Window& window);

/// The input gradient: input i reads output (i + pad − k) / stride where that is whole. Inputs of
/// one residue (i + pad) mod stride share their taps k ≡ residue, so each residue is an axis of its
/// own and nothing is multiplied with inserted zeros.
Axis gradient_axis(Index inputs, int residue, const Window& window);

/// Where the tap at (0, 0) of a written pixel reads; `pixel` counts through the whole batch.
struct Place {
  int h, w, pixel;
};

/// How far from there another tap reads; `offset`, in elements, includes the channel.
struct Tap {
  int h, w, offset;
};

/// A coordinate so far out that no tap and no place leads back to the map.
inline constexpr int nowhere = -(1 << 29);

/// The map that is read: 0 around it.
template <class T>
struct Gathered {
  const T* data;
  int height, width, pitch;

  explicit Gathered(const Tensor& map)
      : data(map.data<T>()),
        height(static_cast<int>(map.shape().h)),
        width(static_cast<int>(map.shape().w)),
        pitch(static_cast<int>(map.pitch())) {}
  GPU_DEVICE bool inside(const Place& place, const Tap& tap) const {
    return static_cast<unsigned>(place.h + tap.h) < static_cast<unsigned>(height) &&
           static_cast<unsigned>(place.w + tap.w) < static_cast<unsigned>(width);
  }
  /// Where that is read; only inside may it be.
  GPU_DEVICE const T* at(const Place& place, const Tap& tap) const {
    return data + (Index{place.pixel} * pitch + tap.offset);
  }
  GPU_DEVICE T operator()(const Place& place, const Tap& tap) const {
    return inside(place, tap) ? *at(place, tap) : T(0);
  }
};

/// The written pixels of a batch, in order, and the terms (tap, channel) of the sum for each.
class Taps {
 public:
  Taps() = default;  // none, of no pixels
  Taps(const Axis& rows, const Axis& columns, const Tensor& read, const Shape& written,
       const Window& window);

  constexpr int pixels() const { return pixels_; }  // written, of all images
  constexpr int image_pixels() const { return rows_.count * columns_.count; }  // of one
  constexpr int terms() const { return terms_; }

  /// The written pixel number `p`; past the last one a place that reads nothing.
  GPU_DEVICE Place place(int p) const;
  /// Its number in the map that is written.
  GPU_DEVICE int written(int p) const;
  /// The tap of term number `k`; past the last one a tap that reads nothing.
  GPU_DEVICE Tap tap(int k) const;
  /// Where term `k` finds its weight: its tap in the whole window, and its channel.
  GPU_DEVICE int weight(int k, int& channel) const;

  /// The taps themselves, in the order of their terms: tap_rows() rows of tap_columns().
  constexpr int tap_rows() const { return rows_.taps; }
  constexpr int tap_columns() const { return columns_.taps; }
  /// The tap at a row and column of these, at its first channel; and its number in the window.
  GPU_DEVICE Tap tap(int row, int column) const;
  GPU_DEVICE int weight_tap(int row, int column) const;

 private:
  struct Pixel {
    int n, h, w;
  };
  GPU_DEVICE Pixel pixel(int p) const;

  Axis rows_, columns_;
  bool whole_ = false;  // all pixels of the map, in its order
  int pixels_ = 0, terms_ = 0, kernel_ = 1;
  int read_height_ = 0, read_width_ = 0, read_pitch_ = 0, written_height_ = 0, written_width_ = 0;
  Divisor per_image_, per_row_, per_channel_, per_tap_row_;
};

GPU_DEVICE Taps::Pixel Taps::pixel(int p) const {
  const int n = per_image_.quotient(p), rest = per_image_.remainder(p, n);
  const int h = per_row_.quotient(rest);
  return {n, h, per_row_.remainder(rest, h)};
}

GPU_DEVICE Place Taps::place(int p) const {
  if (p >= pixels_) return {nowhere, nowhere, 0};
  const auto [n, a, b] = pixel(p);
  const int h = a * rows_.scale + rows_.offset, w = b * columns_.scale + columns_.offset;
  return {h, w, (n * read_height_ + h) * read_width_ + w};
}

GPU_DEVICE int Taps::written(int p) const {
  if (whole_) return p;
  const auto [n, a, b] = pixel(p);
  const int h = rows_.first + a * rows_.step, w = columns_.first + b * columns_.step;
  return (n * written_height_ + h) * written_width_ + w;
}

GPU_DEVICE Tap Taps::tap(int row, int column) const {
  const int h = row * rows_.direction, w = column * columns_.direction;
  return {h, w, (h * read_width_ + w) * read_pitch_};
}

GPU_DEVICE int Taps::weight_tap(int row, int column) const {
  return (rows_.tap + row * rows_.tap_step) * kernel_ + columns_.tap + column * columns_.tap_step;
}

GPU_DEVICE Tap Taps::tap(int k) const {
  if (k >= terms_) return {nowhere, nowhere, 0};
  const int t = per_channel_.quotient(k), row = per_tap_row_.quotient(t);
  Tap found = tap(row, per_tap_row_.remainder(t, row));
  found.offset += per_channel_.remainder(k, t);
  return found;
}

GPU_DEVICE int Taps::weight(int k, int& channel) const {
  const int t = per_channel_.quotient(k), row = per_tap_row_.quotient(t);
  channel = per_channel_.remainder(k, t);
  return weight_tap(row, per_tap_row_.remainder(t, row));
}

}  // namespace robmask::cuda
