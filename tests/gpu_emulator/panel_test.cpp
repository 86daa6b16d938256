// Panels lie in shared memory so that no access waits for another. A bank conflict changes no
// result, so only this test shows it.

#include "engine/cuda/warp_panel.h"

#include <gtest/gtest.h>

#include <set>

namespace robmask {
namespace {

using cuda::Panel;

constexpr int chunk_places = 8;  // of 16 bytes in the 128 that all banks hold

/// In which of them chunk `chunk` of a row lies.
template <class Panel>
int place_of(int row, int chunk) {
  return Panel::place(row, chunk) / Panel::wide % chunk_places;
}

/// f<Panel>() for the panels of all tiles.
template <class F>
void for_each_panel(F&& f) {
  const auto of_type = [&]<class T>() {
    f.template operator()<Panel<T, 256, true>>();
    f.template operator()<Panel<T, 128, true>>();
    f.template operator()<Panel<T, 128, false>>();
    f.template operator()<Panel<T, 64, true>>();
    f.template operator()<Panel<T, 64, false>>();
    f.template operator()<Panel<T, 32, false>>();
    f.template operator()<Panel<T, 16, true>>();
    f.template operator()<Panel<T, 16, false>>();
  };
  of_type.template operator()<bf16>();
  of_type.template operator()<float>();
}

TEST(GpuEmulatorPanel, EveryChunkHasItsOwnPlace) {
  for_each_panel([]<class P>() {
    std::set<int> places;
    for (int row = 0; row < P::rows; ++row)
      for (int chunk = 0; chunk < P::chunks; ++chunk) places.insert(P::place(row, chunk));
    EXPECT_EQ(places.size(), P::rows * P::chunks);
    EXPECT_EQ(*places.rbegin(), (P::rows * P::chunks - 1) * P::wide);
  });
}

TEST(GpuEmulatorPanel, EightChunksThatAreBroughtTogetherMeetAllBanks) {
  for_each_panel([]<class P>() {
    for (int first = 0; first < P::rows * P::chunks; first += chunk_places) {
      std::set<int> places;
      for (int i = first; i < first + chunk_places; ++i)
        places.insert(place_of<P>(i / P::chunks, i % P::chunks));
      EXPECT_EQ(places.size(), chunk_places);
    }
  });
}

TEST(GpuEmulatorPanel, AMatrixOfEightRowsMeetsAllBanks) {
  for_each_panel([]<class P>() {
    if (std::is_same_v<P, Panel<float, P::lines, false>>) return;  // not read so
    for (int first = 0; first < P::rows; first += 8)
      for (int chunk = 0; chunk < P::chunks; ++chunk) {
        std::set<int> places;
        for (int row = first; row < first + 8; ++row) places.insert(place_of<P>(row, chunk));
        EXPECT_EQ(places.size(), chunk_places);
      }
  });
}

TEST(GpuEmulatorPanel, FloatsOfEightLinesAndFourDepthsMeetAllBanks) {
  const auto check = []<class P>() {
    for (int first = 0; first < P::rows; first += 4)
      for (int chunk = 0; chunk < P::chunks; chunk += 2) {
        std::set<int> places;
        for (int row = first; row < first + 4; ++row)
          for (int i = 0; i < 2; ++i) places.insert(place_of<P>(row, chunk + i));
        EXPECT_EQ(places.size(), chunk_places);
      }
  };
  check.operator()<Panel<float, 128, false>>();
  check.operator()<Panel<float, 64, false>>();
  check.operator()<Panel<float, 32, false>>();
  check.operator()<Panel<float, 16, false>>();
}

}  // namespace
}  // namespace robmask
