#include "data/files/npy.h"

#include "tests/files/scratch.h"

namespace robmask::test {
namespace {

/// A file of version 1 around `dict`.
std::string npy_of(const std::string& dict, const std::string& data) {
  std::string text("\x93NUMPY\x01\x00", 8);
  text += static_cast<char>(dict.size() & 255);
  text += static_cast<char>(dict.size() >> 8);
  return text + dict + data;
}

std::string npy_refusal(const std::string& content) {
  const ScratchFolder folder;
  put(folder / "bad.npy", content);
  return message_of<InputError>([&] { read_npy(folder / "bad.npy"); });
}

struct NpyDefect {
  const char* dict;
  const char* data;
  const char* complaint;
};

const NpyDefect npy_defects[] = {
    {"{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}", "1234", "got '>f4'"},
    {"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "1234", "got '|O'"},
    {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "1234", "in quotes"},
    {"{'descr': '<f4', 'fortran_order': True, 'shape': (1,)}", "1234", "got Fortran order"},
    {"{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", "1234", "expected False"},
    {"{'descr': '<f4', 'shape': (1,)}", "1234", "expected descr, fortran_order and shape"},
    {"{'descr': '<f4', 'descr': '<f4', 'shape': (1,)}", "1234", "once each"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "1234", "a whole number"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999999999,)}", "", "63 bits"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", "",
     "expected the bytes of [4294967296, 4294967296]"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "1234", "got 4 bytes"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "12345", "got 5 bytes"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", "1234", "nothing after"},
};

}  // namespace

TEST(Npy, ArraysComeBackAsTheyWere) {
  const ScratchFolder folder;
  const HostTensor arrays[] = {
      host_tensor({2, 2}, std::vector{1.0f, -2.0f, 3.5f, 1e-40f}),
      host_tensor({3}, std::vector{0.1, 1e300, -0.0}),
      host_tensor({}, std::vector<Index>{-7}),
      host_tensor({1, 2, 1}, std::vector<std::uint8_t>{0, 255}),
      host_tensor({2}, std::vector<std::int32_t>{-1, 1}),
      host_tensor({0, 10}, std::vector<float>{}),
  };
  for (const HostTensor& array : arrays) {
    write_npy(folder / "a.npy", array);
    EXPECT_EQ(read_npy(folder / "a.npy"), array);
  }
}

TEST(Npy, TheHeaderIsTheOneNumPyWrites) {
  const ScratchFolder folder;
  write_npy(folder / "a.npy", host_tensor({3}, std::vector{1.0f, 2.0f, 3.0f}));
  const std::string text = read_text(folder / "a.npy");
  const std::string start("\x93NUMPY\x01\x00\x76\x00", 10);
  const std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }";
  EXPECT_EQ(text.substr(0, 128), start + dict + std::string(117 - dict.size(), ' ') + '\n');
}

TEST(Npy, Version2IsRead) {
  const ScratchFolder folder;
  const std::string dict = "{'shape': (2,), 'fortran_order': False, 'descr': '|u1'}\n";
  put(folder / "a", std::string("\x93NUMPY\x02\x00\x38\x00\x00\x00", 12) + dict + "\5\6");
  EXPECT_EQ(read_npy(folder / "a"), host_tensor({2}, std::vector<std::uint8_t>{5, 6}));
}

TEST(Npy, PiecesBecomeOneArrayAndNoneMayBeMissing) {
  const ScratchFolder folder;
  const auto half = host_tensor({1, 2}, std::vector{1.0f, 2.0f});
  NpyWriter writer(folder / "a", ElementType::f32, {2, 2});
  writer.write(half.data);
  EXPECT_THROW(writer.commit(), std::logic_error);
  writer.write(half.data);
  writer.commit();
  EXPECT_EQ(read_npy(folder / "a"), host_tensor({2, 2}, std::vector{1.0f, 2.0f, 1.0f, 2.0f}));
}

TEST(Npy, EveryDefectOfTheHeaderIsNamed) {
  for (const auto& [dict, data, complaint] : npy_defects) {
    const std::string line = npy_refusal(npy_of(dict, data));
    EXPECT_NE(line.find(complaint), std::string::npos) << dict << "\n" << line;
  }
  EXPECT_NE(npy_refusal("PK\3\4 and so on").find("expected a NumPy .npy file"), std::string::npos);
}

}  // namespace robmask::test
