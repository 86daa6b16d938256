// robmask bench: what another program relies on.

#include <sstream>

#include "data/files/json.h"
#include "data/files/safetensors.h"
#include "tests/commands/binary.h"

namespace robmask {
namespace {

class BenchCommand : public Binary {
 protected:
  static constexpr const char* small = "--width 4 --batch 3 --threads 1 --quiet";

  /// The answers to these lines.
  std::vector<Json> answers(const std::string& lines, const std::string& init) const {
    std::ofstream(folder_ / "lines") << lines;
    const Result result = run(fmt::format("bench --worker --init '{}' {} <'{}'", init, small,
                                          (folder_ / "lines").string()));
    EXPECT_EQ(result.code, 0) << result.errors;
    std::istringstream output(result.output);
    std::vector<Json> list;
    for (std::string line; std::getline(output, line);) list.push_back(parse_json(line, "answer"));
    return list;
  }
  std::string saved() const {
    const std::string path = (folder_ / "init.safetensors").string();
    EXPECT_EQ(run(fmt::format("bench --save '{}' {}", path, small)).code, 0);
    return path;
  }
};

TEST_F(BenchCommand, AnswersLineByLine) {
  const auto list = answers("prepare robmask 2\nrun 0\ndrop\nprepare pgd 3\nrun 0\n", saved());
  ASSERT_EQ(list.size(), 5U);
  for (const Json& answer : list) EXPECT_FALSE(answer.contains("error")) << answer;
  for (const int run : {1, 4}) {
    EXPECT_EQ(list[run]["iterations"], 1);
    EXPECT_GT(list[run]["seconds"], 0);
  }
}

TEST_F(BenchCommand, SaysWhereTheTimeOfAWorkloadGoes) {
  const Result result = run(fmt::format(
      "bench --workload pgd,train --repeats 1 --primitives --device cpu --json {}", small));
  ASSERT_EQ(result.code, 0) << result.errors;
  const Json json = parse_json(result.output, "result");
  std::map<std::string, Json> pgd;
  for (const Json& row : json["primitives"]["pgd"]) pgd[row["primitive"]] = row;
  // Four convolutions of 4 channels, forward and back, each of 3 images of 32×32 pixels
  for (const char* name : {"conv2d 3x3 4 > 4 on 32x32", "input gradient 3x3 4 > 4 on 32x32"}) {
    ASSERT_TRUE(pgd.contains(name)) << json;
    EXPECT_EQ(pgd[name]["calls"], 4);
    EXPECT_EQ(pgd[name]["multiply_adds"], 4.0 * 3 * 32 * 32 * 9 * 4 * 4);
    EXPECT_GT(pgd[name]["seconds"], 0);
  }
  EXPECT_EQ(pgd["pgd step"]["calls"], 1);
  EXPECT_FALSE(pgd.contains("weight gradient 3x3 4 > 4 on 32x32"));
  EXPECT_FALSE(pgd.contains("make lens")) << "the masks of an attack are kept";
  const std::string training = json["primitives"]["train"].dump();
  EXPECT_NE(training.find("weight gradient 3x3 4 > 4 on 32x32"), std::string::npos) << training;
  EXPECT_LE(json["peak_tensor_bytes"].get<Index>(), json["peak_held_bytes"].get<Index>());
}

TEST_F(BenchCommand, AnErrorIsAnAnswerToo) {
  const auto list = answers("run 1\nprepare sleep 2\nprepare train 99\ndance\ndrop\n", saved());
  ASSERT_EQ(list.size(), 5U);
  const auto says = [&](int i, const std::string& words) {
    EXPECT_NE(list[i].value("error", "").find(words), std::string::npos) << list[i];
  };
  says(0, "nothing was prepared");
  says(1, "expected one of train, pgd, robmask");
  says(2, "holds 3 images");
  says(3, "dance");
  EXPECT_FALSE(list[4].contains("error"));
}

TEST_F(BenchCommand, RefusesLabelsThatAreTooFewOrOfNoClass) {
  SafeTensors file = read_safetensors(saved());
  const auto refused = [&](const std::vector<Index>& labels, const std::string& words) {
    for (NamedTensor& t : file.tensors)
      if (t.name == "bench.labels") t.tensor = host_tensor({std::ssize(labels)}, labels);
    write_safetensors(folder_ / "labels.safetensors", file);
    expect_refused(fmt::format("bench --workload train --init {} {}",
                               quoted(folder_ / "labels.safetensors"), small),
                   words);
  };
  refused({1, 2}, "holds 2 labels");
  refused({1, 2, 10}, "expected labels from 0 to 9, got 10");
  refused({1, Index{1} << 32, 2}, "got 4294967296");
}

TEST_F(BenchCommand, FindsTheSameFirstStepFromTheSameFile) {
  const std::string path = saved();
  const auto check = [&](const std::string& name) {
    const std::string file = (folder_ / name).string();
    const Json first = answers(fmt::format("check 3 {}\n", file), path).at(0);
    return std::pair(first, text_of(file));
  };
  const auto [first, gradient] = check("a gradient");
  EXPECT_GT(first["loss"], 0);
  EXPECT_NE(first["loss"], first["loss_adv"]);
  EXPECT_EQ(gradient.size(), 3U * 32 * 32 * 3 * sizeof(float));
  EXPECT_EQ(check("b"), std::pair(first, gradient));

  SafeTensors other = read_safetensors(path);
  for (NamedTensor& t : other.tensors)
    if (t.name == "layer4.1.bn2.mask.1.bias")  // of p = ½, though not of p = 0
      t.tensor = host_tensor(t.tensor.shape, std::vector<float>(32, 1));
  write_safetensors(path, other);
  const auto [second, turned] = check("c");
  EXPECT_EQ(second["loss"], first["loss"]);
  EXPECT_NE(second["loss_adv"], first["loss_adv"]);
  EXPECT_NE(turned, gradient);
}

}  // namespace
}  // namespace robmask
