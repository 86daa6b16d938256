#include "data/files/npy_header.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "data/files/input_file.h"

namespace robmask {
namespace {

constexpr std::size_t most_dimensions = 32;

/// Reads the one kind of Python literal that is allowed here, from left to right.
class DictReader {
 public:
  DictReader(std::string_view text, const std::string& source) : rest_(text), source_(source) {}

  HostTensor read() {
    std::optional<ElementType> type;
    std::optional<bool> fortran_order;
    std::optional<std::vector<Index>> shape;
    each_item("{", "}", [&] {
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
    });
    skip_space();
    if (!rest_.empty()) fail("nothing after the dict");
    require(type && fortran_order && shape,
            "{}: expected descr, fortran_order and shape in the .npy header", source_);
    require(!*fortran_order,
            "{}: expected C order, got Fortran order; save it with numpy.ascontiguousarray(array)",
            source_);
    return {*type, *shape, {}};
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

  /// Calls item() for each of a list in brackets, whose last item may have a comma too.
  template <class F>
  void each_item(std::string_view open, std::string_view close, const F& item) {
    need(open);
    while (!accept(close)) {
      item();
      if (!accept(",")) return need(close);
    }
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
    const auto type = numpy_type(text);
    require(type.has_value(),
            "{}: expected little-endian numbers such as '<f4', got {}; save it with "
            "array.astype(numpy.float32)",
            source_, printable(text));
    return *type;
  }

  std::vector<Index> read_shape() {
    std::vector<Index> lengths;
    each_item("(", ")", [&] {
      if (lengths.size() == most_dimensions) fail("at most 32 dimensions");
      lengths.push_back(whole_number());
    });
    return lengths;
  }

  Index whole_number() {
    skip_space();
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    if (error == std::errc::invalid_argument) fail("a whole number");
    if (error != std::errc() || !std::in_range<Index>(number)) fail("a length that fits 63 bits");
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return static_cast<Index>(number);
  }

  [[noreturn]] void fail(std::string_view expected) const {
    throw InputError(fmt::format("{}: .npy header: expected {}, got {}", source_, expected,
                                 printable(rest_.substr(0, 20))));
  }

  std::string_view rest_;
  const std::string& source_;
};

}  // namespace

HostTensor parse_npy_header(std::string_view dict, const std::string& source) {
  return DictReader(dict, source).read();
}

std::string npy_header(ElementType type, const std::vector<Index>& shape) {
  const std::string_view description = numpy_name_of(type);
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
