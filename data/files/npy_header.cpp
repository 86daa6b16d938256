#include "data/files/npy_header.h"

#include <algorithm>
#include <array>
#include <optional>

#include "data/files/input_file.h"

namespace robmask {
namespace {

constexpr std::size_t most_dimensions = 32;

struct Description {
  std::string_view text;
  ElementType type;
};
constexpr std::array<Description, 13> descriptions{{
    {"<f4", ElementType::f32},
    {"<f8", ElementType::f64},
    {"<f2", ElementType::f16},
    {"|u1", ElementType::u8},
    {"|i1", ElementType::i8},
    {"|b1", ElementType::boolean},
    {"<i2", ElementType::i16},
    {"<u2", ElementType::u16},
    {"<i4", ElementType::i32},
    {"<u4", ElementType::u32},
    {"<i8", ElementType::i64},
    {"<u8", ElementType::u64},
    {"<c8", ElementType::c64},
}};

/// Reads the one kind of Python literal that is allowed here, from left to right.
class DictReader {
 public:
  DictReader(std::string_view text, const std::string& source) : rest_(text), source_(source) {}

  NpyHeader read() {
    std::optional<ElementType> type;
    std::optional<bool> fortran_order;
    std::optional<std::vector<Index>> shape;
    need("{");
    while (!accept("}")) {
      const std::string_view key = quoted_text();
      need(":");
      if (key == "descr" && !type) {
        type = read_type();
      } else if (key == "fortran_order" && !fortran_order) {
        fortran_order = accept("True");
        if (!*fortran_order) need("False");
      } else if (key == "shape" && !shape) {
        shape = read_shape();
      } else {
        fail("descr, fortran_order and shape once each");
      }
      if (!accept(",")) {
        need("}");
        break;
      }
    }
    skip_space();
    if (!rest_.empty()) fail("nothing after the dict");
    require(type && fortran_order && shape,
            "{}: expected descr, fortran_order and shape in the .npy header", source_);
    require(!*fortran_order,
            "{}: expected C order, got Fortran order; save it with numpy.ascontiguousarray(array)",
            source_);
    return {*type, *shape};
  }

 private:
  void skip_space() {
    const auto first = rest_.find_first_not_of(" \n\r\t");
    rest_.remove_prefix(std::min(first, rest_.size()));
  }

  bool accept(std::string_view token) {
    skip_space();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  void need(std::string_view token) {
    if (!accept(token)) fail(token);
  }

  std::string_view quoted_text() {
    skip_space();
    const char quote = rest_.empty() ? '\0' : rest_.front();
    const auto end = quote == '\'' || quote == '"' ? rest_.find(quote, 1) : std::string_view::npos;
    if (end == std::string_view::npos) fail("a string in quotes");
    const auto text = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return text;
  }

  ElementType read_type() {
    const std::string_view text = quoted_text();
    for (const auto& description : descriptions) {
      if (description.text == text) return description.type;
    }
    throw InputError(
        fmt::format("{}: expected little-endian numbers such as '<f4', got {}; save "
                    "it with array.astype(numpy.float32)",
                    source_, printable(text)));
  }

  std::vector<Index> read_shape() {
    std::vector<Index> lengths;
    need("(");
    while (!accept(")")) {
      if (lengths.size() == most_dimensions) fail("at most 32 dimensions");
      lengths.push_back(whole_number());
      if (!accept(",")) {
        need(")");
        break;
      }
    }
    return lengths;
  }

  Index whole_number() {
    skip_space();
    Index number = 0;
    std::size_t digits = 0;
    for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      if (__builtin_mul_overflow(number, Index{10}, &number) ||
          __builtin_add_overflow(number, Index{rest_[digits] - '0'}, &number)) {
        fail("a length that fits 63 bits");
      }
    }
    if (digits == 0) fail("a whole number");
    rest_.remove_prefix(digits);
    return number;
  }

  [[noreturn]] void fail(std::string_view expected) const {
    throw InputError(fmt::format("{}: .npy header: expected {}, got {}", source_, expected,
                                 printable(rest_.substr(0, 20))));
  }

  std::string_view rest_;
  const std::string& source_;
};

}  // namespace

NpyHeader parse_npy_header(std::string_view dict, const std::string& source) {
  return DictReader(dict, source).read();
}

std::string npy_header(const NpyHeader& header) {
  const auto& [type, shape] = header;
  std::string_view description;
  for (const auto& row : descriptions) {
    if (row.type == type) description = row.text;
  }
  expect(!description.empty(), "NumPy has no type for {}", name_of(type));
  const char* comma = shape.size() == 1 ? "," : "";
  std::string dict = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                 description, fmt::join(shape, ", "), comma);
  // The data start at a multiple of 64: 10 bytes before the dict, a newline after it.
  constexpr std::size_t before = 10, alignment = 64;
  const auto total = (before + dict.size() + 1 + alignment - 1) / alignment * alignment;
  dict.resize(total - before - 1, ' ');
  const auto length = static_cast<std::uint16_t>(dict.size() + 1);
  std::string text(npy_magic);
  text += {'\x01', '\x00', static_cast<char>(length & 255), static_cast<char>(length >> 8)};
  return text + dict + '\n';
}

}  // namespace robmask
