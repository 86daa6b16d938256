// Products of a warpgroup: begun by its four warps together; each warp does its part no sooner than
// it waits for it, and looks whether all that the part depends on is still what it was.

#include "tests/gpu_emulator/warpgroup.h"

#include <algorithm>
#include <array>
#include <bit>
#include <deque>
#include <list>

#include "tests/gpu_emulator/block.h"
#include "tests/gpu_emulator/copies.h"
#include "tests/gpu_emulator/race_detector.h"

namespace robmask::gpu::emulated {

namespace {

constexpr int rows = 16, columns = 128, depth = 16, held = 64;  // of a warp; held: of a thread
constexpr int chunk = 16;                                       // bytes: half the depth of a line
constexpr int start_bit = 0, half_bit = 16, group_bit = 32;     // of a descriptor's fields

/// What one thread brings to a product.
struct Share {
  float* sums;
  const Fragment* left;
  SharedLines right;
  Where where;
};

/// Sums that some product will be added to, and whose registers will hold them.
struct Sums {
  float* registers[warp_size];
  float values[rows][columns];
  int products = 0;

  /// Sum number i of a lane.
  float& of(int lane, int i) {
    return values[lane / 4 + i % 4 / 2 * 8][i / 4 * 8 + lane % 4 * 2 + i % 2];
  }
};

/// A warp's part of a product, and what its factors were when it was begun.
struct Product {
  Where where;
  SharedLines right;
  const Fragment* left[warp_size];
  Fragment left_then[warp_size];
  std::array<std::byte, columns * depth * sizeof(bf16)> right_then;
  Sums* sums;
};

struct Warp {
  std::list<Sums> sums;
  std::deque<Product> products;
  std::vector<std::size_t> ends;  // after how many products each group ends
  bool fenced = false;            // since it last loaded a fragment or waited
};
Warp warps[1024 / warp_size];
Warp& this_warp() { return warps[place.thread / warp_size]; }

// Shared memory as products see it; empty before the first barrier for them.
std::vector<std::byte> seen;

/// f(i, where it lies) for each chunk of a right factor: line i % 128, half i / 128 of the depth.
template <class F>
void each_chunk(const SharedLines& right, F&& f) {
  const auto field = [&](int bit) { return (right.descriptor >> bit & 0x3fff) * chunk; };
  const std::size_t start = field(start_bit), half = field(half_bit), group = field(group_bit);
  for (int i = 0; i < columns * depth * 2 / chunk; ++i) {
    const int line = i % columns;
    f(i, place.shared + start + i / columns * half + line / 8 * group + line % 8 * chunk);
  }
}

void require_seen(const SharedLines& right, const Where& where) {
  each_chunk(right, [&](int, const std::byte* at) {
    require_arrived(at, where);
    if (seen.empty() || std::memcmp(at, seen.data() + (at - place.shared), chunk) != 0)
      fail(fmt::format("multiplies at {} what was written behind the last barrier before products",
                       in_words(where)));
  });
}

/// The sums of these registers, taken out of them if no product on its way is added to them.
Sums& take_sums(Warp& warp, void* const* brought) {
  const auto registers = [&](int lane) { return static_cast<const Share*>(brought[lane])->sums; };
  for (Sums& sums : warp.sums)
    if (sums.registers[0] == registers(0)) return sums;
  Sums& sums = warp.sums.emplace_back();
  for (int lane = 0; lane < warp_size; ++lane) {
    sums.registers[lane] = registers(lane);
    for (int i = 0; i < held; ++i) sums.of(lane, i) = registers(lane)[i];
    std::memset(registers(lane), 0xFF, held * sizeof(float));
  }
  return sums;
}

void begin(Warp& warp, void* const* brought) {
  const Share& first = *static_cast<const Share*>(brought[0]);
  if (!warp.fenced)
    fail(fmt::format("multiplies registers at {} that it used behind its last fence of them",
                     in_words(first.where)));
  Product& product = warp.products.emplace_back();
  product.where = first.where;
  product.right = first.right;
  for (int lane = 0; lane < warp_size; ++lane) {
    product.left[lane] = static_cast<const Share*>(brought[lane])->left;
    product.left_then[lane] = *product.left[lane];
  }
  each_chunk(product.right, [&](int i, const std::byte* at) {
    std::memcpy(product.right_then.data() + i * chunk, at, chunk);
  });
  product.sums = &take_sums(warp, brought);
  ++product.sums->products;
}

/// Of all four warps.
void begin_all(void* const* brought) {
  const Unwatched ours;
  const Share& first = *static_cast<const Share*>(brought[0]);
  for (int i = 1; i < warpgroup_size; ++i)
    if (static_cast<const Share*>(brought[i])->right.descriptor != first.right.descriptor)
      fail(fmt::format("multiplies by several right factors at {}", in_words(first.where)));
  require_seen(first.right, first.where);
  for (int i = 0; i < warpgroup_size; i += warp_size)
    begin(warps[(place.thread / warpgroup_size * warpgroup_size + i) / warp_size], brought + i);
}

void require_untouched(const Product& product) {
  const auto complain = [&](const char* what) {
    fail(fmt::format("overwrites the {} of the product at {} before that was waited for", what,
                     in_words(product.where)));
  };
  each_chunk(product.right, [&](int i, const std::byte* at) {
    if (std::memcmp(at, product.right_then.data() + i * chunk, chunk) != 0)
      complain("right factor");
  });
  for (int lane = 0; lane < warp_size; ++lane) {
    if (std::memcmp(product.left[lane], &product.left_then[lane], sizeof(Fragment)) != 0)
      complain("left factor");
    const auto* bytes = reinterpret_cast<const unsigned char*>(product.sums->registers[lane]);
    if (!std::all_of(bytes, bytes + held * sizeof(float), [](int b) { return b == 0xFF; }))
      complain("sums");
  }
}

/// sums: 16×128   left: 16×16   right: 16×128
void multiply(const Product& product) {
  float left[rows][depth], right[depth][columns];
  const auto number = [](std::uint32_t bits) { return std::bit_cast<float>(bits << 16); };
  for (int lane = 0; lane < warp_size; ++lane)
    for (int i = 0; i < 8; ++i)
      left[lane / 4 + i / 2 % 2 * 8][lane % 4 * 2 + i % 2 + i / 4 * 8] =
          number(product.left_then[lane].words[i / 2] >> i % 2 * 16);
  for (int i = 0; i < depth * columns; ++i) {
    bf16 value;
    std::memcpy(&value, product.right_then.data() + i * sizeof value, sizeof value);
    right[i / 8 / columns * 8 + i % 8][i / 8 % columns] = value;
  }
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < depth; ++k)
#pragma omp simd
      for (int column = 0; column < columns; ++column)
        product.sums->values[row][column] += left[row][k] * right[k][column];
}

/// Puts sums that no product is added to any more into their registers.
void hand_out(std::list<Sums>& all) {
  all.remove_if([](Sums& sums) {
    if (sums.products > 0) return false;
    for (int lane = 0; lane < warp_size; ++lane)
      for (int i = 0; i < held; ++i) sums.registers[lane][i] = sums.of(lane, i);
    return true;
  });
}

void do_products(void* const* brought) {
  const Unwatched ours;
  const std::size_t groups = *static_cast<const std::size_t*>(brought[0]);
  Warp& warp = this_warp();
  warp.fenced = false;
  if (warp.ends.size() <= groups) return;
  const auto first_left = warp.ends.end() - static_cast<std::ptrdiff_t>(groups);
  const std::size_t done = first_left[-1];
  for (std::size_t i = 0; i < done; ++i) {
    const Product& product = warp.products.front();
    require_untouched(product);
    multiply(product);
    --product.sums->products;
    warp.products.pop_front();
  }
  warp.ends.erase(warp.ends.begin(), first_left);
  for (std::size_t& end : warp.ends) end -= done;
  hand_out(warp.sums);
}

}  // namespace

