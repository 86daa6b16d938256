// Every reader against every truncation and thousands of changed bytes of a good file: it
// takes the file or refuses it in one line, and never crashes (the sanitizers see the rest).

#include <random>

#include "data/files/csv.h"
#include "data/files/json.h"
#include "data/files/npy.h"
#include "data/files/safetensors.h"
#include "tests/files/scratch.h"

namespace robmask::test {
namespace {

template <class Read>
void expect_no_prefix_is_read(const Path& path, const std::string& good, Read&& read) {
  for (std::size_t length = 0; length < good.size(); ++length) {
    put(path, std::string_view(good).substr(0, length));
    EXPECT_THROW(read(path), InputError) << length;
  }
}

/// Changes one to four bytes at a time: to anything, or to a character that means something.
template <class Read>
void expect_changes_are_survived(const Path& path, const std::string& good, Read&& read) {
  constexpr std::string_view meaningful = "{}[]()\",:'0123456789-\n\\e";
  std::mt19937 random(7);
  for (int trial = 0; trial < 1500; ++trial) {
    std::string bad = good;
    for (auto changes = random() % 4 + 1; changes > 0; --changes) {
      bad[random() % bad.size()] = random() % 2 == 0 ? static_cast<char>(random())
                                                     : meaningful[random() % meaningful.size()];
    }
    put(path, bad);
    EXPECT_TRUE(taken_or_refused(path, read)) << trial;
  }
}

const auto read_weights = [](const Path& path) { read_safetensors(path); };
const auto read_array = [](const Path& path) { read_npy(path); };
const auto read_document = [](const Path& path) { read_json(path); };
const auto read_table = [](const Path& path) { read_csv(path); };

}  // namespace

TEST(HostileFiles, SafeTensorsAreReadOrRefused) {
  const ScratchFolder folder;
  SafeTensors file;
  file.add("a", host_tensor({2, 3}, std::vector{1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f}));
  file.add("b", host_tensor({}, std::vector<Index>{12}));
  file.metadata = {{"model", "resnet18"}};
  write_safetensors(folder / "good", file);
  const std::string good = read_text(folder / "good");
  expect_no_prefix_is_read(folder / "bad", good, read_weights);
  expect_changes_are_survived(folder / "bad", good, read_weights);
}

TEST(HostileFiles, ArraysAreReadOrRefused) {
  const ScratchFolder folder;
  write_npy(folder / "good", host_tensor({2, 3}, std::vector{1.0, 2.0, 3.0, 4.0, 5.0, 6.0}));
  const std::string good = read_text(folder / "good");
  expect_no_prefix_is_read(folder / "bad", good, read_array);
  expect_changes_are_survived(folder / "bad", good, read_array);
}

TEST(HostileFiles, DocumentsAreReadOrRefused) {
  const ScratchFolder folder;
  const std::string good = R"({"seed": 7, "eps": 0.031, "names": ["a", "b\n"], "x": {"y": null}})";
  expect_no_prefix_is_read(folder / "bad", good, read_document);
  expect_changes_are_survived(folder / "bad", good, read_document);
}

TEST(HostileFiles, TablesAreReadOrRefused) {
  const ScratchFolder folder;
  const std::string good = "epoch,loss,note\n1,0.5,\"a, \"\"b\"\"\"\n2,0.25,c\n";
  expect_changes_are_survived(folder / "bad", good, read_table);
}

}  // namespace robmask::test
