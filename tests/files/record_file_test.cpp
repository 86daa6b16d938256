// Files of records: their checksum against the vectors of RFC 3720, their bytes, what is kept.

#include "data/files/record_file.h"

#include "tests/files/scratch.h"

namespace robmask::test {
namespace {

TEST(RecordFile, TheChecksumIsCastagnolis) {
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aa);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43);
}

TEST(RecordFile, ARecordIsLengthChecksumDataChecksum) {
  const ScratchFolder folder;
  append_record(folder / "records", "abc");
  const std::string file = read_text(folder / "records");
  ASSERT_EQ(file.size(), 8u + 4 + 3 + 4);
  EXPECT_EQ(file.substr(0, 8), std::string("\3\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(file.substr(12, 3), "abc");
  const auto stored = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(file[at + i]);
    return value;
  };
  const auto masked = [](std::uint32_t crc) { return (crc >> 15 | crc << 17) + 0xa282ead8; };
  EXPECT_EQ(stored(8), masked(crc32c(file.substr(0, 8))));
  EXPECT_EQ(stored(15), masked(crc32c("abc")));
}

TEST(RecordFile, KeepsTheFirstRecordsByteForByte) {
  const ScratchFolder folder;
  const Path path = folder / "records";
  EXPECT_EQ(keep_records(path, 3), 0);
  EXPECT_FALSE(std::filesystem::exists(path));
  std::string two;
  for (const char* data : {"one", "", "three"}) {
    append_record(path, data);
    if (*data == '\0') two = read_text(path);
  }
  const std::string three = read_text(path);
  EXPECT_EQ(keep_records(path, 4), 3);
  EXPECT_EQ(read_text(path), three);
  EXPECT_EQ(keep_records(path, 2), 2);
  EXPECT_EQ(read_text(path), two);
  EXPECT_EQ(keep_records(path, 0), 0);
  EXPECT_EQ(read_text(path), "");
}

TEST(RecordFile, DropsARecordThatIsTornOrDamagedAndAllBehindIt) {
  const ScratchFolder folder;
  const Path path = folder / "records";
  append_record(path, "first");
  const std::string first = read_text(path);
  append_record(path, "second");
  const std::string both = read_text(path);
  append_record(path, "third");
  const std::string all = read_text(path);
  for (std::size_t bytes = 0; bytes < all.size(); ++bytes) {  // killed while it was written
    put(path, all.substr(0, bytes));
    const bool has_first = bytes >= first.size(), has_both = bytes >= both.size();
    EXPECT_EQ(keep_records(path, 9), has_first + has_both) << bytes;
    EXPECT_EQ(read_text(path), has_both ? both : has_first ? first : "") << bytes;
  }
  for (std::size_t at = first.size(); at < both.size(); ++at) {
    std::string damaged = all;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
    put(path, damaged);
    EXPECT_EQ(keep_records(path, 9), 1) << at;
    EXPECT_EQ(read_text(path), first) << at;
  }
}

}  // namespace
}  // namespace robmask::test
