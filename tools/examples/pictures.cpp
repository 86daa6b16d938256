// The end of `make demo`: reads what the runs left in a folder, prints the table of clean and
// robust accuracy at each mask p, and draws the trade-off curve and some images with their
// perturbation. Given a METHOD as well, it only prints that method's part of the table.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>

#include "data/files/chart.h"
#include "data/files/json.h"
#include "data/files/npy.h"
#include "data/files/tile_rows.h"

namespace robmask {

namespace {

namespace fs = std::filesystem;

struct Method {
  std::string file, name;
};
const std::vector<Method> methods{
    {"standard", "standard training"}, {"pgd", "adversarial training"}, {"robmask", "RobMask"}};

/// One line of the table and one point of the curve for each mask; axes in per cent.
Chart tabulate(const fs::path& folder, const std::vector<Method>& rows) {
  Chart chart{
      "One network, many masks", "robust accuracy, PGD-20 at 8/255 (%)", "clean accuracy (%)", {}};
  fmt::print("\n{:<22} {:>6}   {:>8}   {:>8}   {}\n", "method", "mask p", "clean", "robust",
             "95 % interval");
  for (const Method& method : rows) {
    Series series{method.name, {}, {}};
    const Json report = read_json(folder / (method.file + ".json"));
    for (const Json& r : report.at("results")) {
      const double p = r["mask"], clean = r["clean_accuracy"], robust = r["robust_accuracy"];
      fmt::print("{:<22} {:>6.2f}   {:>6.1f} %   {:>6.1f} %   [{:.1f}, {:.1f}]\n", method.name, p,
                 100 * clean, 100 * robust, 100 * r["interval"][0].get<double>(),
                 100 * r["interval"][1].get<double>());
      series.x.push_back(100 * robust);
      series.y.push_back(100 * clean);
      if (method.file == "robmask") series.labels.push_back(fmt::format("p = {}", p));
    }
    chart.series.push_back(series);
  }
  return chart;
}

constexpr double magnified = 10;

/// N·H·W·3 bytes of value_of(place in an N 3 H W array), from [0, 1].
std::vector<std::uint8_t> images_of(const Shape& shape, const auto& value_of) {
  std::vector<std::uint8_t> bytes;
  for (Index image = 0; image < shape.n; ++image)
    for (Index pixel = 0; pixel < shape.h * shape.w; ++pixel)
      for (Index channel = 0; channel < shape.c; ++channel) {
        const double v = value_of((image * shape.c + channel) * shape.h * shape.w + pixel);
        bytes.push_back(static_cast<std::uint8_t>(std::lround(255 * std::clamp(v, 0.0, 1.0))));
      }
  return bytes;
}

/// "not attacked" for each image that is the same in both: evaluate attacks only what the model
/// gets right.
std::vector<std::string> notes_of(const Shape& shape, const std::vector<float>& clean,
                                  const std::vector<float>& attacked) {
  std::vector<std::string> notes;
  const Index size = shape.c * shape.h * shape.w;
  for (Index image = 0; image < shape.n; ++image) {
    const auto first = clean.begin() + image * size;
    const bool same = std::equal(first, first + size, attacked.begin() + image * size);
    notes.push_back(same ? "not attacked" : "");
  }
  return notes;
}

/// The clean images, then for each method the attacked ones and their perturbation on grey.
bool show_perturbations(const fs::path& folder) {
  const HostTensor clean = read_npy(folder / "clean.npy");  // N 3 H W
  const Shape shape{clean.shape.at(0), clean.shape.at(2), clean.shape.at(3), clean.shape.at(1)};
  const std::vector<float> x = clean.to<float>("clean.npy");
  std::vector<TileRow> rows{{"clean images", images_of(shape, [&](Index i) { return x[i]; })}};
  for (const Method& method : methods) {
    const std::string file = method.file + "-attacked.npy";
    const std::vector<float> adv = read_npy(folder / file).to<float>(file);
    expect(adv.size() == x.size(), "{} holds {} numbers, expected {}", file, adv.size(), x.size());
    rows.push_back({method.name + ", attacked", images_of(shape, [&](Index i) { return adv[i]; })});
    rows.push_back(
        {fmt::format("its perturbation × {}", magnified),
         images_of(shape,
                   [&](Index i) { return 0.5 + magnified * (static_cast<double>(adv[i]) - x[i]); }),
         notes_of(shape, x, adv)});
  }
  return draw_tile_rows(rows, shape,
                        "Plain grey: not attacked, because the model gets the clean image wrong.",
                        folder / "perturbations.png");
}

void show_method(const fs::path& folder, const std::string& file) {
  const auto found = std::ranges::find(methods, file, &Method::file);
  require(found != methods.end(), "{}: expected one of standard, pgd, robmask", file);
  tabulate(folder, {*found});
}

void run(const fs::path& folder) {
  const Chart chart = tabulate(folder, methods);
  fmt::print("\n");
  if (draw_chart(chart, folder / "tradeoff"))
    fmt::print("{}: the trade-off curve\n", (folder / "tradeoff.png").string());
  const bool named = show_perturbations(folder);
  fmt::print(
      "{}: images, attacked, and what the attacks add{}\n", (folder / "perturbations.png").string(),
      named ? ""
            : "; rows are the clean images, then for each method the attacked images and ten "
              "times their perturbation, plain grey where the model gets the clean image "
              "wrong and nothing is attacked");
}

}  // namespace

}  // namespace robmask

int main(int count, char** words) {
  if (count != 2 && count != 3) {
    std::fputs("usage: pictures FOLDER [METHOD]\n", stderr);
    return 2;
  }
  try {
    if (count == 3)
      robmask::show_method(words[1], words[2]);
    else
      robmask::run(words[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pictures: %s\n", error.what());
    return 1;
  }
  return 0;
}
