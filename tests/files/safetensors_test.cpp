#include "data/files/safetensors.h"

#include <cstring>

#include "tests/files/scratch.h"

namespace robmask::test {
namespace {

SafeTensors five_tensors() {
  SafeTensors file;
  file.add("flags", host_tensor({3}, std::vector<std::uint8_t>{1, 2, 3}));
  file.add("conv1.weight", host_tensor({2, 1, 1, 2}, std::vector{1.5f, -2.0f, 0.0f, 1e-40f}));
  file.add("exact", host_tensor({2}, std::vector{0.1, 1e300}));
  file.add("bn1.num_batches_tracked", host_tensor({}, std::vector<Index>{12}));
  file.add("nothing", host_tensor({0, 4}, std::vector<float>{}));
  file.metadata = {{"model", "resnet18"}, {"note", "a \"quote\", a\nline and ε"}};
  return file;
}

/// A file of `header` and `data` whose length field is right.
std::string safetensors_of(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  std::string text(8, '\0');
  std::memcpy(text.data(), &length, 8);
  return text + header + data;
}

std::string safetensors_refusal(const std::string& content) {
  const ScratchFolder folder;
  put(folder / "bad.safetensors", content);
  return message_of<InputError>([&] { read_safetensors(folder / "bad.safetensors"); });
}

constexpr const char* one_float = R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";

struct SafeTensorsDefect {
  const char* header;
  const char* data;
  const char* complaint;
};

const SafeTensorsDefect safetensors_defects[] = {
    {"[]", "", "its header starting with '{'"},
    {" {}", "", "its header starting with '{'"},
    {"{} x", "", "expected JSON in the header"},
    {R"({"w":{"dtype":"F32",)", "", "expected JSON in the header"},
    {"{\"w\xff\":1}", "", "expected JSON in the header"},
    {R"({"w":[]})", "", "expected an object, got an array"},
    {R"({"w":null})", "", "expected an object, got null"},
    {R"({"w":{"dtype":{"a":{}}}})", "", "expected a dtype in quotes, got an object"},
    {R"({"w":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}})", "1234", "got 'F33'"},
    {R"({"w":{"dtype":32,"shape":[1],"data_offsets":[0,4]}})", "1234", "got a number"},
    {R"({"w":{"dtype":"F32","shape":[1]}})", "1234", "got only dtype, shape"},
    {R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}})", "1234", "the key 'x'"},
    {R"({"w":{"dtype":"F32","dtype":"F32"}})", "", "the name 'dtype' comes twice"},
    {R"({"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"w":{}})", "", "'w' comes twice"},
    {R"({"w":{"dtype":"F32","shape":1,"data_offsets":[0,4]}})", "1234", "expected a shape"},
    {R"({"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "1234", "a negative number"},
    {R"({"w":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", "1234", "not whole"},
    {R"({"w":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}})", "1234", "got an array"},
    {R"({"w":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}})", "1", "at most 8"},
    {R"({"w":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4]}})", "1234",
     "63 bits"},
    {R"({"w":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}})", "1234",
     "too large"},
    {R"({"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", "",
     "a shape that fits memory"},
    {R"({"w":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}})", "1", "a shape that fits memory"},
    {R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", "1234", "two whole numbers"},
    {R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}})", "1234", "two whole numbers"},
    {R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", "1234", "got [4, 0]"},
    {R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "123", "the file's 3 bytes"},
    {R"({"w":{"dtype":"U8","shape":[1],"data_offsets":[18446744073709551615,0]}})", "1",
     "inside the file's 1 bytes"},
    {R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "1234", "expected 8 bytes for"},
    {R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "12345", "expected 4 bytes of"},
    {R"({"w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", "12", "at byte 0, right after"},
    {R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
     R"("b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
     "123", "at byte 2, right after"},
    {R"({"__metadata__":{"epoch":3}})", "", "metadata of strings only, got a number"},
    {R"({"__metadata__":"x"})", "", "expected an object, got a string"},
    {R"({"__metadata__":{"a":"1","a":"2"}})", "", "'a' comes twice"},
};

}  // namespace

