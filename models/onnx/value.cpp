#include "models/onnx/value.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace robmask::onnx {

namespace {

template <class T>
std::vector<double> as_doubles(const HostTensor& tensor) {
  std::vector<double> all(tensor.data.size() / sizeof(T));
  for (std::size_t i = 0; i < all.size(); ++i) {
    T number;
    std::memcpy(&number, tensor.data.data() + i * sizeof(T), sizeof(T));
    all[i] = static_cast<double>(number);
  }
  return all;
}

}  // namespace

Index Value::count() const {
  return std::accumulate(dims.begin(), dims.end(), Index{1}, std::multiplies<>());
}

Shape memory_shape(const std::vector<Index>& dims, const std::string& axes) {
  Shape s;
  for (std::size_t i = 0; i < axes.size(); ++i)
    (axes[i] == 'n' ? s.n : axes[i] == 'h' ? s.h : axes[i] == 'w' ? s.w : s.c) = dims[i];
  return s;
}

std::vector<double> numbers(const HostTensor& tensor) {
  switch (tensor.type) {
    case ElementType::boolean:
    case ElementType::u8: return as_doubles<std::uint8_t>(tensor);
    case ElementType::i8: return as_doubles<std::int8_t>(tensor);
    case ElementType::u16: return as_doubles<std::uint16_t>(tensor);
    case ElementType::i16: return as_doubles<std::int16_t>(tensor);
    case ElementType::u32: return as_doubles<std::uint32_t>(tensor);
    case ElementType::i32: return as_doubles<std::int32_t>(tensor);
    case ElementType::u64: return as_doubles<std::uint64_t>(tensor);
    case ElementType::i64: return as_doubles<std::int64_t>(tensor);
    default: return tensor.to<double>();
  }
}

std::vector<Index> integers(const HostTensor& tensor) {
  constexpr double most = 0x1p53;
  std::vector<Index> all;
  for (const double n : numbers(tensor)) {
    require(n == n, "expected whole numbers, got {}", n);
    all.push_back(static_cast<Index>(std::clamp(n, -most, most)));
  }
  return all;
}

std::optional<std::vector<Index>> broadcast(const std::vector<Index>& a,
                                            const std::vector<Index>& b) {
  std::vector<Index> both(std::max(a.size(), b.size()));
  for (std::size_t i = 1; i <= both.size(); ++i) {
    const Index of_a = i <= a.size() ? a[a.size() - i] : 1,
                of_b = i <= b.size() ? b[b.size() - i] : 1;
    if (of_a != of_b && of_a != 1 && of_b != 1) return std::nullopt;
    both[both.size() - i] = of_a == 1 ? of_b : of_a;
  }
  return both;
}

bool is_floating(Index type) {
  constexpr Index floating[] = {1, 10, 11, 16};  // FLOAT, FLOAT16, DOUBLE, BFLOAT16
  return std::ranges::count(floating, type) == 1;
}

Ranges ranges_of(const Node& node, Index opset,
                 const std::function<std::optional<std::vector<Index>>(std::size_t)>& input) {
  const auto list = [&](std::size_t number, const char* key, const std::vector<Index>& otherwise) {
    return opset < 10 ? node.attribute(key, otherwise) : input(number).value_or(otherwise);
  };
  Ranges r{list(1, "starts", {}), list(2, "ends", {}), {}, {}};
  std::vector<Index> every(r.starts.size());
  std::iota(every.begin(), every.end(), 0);
  r.axes = list(3, "axes", every);
  r.steps = list(4, "steps", std::vector<Index>(r.starts.size(), 1));
  require(r.ends.size() == r.starts.size() && r.axes.size() == r.starts.size() &&
              r.steps.size() == r.starts.size(),
          "starts, ends, axes and steps are not as many");
  return r;
}

}  // namespace robmask::onnx
