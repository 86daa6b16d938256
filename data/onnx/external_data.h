#pragma once
// Tensors that stand in files beside the graph (ONNX's docs/ExternalData.md).

#include "data/onnx/protobuf.h"

#ifdef ROBMASK_ONNX

#include <map>
#include <vector>

namespace robmask::onnx {

class ExternalData {
 public:
  /// Of the graph in that file: only files in its folder, or below, are read.
  explicit ExternalData(const Path& graph) : graph_(graph) {}

  /// The `bytes` bytes of a tensor. InputError for a file that is not there, too short or elsewhere,
  /// for another length, and for tensors that ask for more than a file has.
  std::vector<std::byte> read(const ::onnx::TensorProto& tensor, std::uint64_t bytes,
                              const std::string& what);

  /// What was read so far.
  std::vector<Path> files() const;

 private:
  Path graph_;
  std::map<Path, std::uint64_t> taken_;  // bytes of each file so far
};

}  // namespace robmask::onnx

#endif
