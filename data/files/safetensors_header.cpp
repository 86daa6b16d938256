#include "data/files/safetensors_header.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "data/files/input_file.h"

namespace robmask {
namespace {

/// Builds a header from the parser's events; an event that the format does not allow is an error.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderReader(const std::string& source) : source_(source) {}
  SafeTensorsHeader take() { return std::move(header_); }

  bool start_object(std::size_t) override {
    if (depth_ > 1) unexpected("an object");
    if (++depth_ == 2 && !in_metadata()) header_.entries.emplace_back().name = name_;
    return true;
  }

  bool key(std::string& key) override {
    require((depth_ == 1 ? names_ : fields_).insert(key).second,
            "{}: the name {} comes twice in the header; keep one", source_, printable(key));
    (depth_ == 1 ? name_ : field_) = key;
    if (depth_ == 2 && !in_metadata() && !expectations().contains(key))
      refuse("dtype, shape and data_offsets", "the key " + printable(key));
    return true;
  }

  bool end_object() override {
    require(depth_ == 1 || in_metadata() || fields_.size() == 3,
            "{}: {}: expected dtype, shape and data_offsets, got only {}", source_,
            printable(name_), fmt::join(fields_, ", "));
    fields_.clear();
    --depth_;
    return true;
  }

  bool string(std::string& text) override {
    if (depth_ != 2 || (!in_metadata() && field_ != "dtype")) unexpected("a string");
    if (in_metadata()) {
      header_.metadata[field_] = text;
      return true;
    }
    const auto type = element_type(text);
    require(type.has_value(), "{}: {}: expected a dtype such as F32, got {}; convert it first",
            source_, printable(name_), printable(text));
    header_.entries.back().type = *type;
    return true;
  }

  bool start_array(std::size_t) override {
    if (depth_ != 2 || in_metadata() || field_ == "dtype") unexpected("an array");
    ++depth_;
    offsets_ = 0;
    return true;
  }

  bool number_unsigned(std::uint64_t number) override {
    if (depth_ != 3) unexpected("a number");
    TensorEntry& entry = header_.entries.back();
    if (field_ == "shape") {
      require(entry.shape.size() < 8 && std::in_range<Index>(number),
              "{}: {}: expected a shape of at most 8 lengths that fit 63 bits", source_,
              printable(name_));
      entry.shape.push_back(static_cast<Index>(number));
    } else {
      if (offsets_ == 2) unexpected("a number");
      (offsets_++ == 0 ? entry.begin : entry.end) = number;
    }
    return true;
  }

  bool end_array() override {
    if (field_ == "data_offsets" && offsets_ != 2) unexpected("one number or none");
    --depth_;
    return true;
  }

  bool null() override { unexpected("null"); }
  bool boolean(bool) override { unexpected("a boolean"); }
  bool number_integer(std::int64_t) override { unexpected("a negative number"); }
  bool number_float(double, const std::string&) override {
    unexpected("a number that is not whole or too large");
  }
  bool binary(nlohmann::json::binary_t&) override { unexpected("binary data"); }

  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::json::exception&) override {
    throw InputError(fmt::format("{}: expected JSON in the header, got {} at its byte {}", source_,
                                 printable(token), position));
  }

 private:
  /// What a tensor says of itself, each in words.
  static const std::map<std::string_view, std::string_view>& expectations() {
    static const std::map<std::string_view, std::string_view> words{
        {"dtype", "a dtype in quotes"},
        {"shape", "a shape, an array of whole numbers"},
        {"data_offsets", "data_offsets, two whole numbers in an array"}};
    return words;
  }

  bool in_metadata() const { return name_ == "__metadata__"; }

  [[noreturn]] bool unexpected(const std::string& got) const {
    refuse(depth_ < 2      ? "an object"
           : in_metadata() ? "metadata of strings only"
                           : expectations().at(field_),
           got);
  }

  [[noreturn]] void refuse(std::string_view expected, const std::string& got) const {
    throw InputError(fmt::format("{}: header, {}: expected {}, got {}", source_, printable(name_),
                                 expected, got));
  }

  const std::string& source_;
  SafeTensorsHeader header_;
  int depth_ = 0;             // 1: among names; 2: inside a tensor or the metadata; 3: in an array
  std::string name_, field_;  // the last at depth 1 and at depth 2
  std::set<std::string> names_, fields_;
  int offsets_ = 0;  // numbers of data_offsets so far
};

/// Requires that each tensor's bytes match its shape and that together they tile the data.
void check_layout(const std::vector<TensorEntry>& entries, std::uint64_t data_bytes,
                  const std::string& source) {
  std::vector<const TensorEntry*> by_place;
  for (const auto& entry : entries) {
    const auto bytes = byte_count(entry.type, entry.shape);
    require(bytes.has_value(), "{}: {}: expected a shape that fits memory, got {} of {}", source,
            printable(entry.name), to_string(entry.shape), name_of(entry.type));
    require(entry.begin <= entry.end && entry.end <= data_bytes,
            "{}: {}: expected data_offsets inside the file's {} bytes of data, got [{}, {}]; the "
            "file may have been cut short",
            source, printable(entry.name), data_bytes, entry.begin, entry.end);
    require(*bytes == entry.end - entry.begin,
            "{}: {}: expected {} bytes for {} of {}, got data_offsets of {} bytes", source,
            printable(entry.name), *bytes, to_string(entry.shape), name_of(entry.type),
            entry.end - entry.begin);
    by_place.push_back(&entry);
  }
  std::ranges::sort(by_place, {}, [](const auto* e) { return std::pair(e->begin, e->end); });
  std::uint64_t reached = 0;
  for (const auto* entry : by_place) {
    require(entry->begin == reached,
            "{}: {}: expected its data at byte {}, right after the tensor before, got byte {}",
            source, printable(entry->name), reached, entry->begin);
    reached = entry->end;
  }
  require(reached == data_bytes, "{}: expected {} bytes of data as its header says, got {}", source,
          reached, data_bytes);
}

}  // namespace

SafeTensorsHeader parse_safetensors_header(std::string_view text, std::uint64_t data_bytes,
                                           const std::string& source) {
  require(text.starts_with('{'), "{}: expected a safetensors file, its header starting with '{{'",
          source);
  HeaderReader reader(source);
  nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
  SafeTensorsHeader header = reader.take();
  check_layout(header.entries, data_bytes, source);
  return header;
}

}  // namespace robmask
