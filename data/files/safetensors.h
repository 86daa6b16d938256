#pragma once
// Weights files in the safetensors format (huggingface/safetensors): a u64 length N, N bytes of
// JSON {name: {dtype, shape, data_offsets: [begin, end)}, "__metadata__": {string: string}}, then
// the data. Nothing in such a file is ever executed, and nothing is believed before it is checked.

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "data/files/host_tensor.h"
#include "data/files/input_file.h"

namespace robmask {

struct NamedTensor {
  std::string name;
  HostTensor tensor;
  bool operator==(const NamedTensor&) const = default;
};

struct SafeTensors {
  std::vector<NamedTensor> tensors;  // in the order of the header
  std::map<std::string, std::string> metadata;
  std::string source;  // the file they were read from, for messages

  /// The tensor of that name; InputError naming the file if there is none.
  const HostTensor& at(std::string_view name) const;
  /// The elements of at(name) as HostTensor::to<T>, errors naming the file.
  template <class T>
  std::vector<T> values(std::string_view name) const;
  void add(std::string name, HostTensor tensor);
};

/// Reads a whole file. Every size is checked against the file's length before memory is taken. Any
/// defect is one InputError line: a header longer than the file or than 100,000,000 bytes, text
/// that is not this JSON, a key or a name that comes twice, an unknown dtype, more than 8
/// dimensions, a shape whose bytes are not end - begin, data that overlap, leave a hole or do not
/// fill the file.
SafeTensors read_safetensors(const Path& path);
/// The same of a part of a file, its bytes [begin, end).
SafeTensors read_safetensors(const InputFile& file, std::uint64_t begin, std::uint64_t end);

/// Writes `file` atomically; the wider types first, so that every tensor is aligned in the file and
/// PyTorch can map it. The header keeps the order of `file.tensors`.
void write_safetensors(const Path& path, const SafeTensors& file);
/// The bytes of such a file, handed to `take` piece by piece.
void serialize(const SafeTensors& file,
               const std::function<void(std::span<const std::byte>)>& take);

}  // namespace robmask
