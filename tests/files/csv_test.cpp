#include "data/files/csv.h"

#include "tests/files/scratch.h"

namespace robmask::test {

TEST(Csv, FieldsWithCommasQuotesAndLineBreaksComeBack) {
  const ScratchFolder folder;
  const CsvTable table{{"name", "value"}, {{"a, \"b\"", "1\n2"}, {"", "ε"}}};
  write_csv(folder / "t.csv", table);
  const CsvTable back = read_csv(folder / "t.csv");
  EXPECT_EQ(back.columns, table.columns);
  EXPECT_EQ(back.rows, table.rows);
  EXPECT_EQ(csv_line({"a,b", "c"}), "\"a,b\",c");
}

TEST(Csv, ATornLastRowIsLeftOut) {
  const ScratchFolder folder;
  put(folder / "log.csv", "epoch,loss\n1,0.5\n2,0.2");
  EXPECT_EQ(read_csv(folder / "log.csv").rows, std::vector<CsvRow>({{"1", "0.5"}}));
  put(folder / "log.csv", "epo");
  EXPECT_TRUE(read_csv(folder / "log.csv").columns.empty());
}

TEST(Csv, ARowOfAnotherLengthIsAnError) {
  const ScratchFolder folder;
  put(folder / "log.csv", "epoch,loss\n1,0.5\n2\n");
  EXPECT_EQ(message_of<InputError>([&] { read_csv(folder / "log.csv"); }),
            (folder / "log.csv").string() + ": expected 2 fields in row 3, got 1");
}

TEST(Csv, AResumedLogKeepsItsEarlierRowsByteForByte) {
  const ScratchFolder folder;
  put(folder / "log.csv", "epoch,loss\n1,0.50\n2,1e-3\n3,nan\n4,0.");
  truncate_log(folder / "log.csv", 2);
  EXPECT_EQ(read_text(folder / "log.csv"), "epoch,loss\n1,0.50\n2,1e-3\n");
  truncate_log(folder / "log.csv", 0);
  EXPECT_EQ(read_text(folder / "log.csv"), "epoch,loss\n");
  truncate_log(folder / "missing.csv", 2);
  EXPECT_EQ(folder.files(), 1);
}

TEST(Csv, ANumberIsFiniteAndACountIsWhole) {
  const CsvTable table{{"n"}, {}};
  EXPECT_EQ(table.number({"1e-3"}, "n", "t"), 1e-3);
  EXPECT_EQ(table.whole({"12"}, "n", "t"), 12);
  for (const char* field : {"nan", "inf", "1e999", "x", "1 "})
    EXPECT_THROW(table.number({field}, "n", "t"), InputError) << field;
  for (const char* field : {"", "1e300", "1.5", "-1", "9223372036854775808"})
    EXPECT_THROW(table.whole({field}, "n", "t"), InputError) << field;
}

TEST(Csv, ALogWithoutEpochsIsAnError) {
  const ScratchFolder folder;
  put(folder / "log.csv", "step,loss\n1,0.5\n");
  EXPECT_EQ(message_of<InputError>([&] { truncate_log(folder / "log.csv", 2); }),
            (folder / "log.csv").string() + ": expected a column named 'epoch', got 'step,loss'");
  put(folder / "log.csv", "epoch\nx\n");
  EXPECT_THROW(truncate_log(folder / "log.csv", 2), InputError);
}

}  // namespace robmask::test