TEST(SafeTensors, EveryTypeAndTheMetadataComeBackInOrder) {
  const ScratchFolder folder;
  write_safetensors(folder / "a", five_tensors());
  const SafeTensors back = read_safetensors(folder / "a");
  EXPECT_EQ(back.tensors, five_tensors().tensors);
  EXPECT_EQ(back.metadata, five_tensors().metadata);
  EXPECT_EQ(back.values<Index>("bn1.num_batches_tracked"), std::vector<Index>{12});
}

TEST(SafeTensors, TheHeaderFillsWholeWordsAndWideTypesComeFirst) {
  const ScratchFolder folder;
  write_safetensors(folder / "a", five_tensors());
  const std::string text = read_text(folder / "a");
  std::uint64_t length = 0;
  std::memcpy(&length, text.data(), 8);
  EXPECT_EQ(length % 8, 0);
  EXPECT_EQ(text[8], '{');
  const std::string data = text.substr(8 + length);
  ASSERT_EQ(data.size(), 16 + 8 + 16 + 3);
  double first = 0;
  std::memcpy(&first, data.data(), 8);
  EXPECT_EQ(first, 0.1);
  EXPECT_EQ(data.substr(40), "\1\2\3");
}

TEST(SafeTensors, TypesWeDoNotConvertAreKeptAsBytes) {
  const ScratchFolder folder;
  put(folder / "a",
      safetensors_of(R"({"w":{"dtype":"F8_E4M3","shape":[3],"data_offsets":[0,3]}})", "abc"));
  const SafeTensors file = read_safetensors(folder / "a");
  EXPECT_EQ(file.at("w").data.size(), 3);
  EXPECT_EQ(message_of<InputError>([&] { file.values<float>("w"); }),
            (folder / "a").string() +
                ": 'w': expected F16, BF16, F32, F64 or I64, got F8_E4M3; convert it first");
}

TEST(SafeTensors, AMissingFileOrTensorIsNamed) {
  const ScratchFolder folder;
  EXPECT_EQ(message_of<InputError>([&] { read_safetensors(folder / "no"); }),
            (folder / "no").string() +
                ": expected a readable file, got: No such file or directory; check the path");
  EXPECT_NE(message_of<InputError>([&] { read_safetensors(folder.path()); }).find("got a folder"),
            std::string::npos);
  put(folder / "a", safetensors_of(one_float, "1234"));
  const std::string line = message_of<InputError>([&] { read_safetensors(folder / "a").at("b"); });
  EXPECT_NE(line.find("expected a tensor named 'b'"), std::string::npos);
}

TEST(SafeTensors, EveryDefectOfTheHeaderIsNamed) {
  for (const auto& [header, data, complaint] : safetensors_defects) {
    const std::string line = safetensors_refusal(safetensors_of(header, data));
    EXPECT_NE(line.find(complaint), std::string::npos) << header << "\n" << line;
    EXPECT_NE(line.find("bad.safetensors: "), std::string::npos) << line;
  }
}

TEST(SafeTensors, ANestingBombIsRefused) {
  const std::string bomb = R"({"w":{"dtype":)" + std::string(1'000'000, '[');
  EXPECT_NE(safetensors_refusal(safetensors_of(bomb, "")).find("got an array"), std::string::npos);
}

TEST(SafeTensors, AHeaderLongerThanTheFileIsRefusedBeforeMemoryIsTaken) {
  const std::string huge("\xff\xff\xff\xff\xff\xff\xff\x7f{}", 10);
  EXPECT_NE(safetensors_refusal(huge).find("at most 2 bytes, got a length of 9223372036854775807"),
            std::string::npos);
  EXPECT_NE(safetensors_refusal("short").find("at least 10 bytes, got 5"), std::string::npos);
}

TEST(SafeTensors, ANameFromAFileCannotBreakTheErrorLine) {
  const std::string line = safetensors_refusal(safetensors_of("{\"a\\n\\u001b[31m\":1}", ""));
  EXPECT_NE(line.find(R"('a\x0a\x1b[31m')"), std::string::npos) << line;
}

}  // namespace robmask::test
