// Counts requests of warps, from what each lane notes by itself.

#include "tests/gpu_emulator/counts.h"

#include <algorithm>
#include <array>
#include <vector>

namespace robmask::gpu::emulated {

bool counting = false;
Counts counts;

namespace {

constexpr int banks = 32, sector_bytes = 32, word_bytes = 4;

/// Where each lane goes; nullptr for those that take no part.
using Addresses = std::array<const std::byte*, warp_size>;

/// The requests of one warp at one place of the source, and how many each lane has joined.
struct Site {
  Access access;
  std::size_t bytes;  // of a lane
  Where where;
  std::array<std::size_t, warp_size> joined{};
  std::vector<Addresses> requests{};
};
std::vector<Site> sites[1024 / warp_size];  // of each warp of the block

Site& site(Access access, std::size_t bytes, const Where& where) {
  std::vector<Site>& mine = sites[place.thread / warp_size];
  for (Site& s : mine)
    if (s.access == access && s.where.line() == where.line() &&
        s.where.column() == where.column() && s.where.file_name() == where.file_name())
      return s;
  return mine.emplace_back(access, bytes, where);
}

bool is_shared(const std::byte* address) {
  return address >= place.shared && address < place.shared + place.shared_bytes;
}

/// How many different sectors the lanes touch.
std::uint64_t sectors(const Addresses& addresses, std::size_t bytes) {
  std::vector<std::uintptr_t> touched;
  for (const std::byte* address : addresses)
    if (address != nullptr) {
      const auto first = reinterpret_cast<std::uintptr_t>(address);
      for (auto s = first / sector_bytes; s <= (first + bytes - 1) / sector_bytes; ++s)
        touched.push_back(s);
    }
  std::ranges::sort(touched);
  return static_cast<std::uint64_t>(std::ranges::unique(touched).begin() - touched.begin());
}

/// Σ over phases of max over banks of the different words that lanes of the phase want from the
/// bank. A phase moves 128 bytes at most: 32 lanes of up to 4 bytes, 16 lanes of 8, 8 lanes of 16.
std::uint64_t wavefronts(const Addresses& addresses, std::size_t bytes) {
  const std::size_t phase = bytes <= word_bytes ? warp_size : banks * word_bytes / bytes;
  std::uint64_t sum = 0;
  for (std::size_t first = 0; first < addresses.size(); first += phase) {
    std::vector<std::ptrdiff_t> words;
    for (std::size_t lane = first; lane < first + phase; ++lane)
      if (addresses[lane] != nullptr) {
        const std::ptrdiff_t at = addresses[lane] - place.shared;
        const auto last = (at + static_cast<std::ptrdiff_t>(bytes) - 1) / word_bytes;
        for (auto word = at / word_bytes; word <= last; ++word) words.push_back(word);
      }
    std::ranges::sort(words);
    words.erase(std::ranges::unique(words).begin(), words.end());
    std::uint64_t in_bank[banks] = {};
    for (const std::ptrdiff_t word : words) ++in_bank[word % banks];
    sum += *std::ranges::max_element(in_bank);
  }
  return sum;
}

void add(GlobalTraffic& to, const Addresses& addresses, std::size_t bytes) {
  ++to.requests;
  to.sectors += sectors(addresses, bytes);
}
void add(SharedTraffic& to, const Addresses& addresses, std::size_t bytes) {
  ++to.requests;
  to.wavefronts += wavefronts(addresses, bytes);
}

void count(const Addresses& addresses, const Site& s) {
  const auto any = std::ranges::find_if(addresses, [](auto* a) { return a != nullptr; });
  if (any == addresses.end()) return;  // no lane takes part: a device skips it
  if (s.access == Access::copy_from) return add(counts.copies, addresses, s.bytes);
  if (s.access == Access::copy_to) return add(counts.copies_to, addresses, s.bytes);
  if (is_shared(*any)) return add(counts.shared, addresses, s.bytes);
  add(s.access == Access::load ? counts.loads : counts.stores, addresses, s.bytes);
}

}  // namespace

void start_counting() {
  counts = {};
  counting = true;
}

Counts stop_counting() {
  counting = false;
  return counts;
}

void note(Access access, const void* address, std::size_t bytes, const Where& where) {
  Site& s = site(access, bytes, where);
  const int lane = place.thread % warp_size;
  const std::size_t number = s.joined[lane]++;
  if (number == s.requests.size()) s.requests.emplace_back();
  s.requests[number][lane] = static_cast<const std::byte*>(address);
}

void note_matrix_load(const void* const (&rows)[warp_size]) {
  Addresses addresses;
  std::ranges::transform(rows, addresses.begin(),
                         [](const void* row) { return static_cast<const std::byte*>(row); });
  add(counts.matrix_loads, addresses, 16);
}

void end_counts() {
  for (std::vector<Site>& warp : sites) {
    for (const Site& s : warp)
      for (const Addresses& addresses : s.requests) count(addresses, s);
    warp.clear();
  }
}

}  // namespace robmask::gpu::emulated
