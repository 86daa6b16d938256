#pragma once
// A decoder of event files, by the formats' descriptions alone.

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "data/files/input_file.h"
#include "engine/shape.h"

namespace robmask::test {

/// Of a message: each field's number with its value, numbers as their bytes.
inline std::vector<std::pair<int, std::string>> fields_of(std::string_view message) {
  std::vector<std::pair<int, std::string>> fields;
  const auto take = [&](std::size_t bytes) {
    const std::string taken(message.substr(0, bytes));
    message.remove_prefix(bytes);
    return taken;
  };
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
  };
  while (!message.empty()) {
    const std::uint64_t key = varint();
    std::string value;
    switch (key & 7) {
      case 0: value = std::to_string(varint()); break;
      case 1: value = take(8); break;
      case 2: value = take(varint()); break;
      case 5: value = take(4); break;
      default: ADD_FAILURE() << "coding " << (key & 7); return fields;
    }
    fields.emplace_back(static_cast<int>(key >> 3), value);
  }
  return fields;
}

template <class T>
T number(const std::string& bytes) {
  T value{};
  EXPECT_EQ(bytes.size(), sizeof value);
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

struct Event {
  double wall_time = 0;
  Index step = 0;
  std::string version;
  std::map<std::string, float> scalars;
};

/// The records of a file, in order.
inline std::vector<Event> events_in(const Path& path) {
  const std::string file = read_text(path);
  std::vector<Event> events;
  for (std::size_t at = 0; at < file.size();) {
    const auto length = number<std::uint64_t>(file.substr(at, 8));
    Event event;
    for (const auto& [field, value] : fields_of(std::string_view(file).substr(at + 12, length))) {
      if (field == 1) event.wall_time = number<double>(value);
      if (field == 2) event.step = std::stol(value);
      if (field == 3) event.version = value;
      if (field != 5) continue;
      for (const auto& [one, scalar] : fields_of(value)) {
        const auto parts = fields_of(scalar);
        EXPECT_TRUE(one == 1 && parts.size() == 2 && parts[0].first == 1 && parts[1].first == 2);
        event.scalars[parts[0].second] = number<float>(parts[1].second);
      }
    }
    events.push_back(event);
    at += 8 + 4 + length + 4;
  }
  return events;
}

}  // namespace robmask::test
