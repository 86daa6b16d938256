// info, and files that do not say what they are.

#include "data/files/json.h"
#include "data/files/safetensors.h"
#include "tests/commands/binary.h"

namespace robmask {
namespace {

class Info : public Binary {
 protected:
  /// A file without metadata.
  Path bare_file() const {
    const Path path = model_file("bare.safetensors");
    SafeTensors file = read_safetensors(path);
    file.metadata.clear();
    write_safetensors(path, file);
    return path;
  }
  Json described(const std::string& what) const {
    const Result result = run("info --json " + what);
    EXPECT_EQ(result.code, 0) << result.errors;
    return parse_json(result.output, what);
  }
};

TEST_F(Info, ClaimsNothingThatTheFileDoesNotSay) {
  const std::string flags = quoted(bare_file()) + " --model resnet18 --width 4";
  const Json json = described(flags);
  for (const char* key : {"method", "eps_max", "norm", "seed", "mean", "std"})
    EXPECT_TRUE(json.at(key).is_null()) << key << " " << json[key];
  EXPECT_EQ(json["classes"], 10);
  const std::string text = run("info " + flags).output;
  EXPECT_NE(text.find("not said: method, eps_max, norm, seed, mean, std"), std::string::npos)
      << text;
  EXPECT_EQ(described(flags + " --normalize kuangliu")["std"], Json({0.2023, 0.1994, 0.2010}));

  const Json full = described(quoted(model_file()));
  EXPECT_EQ(full["method"], "standard");
  EXPECT_EQ(full["eps_max"], "8/255");
  EXPECT_EQ(full["seed"], 0);
}

TEST_F(Info, IsNotToldMoreByACopyThanByTheOriginal) {
  const Path plain = folder_ / "plain.safetensors";
  const Result result = run(fmt::format("export --from {} --model resnet18 --width 4 --out {}",
                                        quoted(bare_file()), quoted(plain)));
  ASSERT_EQ(result.code, 0) << result.errors;
  const Json json = described(quoted(plain));
  EXPECT_EQ(json["model"], "resnet18");
  for (const char* key : {"method", "eps_max", "norm", "seed", "mean", "std"})
    EXPECT_TRUE(json.at(key).is_null()) << key << " " << json[key];
}

TEST_F(Info, NamesThePropertyInWhichWeightsAndFlagsDiffer) {
  const std::string bare = "info " + quoted(bare_file());
  expect_refused(bare + " --model densenet121",
                 "expected model resnet18, which its tensors have, got densenet121, as --model");
  expect_refused(bare + " --model preact18 --width 4", "expected model resnet18");
  expect_refused(bare + " --model resnet18", "expected width 4, which its tensors have, got 64");
  expect_refused(bare + " --model resnet18 --width 4 --masks 2",
                 "expected number of masks 1, which its tensors have, got 2, as --masks");
}

TEST_F(Info, WarnsWhereTheFileBeatsAFlag) {
  const Result result = run("info --model densenet121 --quiet " + quoted(model_file()));
  EXPECT_EQ(result.code, 0);
  EXPECT_NE(result.errors.find("warning: --model densenet121: not used"), std::string::npos)
      << result.errors;
  EXPECT_NE(result.errors.find("its model is resnet18"), std::string::npos) << result.errors;
}

TEST_F(Info, NamesTheKindOfAFileThatHoldsNoWeightsAndTheScriptThatConvertsIt) {
  using namespace std::string_literals;
  const std::pair<std::string, const char*> kinds[] = {
      {"PK\3\4\0\0\x08\x08 and the rest of a zip archive"s,
       "convert it: tools/convert/pt_to_safetensors.py"},
      {"\x80\x02\x8a\nl\xfc\x9c\x46 an old pickle"s, "pt_to_safetensors.py"},
      {"sys_info" + std::string(249, '\0') + "ustar\00000", "a tar archive"},
      {"\x93NUMPY\1\0v\0{'descr'"s, "NumPy"},
      {"\x89HDF\r\n\x1a\n and so on"s, "HDF5"},
      {"version https://git-lfs.github.com/spec/v1"s, "git lfs pull"},
      {"<!DOCTYPE html><html>"s, "web page"}};
  for (const auto& [bytes, words] : kinds) {
    test::put(folder_ / "weights", bytes);
    expect_refused("info " + quoted(folder_ / "weights"), words);
    expect_refused("info " + quoted(folder_ / "weights"), "weights: expected a safetensors file");
  }
}

}  // namespace
}  // namespace robmask
