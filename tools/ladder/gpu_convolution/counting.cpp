// build/ladder/gpu_convolution: checks the rungs on the emulated GPU, and counts what their warps
// do.

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tests/gpu_emulator/counts.h"
#include "tools/ladder/gpu_convolution/problem.h"

namespace robmask::ladder {

namespace {

using gpu::emulated::Counts;

struct Row {
  std::string name;
  Counts counts;
  bool notes_accesses;  // all of them; the engine's are plain C++

  /// Instructions that multiply, each for a warp.
  std::uint64_t products() const { return counts.products + counts.multiply_adds / 32; }
  /// Of warps, to any memory.
  std::uint64_t requests() const {
    return counts.loads.requests + counts.stores.requests + counts.shared.requests +
           counts.matrix_loads.requests + counts.copies_to.requests;
  }
  std::uint64_t sectors() const { return counts.loads.sectors + counts.copies.sectors; }
  std::uint64_t wavefronts() const {
    return counts.shared.wavefronts + counts.matrix_loads.wavefronts + counts.copies_to.wavefronts;
  }
};

std::vector<Row> count(Ladder& ladder) {
  std::vector<Row> rows;
  for (const Rung& rung : ladder.rungs) {
    gpu::emulated::start_counting();
    rung.run();
    rows.push_back({rung.name, gpu::emulated::stop_counting(), &rung != &ladder.rungs.back()});
  }
  return rows;
}

/// "requests / what they take", empty where there are none.
std::string pair(std::uint64_t requests, std::uint64_t parts) {
  return requests == 0 ? "" : fmt::format("{} / {}", requests, parts);
}

/// Two tables: what was counted, and that by multiply-adds.
std::string tables(const std::vector<Row>& rows, double multiply_adds) {
  std::vector<std::vector<std::string>> counted{
      {"", "of one image", "products", "loads / sectors", "stores / sectors", "shared / wavefronts",
       "matrix loads / wavefronts", "copies / sectors", "copies / wavefronts", "barriers"}};
  std::vector<std::vector<std::string>> shares{
      {"", "for 1000 multiply-adds", "instructions that multiply", "requests to memory",
       "bytes from device memory", "wavefronts of shared memory", "wavefronts a product"}};
  for (const Row& row : rows) {
    const Counts& c = row.counts;
    const std::string number = std::to_string(counted.size());
    const auto plain = [&](std::uint64_t requests, std::uint64_t parts) {
      return row.notes_accesses ? pair(requests, parts) : "–";
    };
    counted.push_back(
        {number, row.name, std::to_string(row.products()), plain(c.loads.requests, c.loads.sectors),
         plain(c.stores.requests, c.stores.sectors), plain(c.shared.requests, c.shared.wavefronts),
         pair(c.matrix_loads.requests, c.matrix_loads.wavefronts),
         pair(c.copies.requests, c.copies.sectors),
         pair(c.copies_to.requests, c.copies_to.wavefronts), std::to_string(c.barriers)});
    const auto share = [&](std::uint64_t count, int digits) {
      return fmt::format("{:.{}f}", 1000 * static_cast<double>(count) / multiply_adds, digits);
    };
    shares.push_back({number, row.name, share(row.products(), 2), share(row.requests(), 2),
                      share(32 * row.sectors(), 0), share(row.wavefronts(), 2),
                      fmt::format("{:.2f}", 1.0 * row.wavefronts() / row.products())});
  }
  return table(counted) + "\n" + table(shares);
}

/// Whether a text holds every line of the tables; says which one it lacks.
bool holds(const std::string& file, const std::string& tables) {
  std::ifstream in(file);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  std::istringstream lines(tables);
  int held = 0;
  for (std::string line; std::getline(lines, line); ++held)
    if (text.find(line + "\n") == std::string::npos) {
      std::cerr << fmt::format("{} lacks this line of what is counted now:\n{}\n", file, line);
      return false;
    }
  std::cout << fmt::format("{} holds the {} lines of what is counted\n", file, held);
  return true;
}

int count_rungs(int argc, char** argv) {
  CLI::App app("Checks the rungs of the GPU's ladder on the emulator, and counts what warps do.");
  std::string text;
  app.add_option("--text", text, "a file that must hold the tables, which are not printed")
      ->check(CLI::ExistingFile);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }

  Problem problem(1, 1);
  Ladder ladder = problem.ladder();
  if (!errors_of(ladder)) return 1;
  const std::string counted = tables(count(ladder), problem.multiply_adds());
  if (!text.empty()) return holds(text, counted) ? 0 : 1;
  std::cout << counted;
  return 0;
}

}  // namespace

}  // namespace robmask::ladder

int main(int argc, char** argv) {
  try {
    return robmask::ladder::count_rungs(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << "gpu_convolution: " << e.what() << "\n";
    return 1;
  }
}
