// The journal of an evaluation: what was noted is known again, and nothing else.

#include "tools/robmask/journal.h"

#include <gtest/gtest.h>

#include "data/files/atomic_file.h"
#include "tests/files/scratch.h"
#include "tests/support/loud.h"

namespace robmask {
namespace {

using test::message_of;

class JournalFile : public testing::Test {
 protected:
  Journal open(bool resume, const Json& settings = {{"weights", "a"}, {"seed", 0}}) const {
    return {path_, settings, resume};
  }

  Journal keeping(bool resume) const { return {path_, {{"seed", 0}}, resume, kept_}; }

  const test::ScratchFolder folder_;
  const Path path_ = folder_ / "evaluation.journal", kept_ = folder_ / "evaluation.images";
};

TEST_F(JournalFile, WhatWasNotedIsKnownAfterAKill) {
  {
    Journal first = open(false);
    first.add("pgd", Json::array({1, 2}));
    first.add("pgd", "three");
    first.add("fgsm", 4);
  }
  const Journal again = open(true);
  EXPECT_EQ(again.known("pgd"), (std::vector<Json>{Json::array({1, 2}), "three"}));
  EXPECT_EQ(again.known("fgsm"), (std::vector<Json>{4}));
  EXPECT_TRUE(again.known("cw").empty());
}

TEST_F(JournalFile, AKillAtAnyByteLosesTheTornLineOnlyAndSpoilsNoLaterOne) {
  open(false).add("pgd", 1);
  const auto one = std::filesystem::file_size(path_);
  open(true).add("pgd", 2);
  const std::string whole = read_text(path_);
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    std::filesystem::remove(path_);
    test::put(path_, whole.substr(0, length));
    open(true).add("pgd", 3);
    std::vector<Json> expected{3};
    if (length == whole.size()) expected.insert(expected.begin(), 2);
    if (length >= one) expected.insert(expected.begin(), 1);
    EXPECT_EQ(open(true).known("pgd"), expected) << length;
  }
}

TEST_F(JournalFile, OneOfAnotherEvaluationIsRefusedAndKept) {
  open(false).add("pgd", 1);
  const std::string was = read_text(path_);
  const std::string seed = message_of<InputError>([&] {
    open(true, {{"weights", "a"}, {"seed", 1}});
  });
  EXPECT_NE(seed.find("seed is '0', not '1'"), std::string::npos) << seed;
  const std::string weights = message_of<InputError>([&] {
    open(true, {{"weights", "b"}, {"seed", 0}});
  });
  EXPECT_NE(weights.find("weights"), std::string::npos) << weights;
  EXPECT_EQ(read_text(path_), was);
  std::filesystem::remove(path_);
  test::put(path_, "my shopping list\n");
  EXPECT_NE(message_of<InputError>([&] { open(true); }).find("expected the journal"),
            std::string::npos);
}

TEST_F(JournalFile, WithoutResumeItStartsAnewAndTheEndRemovesIt) {
  open(false).add("pgd", 1);
  {
    Journal anew = open(false);
    EXPECT_TRUE(anew.known("pgd").empty());
    anew.add("pgd", 2);
  }
  Journal again = open(true);
  EXPECT_EQ(again.known("pgd"), (std::vector<Json>{2}));
  again.remove();
  EXPECT_EQ(folder_.files(), 0);
}

TEST_F(JournalFile, WhatItKeepsLivesAsLongAsTheLinesThatTellOfIt) {
  test::put(kept_, "stale");
  {
    Journal first = keeping(false);
    EXPECT_TRUE(std::filesystem::exists(kept_));  // may be another's, until the file is taken
    first.begin();
    EXPECT_FALSE(std::filesystem::exists(kept_));
    test::put(kept_, "own");
    first.add("pgd", 1);
  }
  Journal again = keeping(true);
  again.add("pgd", 2);
  EXPECT_EQ(read_text(kept_), "own");
  again.remove();
  EXPECT_EQ(folder_.files(), 0);
}

TEST_F(JournalFile, AKillWhileItIsRemovedLeavesNoLineThatTellsOfWhatIsGone) {
  // What the three steps of remove() leave on the disk: no lines, nothing kept, no file.
  for (const bool resume : {false, true})
    for (const bool file : {false, true})
      for (const bool kept : {false, true}) {
        std::filesystem::remove(path_);
        if (file) test::put(path_, "");
        if (kept) test::put(kept_, "stale");
        Journal next = keeping(resume);
        EXPECT_TRUE(next.known("pgd").empty());
        next.add("pgd", 1);
        EXPECT_FALSE(std::filesystem::exists(kept_));
      }
}

TEST_F(JournalFile, OneThatEndsWithoutHavingTakenTheFileRemovesNothing) {
  Journal running = keeping(false);
  running.add("pgd", 1);
  test::put(kept_, "the running one's");
  keeping(false).remove();
  EXPECT_EQ(folder_.files(), 2);
}

TEST_F(JournalFile, SaysHowToGoOnWhereWorkWasBrokenOffAndSomethingWasNoted) {
  const auto said = [](const Journal& journal, auto error) {
    const test::Loud loud;
    testing::internal::CaptureStderr();
    EXPECT_THROW(journal.resumable([&] { throw error; }), decltype(error));
    return testing::internal::GetCapturedStderr();
  };
  Journal journal = open(false);
  EXPECT_EQ(said(journal, Interrupted(2)), "");
  journal.add("pgd", 1);
  for (const std::string& line : {said(journal, Interrupted(2)), said(journal, RunError("full"))})
    EXPECT_EQ(line, fmt::format("stopped; the same command with --resume goes on from {}\n",
                                path_.string()));
  EXPECT_EQ(said(journal, InputError("--mask")), "");
}

TEST_F(JournalFile, OneEvaluationAtATimeWritesItAndNoOtherRemovesIt) {
  Journal running = open(false);
  running.add("pgd", 1);
  Journal other = open(false, {{"weights", "b"}});
  for (const auto& message : {message_of<InputError>([&] { other.add("pgd", 2); }),
                              message_of<InputError>([&] { open(true); })})
    EXPECT_TRUE(test::mentions(message, "a running one")) << message;
  other.remove();
  running.add("pgd", 3);
  EXPECT_EQ(running.known("pgd"), (std::vector<Json>{1, 3}));
  EXPECT_EQ(folder_.files(), 1);
}

TEST_F(JournalFile, LinesAndEntriesThatAreNotWhatTheyShouldBeAreRefused) {
  open(false).add("pgd", Json::array({1, "two"}));
  const std::string whole = read_text(path_);
  const auto sum = [&] {
    int total = 0;
    open(true).recall("pgd", [&](const Json& entry) {
      for (const Json& number : entry) total += number.get<int>();
    });
    return total;
  };
  EXPECT_TRUE(test::mentions(message_of<InputError>(sum), "evaluation.journal"));
  for (const char* line : {R"({"key":3,"entry":[1]})", R"({"key":"pgd"})", "[1]"}) {
    test::put(path_, whole + line + "\n");
    EXPECT_TRUE(test::mentions(message_of<InputError>([&] { open(true); }), "no entry")) << line;
  }
}

TEST_F(JournalFile, WhatIsNestedDeepOrVeryLongIsRefusedInAShortLine) {
  open(false).add("pgd", 1);
  const std::string whole = read_text(path_);
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  for (const std::string& text :
       {R"({"evaluation":)" + deep + "}\n", whole + R"({"key":"pgd","entry":)" + deep + "}\n"}) {
    test::put(path_, text);
    const std::string line = message_of<InputError>([&] { open(true); });
    EXPECT_TRUE(test::mentions(line, "nested")) << line;
  }
  test::put(path_, R"({"evaluation":{"weights":")" + std::string(200'000, 'x') + "\"}}\n");
  EXPECT_LT(message_of<InputError>([&] { open(true); }).size(), 500u);
}

TEST_F(JournalFile, ANameThatIsNoUtf8IsKnownAgain) {
  const Json settings{{"data", "folder:\xff"}};
  open(false, settings).add("pgd", 1);
  EXPECT_EQ(open(true, settings).known("pgd").size(), 1u);
}

}  // namespace
}  // namespace robmask
