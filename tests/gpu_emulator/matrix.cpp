// What a warp does as one: the last of its threads to come computes for all of them.

#include <bit>

#include "tests/gpu_emulator/block.h"
#include "tests/gpu_emulator/copies.h"
#include "tests/gpu_emulator/counts.h"
#include "tests/gpu_emulator/race_detector.h"

namespace robmask::gpu::emulated {

namespace {

/// The row that a thread names, and what it gets: its words, and where their two halves lay.
struct Row {
  const std::byte* address;
  Fragment* to;
  const std::byte* halves[4][2];
};

/// Thread (g, t) gets word (g, t) of each matrix, or elements (2t, g) and (2t + 1, g).
template <bool transposed>
void hand_out(void* const* brought) {
  const auto row = [&](int matrix, int i) {
    return static_cast<const Row*>(brought[matrix * 8 + i])->address;
  };
  if (counting) {
    const void* rows[warp_size];
    for (int i = 0; i < warp_size; ++i) rows[i] = row(i / 8, i % 8);
    note_matrix_load(rows);
  }
  for (int lane = 0; lane < warp_size; ++lane) {
    const int g = lane / 4, t = lane % 4;
    Row& mine = *static_cast<Row*>(brought[lane]);
    for (int m = 0; m < 4; ++m)
      for (int half = 0; half < 2; ++half) {
        const std::byte*& from = mine.halves[m][half];
        from = transposed ? row(m, 2 * t + half) + 2 * g : row(m, g) + 4 * t + 2 * half;
        std::memcpy(reinterpret_cast<std::byte*>(&mine.to->words[m]) + 2 * half, from, 2);
      }
  }
}

/// The floats that tensor cores see in a word: two bf16, or one with the bits of tf32.
void unpack(std::uint32_t word, float (&to)[2]) {
  to[0] = std::bit_cast<float>(word << 16);
  to[1] = std::bit_cast<float>(word & 0xffff0000u);
}
void unpack(std::uint32_t word, float (&to)[1]) {
  to[0] = std::bit_cast<float>(word & 0xffffe000u);
}

/// sums: 16×8   left: 16×depth   right: depth×8, `in_word` of the depth in a word
template <int in_word>
void multiply(void* const* brought) {
  constexpr int depth = 8 * in_word;
  if (counting) ++counts.products;
  float left[16][depth], right[depth][8], sums[16][8];
  const auto of = [&](int lane) { return static_cast<const Factors*>(brought[lane]); };
  for (int lane = 0; lane < warp_size; ++lane) {
    const int g = lane / 4, t = lane % 4;
    const Factors& mine = *of(lane);
    float values[in_word];
    for (int i = 0; i < 4; ++i) {
      unpack(mine.left->words[i], values);
      for (int j = 0; j < in_word; ++j)
        left[g + i % 2 * 8][(t + i / 2 * 4) * in_word + j] = values[j];
      sums[g + i / 2 * 8][2 * t + i % 2] = mine.sums[i];
    }
    for (int i = 0; i < 2; ++i) {
      unpack(mine.right[i], values);
      for (int j = 0; j < in_word; ++j) right[(t + i * 4) * in_word + j][g] = values[j];
    }
  }
  for (int row = 0; row < 16; ++row)
    for (int k = 0; k < depth; ++k)
#pragma omp simd
      for (int column = 0; column < 8; ++column)
        sums[row][column] += left[row][k] * right[k][column];
  for (int lane = 0; lane < warp_size; ++lane)
    for (int i = 0; i < 4; ++i)
      of(lane)->sums[i] = sums[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2];
}

}  // namespace

Fragment load_matrix(const void* row, bool transposed, Where where) {
  if (reinterpret_cast<std::uintptr_t>(row) % 16 != 0)
    fail(fmt::format("loads the row of a matrix from no multiple of 16 at {}", in_words(where)));
  require_arrived(row, where);
  Fragment fragment;
  Row mine{static_cast<const std::byte*>(row), &fragment, {}};
  meet_warp(&mine, transposed ? hand_out<true> : hand_out<false>, "matrix load", where);
  // A thread reads what it gets, whoever named the row: it may write there as soon as it has it.
  for (const auto& word : mine.halves)
    for (const std::byte* half : word) note_read(half, 2);
  return fragment;
}

template <class T>
void multiply_add(Factors mine, Where where) {
  meet_warp(&mine, multiply<4 / sizeof(T)>, "product", where);
}
template void multiply_add<bf16>(Factors, Where);
template void multiply_add<float>(Factors, Where);

}  // namespace robmask::gpu::emulated
