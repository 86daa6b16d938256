#include "data/labels.h"

#include <cstring>
#include <utility>

#include "data/files/npy.h"
#include "engine/check.h"

namespace robmask {
namespace {

template <class T>
std::vector<std::int32_t> numbers(const HostTensor& array) {
  std::vector<std::int32_t> values(array.count());
  for (std::size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, array.data.data() + i * sizeof(T), sizeof(T));
    values[i] = std::in_range<std::int32_t>(value) ? static_cast<std::int32_t>(value) : -1;
  }
  return values;
}

}  // namespace

std::vector<std::int32_t> read_labels(const Path& file, Index most) {
  const HostTensor array = read_npy(file);
  const bool known = array.type == ElementType::u8 || array.type == ElementType::i32 ||
                     array.type == ElementType::i64;
  require(known && array.shape.size() == 1,
          "{}: expected labels as uint8, int32 or int64 [N], got {} {}", file.string(),
          name_of(array.type), to_string(array.shape));
  const std::vector<std::int32_t> labels =
      array.type == ElementType::u8    ? numbers<std::uint8_t>(array)
      : array.type == ElementType::i32 ? numbers<std::int32_t>(array)
                                       : numbers<std::int64_t>(array);
  for (std::size_t i = 0; i < labels.size(); ++i)
    require(labels[i] >= 0 && labels[i] <= most,
            "{}: expected labels from 0 to {}, row {} has another", file.string(), most, i);
  return labels;
}

}  // namespace robmask
