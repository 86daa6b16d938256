#include "data/files/safetensors_header.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>

#include "data/files/input_file.h"

namespace robmask {
namespace {

/// Builds a header from the parser's events; an event that the format does not allow is an error.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderReader(const std::string& source) : source_(source) {}
  SafeTensorsHeader take() { return std::move(header_); }

  bool start_object(std::size_t) override {
    if (place_ == Place::start) return go(Place::names);
    if (place_ != Place::name) return unexpected("an object");
    if (header_name_ == "__metadata__") return go(Place::metadata);
    header_.entries.emplace_back().name = header_name_;
    fields_.clear();
    return go(Place::tensor);
  }

  bool key(std::string& key) override {
    auto& seen = place_ == Place::names ? names_ : fields_;
    require(seen.insert(key).second, "{}: the name {} comes twice in the header; keep one", source_,
            printable(key));
    if (place_ == Place::names) {
      header_name_ = key;
      return go(Place::name);
    }
    field_ = key;
    if (place_ == Place::metadata) return go(Place::metadata_value);
    if (key == "dtype") return go(Place::type);
    if (key == "shape") return go(Place::before_shape);
    if (key == "data_offsets") return go(Place::before_offsets);
    return unexpected("the key " + printable(key));
  }

  bool end_object() override {
    if (place_ == Place::names) return go(Place::end);
    if (place_ == Place::tensor) {
      require(fields_.size() == 3, "{}: {}: expected dtype, shape and data_offsets, got only {}",
              source_, printable(header_name_), fmt::join(fields_, ", "));
    }
    fields_.clear();
    return go(Place::names);
  }

  bool string(std::string& text) override {
    if (place_ == Place::metadata_value) {
      header_.metadata[field_] = text;
      return go(Place::metadata);
    }
    if (place_ != Place::type) return unexpected("a string");
    const auto type = element_type(text);
    require(type.has_value(), "{}: {}: expected a dtype such as F32, got {}; convert it first",
            source_, printable(header_name_), printable(text));
    header_.entries.back().type = *type;
    return go(Place::tensor);
  }

  bool start_array(std::size_t) override {
    offsets_ = 0;
    if (place_ == Place::before_shape) return go(Place::shape);
    if (place_ == Place::before_offsets) return go(Place::offsets);
    return unexpected("an array");
  }

  bool number_unsigned(std::uint64_t number) override {
    auto& entry = header_.entries;
    if (place_ == Place::shape) {
      require(entry.back().shape.size() < 8 && number <= std::numeric_limits<Index>::max(),
              "{}: {}: expected a shape of at most 8 lengths that fit 63 bits", source_,
              printable(header_name_));
      entry.back().shape.push_back(static_cast<Index>(number));
    } else if (place_ == Place::offsets && offsets_ < 2) {
      (offsets_++ == 0 ? entry.back().begin : entry.back().end) = number;
    } else {
      return unexpected("a number");
    }
    return true;
  }

  bool end_array() override {
    if (place_ == Place::offsets && offsets_ != 2) return unexpected("one number or none");
    return go(Place::tensor);
  }

  bool null() override { return unexpected("null"); }
  bool boolean(bool) override { return unexpected("a boolean"); }
  bool number_integer(std::int64_t) override { return unexpected("a negative number"); }
  bool number_float(double, const std::string&) override {
    return unexpected("a number that is not whole or too large");
  }
  bool binary(nlohmann::json::binary_t&) override { return unexpected("binary data"); }

  bool parse_error(std::size_t position, const std::string& token,
                   const nlohmann::json::exception&) override {
    throw InputError(fmt::format("{}: expected JSON in the header, got {} at its byte {}", source_,
                                 printable(token), position));
  }

 private:
  enum class Place {
    start,
    names,
    name,
    tensor,
    type,
    before_shape,
    shape,
    before_offsets,
    offsets,
    metadata,
    metadata_value,
    end
  };

  bool go(Place place) {
    place_ = place;
    return true;
  }

  [[noreturn]] bool unexpected(const std::string& got) const {
    std::string expected = "one JSON object";
    switch (place_) {
      case Place::start:
      case Place::names:
      case Place::end: break;
      case Place::name: expected = "an object"; break;
      case Place::tensor: expected = "dtype, shape and data_offsets"; break;
      case Place::type: expected = "a dtype in quotes"; break;
      case Place::before_shape:
      case Place::shape: expected = "a shape, an array of whole numbers"; break;
      case Place::before_offsets:
      case Place::offsets: expected = "data_offsets, two whole numbers in an array"; break;
      case Place::metadata:
      case Place::metadata_value: expected = "metadata of strings only"; break;
    }
    throw InputError(fmt::format("{}: header, {}: expected {}, got {}", source_,
                                 printable(header_name_), expected, got));
  }

  const std::string& source_;
  SafeTensorsHeader header_;
  Place place_ = Place::start;
  std::string header_name_, field_;
  std::set<std::string> names_, fields_;
  int offsets_ = 0;
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