SharedLines shared_lines(const void* first, int half, int group, Where where) {
  const std::ptrdiff_t offset = static_cast<const std::byte*>(first) - place.shared;
  if (offset < 0 || static_cast<std::size_t>(offset) >= place.shared_bytes)
    fail(fmt::format("names lines in memory that its block does not share at {}", in_words(where)));
  if (offset % chunk != 0 || half % chunk != 0 || group % chunk != 0)
    fail(fmt::format("names lines at no multiple of 16 bytes at {}", in_words(where)));
  const auto field = [](std::ptrdiff_t bytes, int bit) {
    return static_cast<std::uint64_t>(bytes / chunk & 0x3fff) << bit;
  };
  return {field(offset, start_bit) | field(half, half_bit) | field(group, group_bit)};
}

void barrier_before_products(Where where) {
  if (!meet_block(where)) return;
  const Unwatched ours;
  seen.assign(place.shared, place.shared + place.shared_bytes);
}

void fence_registers(Where where) {
  meet_warp(
      nullptr, [](void* const*) { this_warp().fenced = true; }, "fence of registers", where);
}

void note_fragment() { this_warp().fenced = false; }

void multiply_async(float* sums, const Fragment& left, SharedLines right, Where where) {
  Share mine{sums, &left, right, where};
  meet_warpgroup(&mine, begin_all, "product", where);
}

void commit_products(Where where) {
  const auto commit = [](void* const*) {
    const Unwatched ours;
    this_warp().ends.push_back(this_warp().products.size());
  };
  meet_warp(nullptr, commit, "commit of products", where);
}

void wait_products(std::size_t groups, Where where) {
  meet_warp(&groups, do_products, "wait for products", where);
}

void end_products() {
  for (Warp& warp : warps) {
    if (!warp.products.empty()) {
      place.thread = static_cast<int>(&warp - warps) * warp_size;
      fail(fmt::format("ends without having waited for the product at {}",
                       in_words(warp.products.front().where)));
    }
    warp.ends.clear();
    warp.fenced = false;
  }
  seen.clear();
}

}  // namespace robmask::gpu::emulated
