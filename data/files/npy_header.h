#pragma once
// The text in front of a .npy file's elements: a Python dict of dtype, order and shape.

#include <string>
#include <string_view>
#include <vector>

#include "data/files/host_tensor.h"

namespace robmask {

struct NpyHeader {
  ElementType type = ElementType::f32;
  std::vector<Index> shape;
};

inline constexpr std::string_view npy_magic = "\x93NUMPY";

/// Parses the dict of `source`; InputError unless it is exactly descr, fortran_order (False) and
/// shape, of a type that HostTensor can hold.
NpyHeader parse_npy_header(std::string_view dict, const std::string& source);

/// Everything in front of the elements, version 1, a multiple of 64 bytes; std::logic_error if
/// NumPy has no such type (BF16, F8, …).
std::string npy_header(const NpyHeader& header);

}  // namespace robmask
