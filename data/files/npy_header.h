#pragma once
// The text in front of a .npy file's elements: a Python dict of dtype, order and shape.

#include <string>
#include <string_view>
#include <vector>

#include "data/files/host_tensor.h"

namespace robmask {

inline constexpr std::string_view npy_magic = "\x93NUMPY";

/// Parses the dict of `source`; InputError unless it is exactly descr, fortran_order (False) and
/// shape, of a type that HostTensor can hold. The result has no data yet.
HostTensor parse_npy_header(std::string_view dict, const std::string& source);

/// Everything in front of the elements, version 1, a multiple of 64 bytes; std::logic_error if
/// NumPy has no such type (BF16, F8, …).
std::string npy_header(ElementType type, const std::vector<Index>& shape);

}  // namespace robmask
