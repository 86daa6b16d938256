#include "data/files/json.h"

#include "tests/files/scratch.h"

namespace robmask::test {

TEST(JsonFile, ADocumentComesBackWithItsKeysInOrder) {
  const ScratchFolder folder;
  const Json document = {{"zeta", 1}, {"alpha", {{"eps", 0.1}, {"list", {1, 2}}}}, {"ε", "8/255"}};
  write_json(folder / "config.json", document);
  EXPECT_EQ(read_json(folder / "config.json").dump(), document.dump());
  EXPECT_TRUE(read_text(folder / "config.json").starts_with("{\n  \"zeta\": 1,\n"));
}

TEST(JsonFile, TheLineThatIsNotJsonIsNamed) {
  EXPECT_EQ(
      message_of<InputError>([] { parse_json("{\n\"a\": 1,\n\"b\": x\n}", "c.json"); }),
      R"(c.json: expected JSON, got something else at line 3 (byte 16): '{\x0a"a": 1,\x0a"b": x')");
  EXPECT_THROW(parse_json("", "c.json"), InputError);
}

TEST(JsonFile, AKeyThatComesTwiceIsAnError) {
  EXPECT_EQ(message_of<InputError>([] { parse_json(R"({"a": 1, "b": {"a": 2}, "a": 3})", "c"); }),
            "c: the key 'a' comes twice; keep one");
}

TEST(JsonFile, ANestingBombIsRefused) {
  const std::string bomb(1'000'000, '[');
  EXPECT_EQ(message_of<InputError>([&] { parse_json(bomb, "c"); }),
            "c: expected JSON nested at most 64 deep");
}

TEST(JsonFile, AWholeNumberIsNoOther) {
  EXPECT_EQ(whole_number(7, 0, 7), 7);
  EXPECT_EQ(whole_number(-1, -1, 7), -1);
  const Json others{8, -2, 0.7, 1e300, "7", true, nullptr, UINT64_MAX, Json::array({7})};
  for (const Json& other : others)
    EXPECT_EQ(message_of<InputError>([&] { whole_number(other, -1, 7); }),
              "expected a whole number from -1 to 7, got '" + other.dump() + "'");
}

}  // namespace robmask::test
