#include "data/files/atomic_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "engine/threads.h"
#include "tests/files/scratch.h"

namespace robmask::test {
namespace {

using ::testing::ExitedWithCode;

/// While it lives, this process has no other threads: GoogleTest warns of forking beside some.
class Alone {
 public:
  Alone() { set_thread_count(1); }
  ~Alone() { set_thread_count(before_); }
  Alone(const Alone&) = delete;
  Alone& operator=(const Alone&) = delete;

 private:
  int before_ = thread_count();
};

/// Runs `write` where no file may grow past 4096 bytes and exits: 0 if it threw a RunError that
/// says the disk is full, 3 otherwise.
template <class Write>
[[noreturn]] void write_under_a_limit(Write&& write) {
  const rlimit limit{4096, 4096};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  try {
    write();
  } catch (const RunError& error) {
    ::_exit(std::string(error.what()).find("the disk is full") != std::string::npos ? 0 : 3);
  }
  ::_exit(3);
}

}  // namespace

TEST(AtomicFile, ChunksBecomeOneFileAtTheCommit) {
  const ScratchFolder folder;
  AtomicFile file(folder / "a");
  file.write("one ");
  file.write("two");
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
  file.commit();
  EXPECT_EQ(read_text(folder / "a"), "one two");
  EXPECT_EQ(folder.files(), 1);
}

TEST(AtomicFile, AFileNeverCommittedLeavesTheEarlierOne) {
  const ScratchFolder folder;
  write_file(folder / "a", std::string_view("earlier"));
  { AtomicFile(folder / "a").write("half of the n"); }
  EXPECT_EQ(read_text(folder / "a"), "earlier");
  EXPECT_EQ(folder.files(), 1);
}

TEST(AtomicFile, AFullDeviceIsAnErrorThatSaysSo) {
  EXPECT_EQ(message_of<RunError>([] { write_file("/dev/full", std::string_view("x")); }),
            "/dev/full: cannot be written: the disk is full; free some space and run again");
  EXPECT_THROW(append_line("/dev/full", "x"), RunError);
}

TEST(AtomicFile, AFileTooLargeForItsLimitLeavesTheEarlierOneAndNothingElse) {
  const Alone alone;
  const ScratchFolder folder;
  write_file(folder / "a", std::string_view("earlier"));
  EXPECT_EXIT(write_under_a_limit([&] { write_file(folder / "a", std::string(10'000, 'x')); }),
              ExitedWithCode(0), "");
  EXPECT_EQ(read_text(folder / "a"), "earlier");
  EXPECT_EQ(folder.files(), 1);
}

TEST(AtomicFile, AMissingFolderOrAFolderInTheWayIsAnError) {
  const ScratchFolder folder;
  const Path nowhere = folder / "missing/a";
  EXPECT_EQ(message_of<RunError>([&] { write_file(nowhere, std::string_view("x")); }),
            nowhere.string() + ": cannot be written: No such file or directory");
  EXPECT_THROW(write_file(folder.path(), std::string_view("x")), RunError);
}

TEST(AtomicFile, AReadOnlyFolderIsAnError) {
  constexpr uid_t nobody = 65534;  // root may write everywhere, so the writer is someone else
  const auto write_as_anyone = [](const Path& path) {
    if (::geteuid() == 0 && ::setuid(nobody) != 0) ::_exit(2);
    EXPECT_THROW(write_file(path, std::string_view("x")), RunError);
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  };
  const Alone alone;
  const ScratchFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0555));
  EXPECT_EXIT(write_as_anyone(folder / "a"), testing::ExitedWithCode(0), "");
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_all);
}

TEST(AtomicFile, ALinkIsFollowedAndStaysALink) {
  const ScratchFolder folder;
  write_file(folder / "real", std::string_view("earlier"));
  std::filesystem::create_symlink("real", folder / "link");
  write_file(folder / "link", std::string_view("later"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(read_text(folder / "real"), "later");
}

TEST(AtomicFile, LinesAreAppended) {
  const ScratchFolder folder;
  append_line(folder / "log", "one");
  append_line(folder / "log", "two");
  EXPECT_EQ(read_text(folder / "log"), "one\ntwo\n");
}

TEST(AtomicFile, ALineThatDoesNotFitIsTakenBack) {
  const Alone alone;
  const ScratchFolder folder;
  append_line(folder / "log", "one");
  EXPECT_EXIT(write_under_a_limit([&] { append_line(folder / "log", std::string(10'000, 'x')); }),
              ExitedWithCode(0), "");
  EXPECT_EQ(read_text(folder / "log"), "one\n");
}

TEST(AtomicFile, TemporariesOfKilledRunsAreRemovedAndLivingOnesStay) {
  const ScratchFolder folder;
  write_file(folder / "kept", std::string_view("x"));
  const pid_t killed = ::fork();
  if (killed == 0) {
    AtomicFile file(folder / "model");
    file.write("half");
    ::_exit(0);
  }
  ASSERT_GT(killed, 0);
  ::waitpid(killed, nullptr, 0);
  AtomicFile living(folder / "model");
  EXPECT_EQ(folder.files(), 3);
  EXPECT_EQ(remove_stale_temporaries(folder.path()), 1);
  EXPECT_EQ(folder.files(), 2);
  living.commit();
  EXPECT_EQ(remove_stale_temporaries(folder / "missing"), 0);
}

}  // namespace robmask::test
