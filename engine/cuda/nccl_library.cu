// Finds NCCL at run time. The emulator has its own.

#include <dlfcn.h>

#include "engine/cuda/nccl.h"

namespace robmask::cuda {

namespace {

const NcclLibrary* open_library() {
  static NcclLibrary functions;
  void* library = dlopen("libnccl.so.2", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  const auto find = [&]<class Function>(const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    return function != nullptr;
  };
  const bool whole =
      find("ncclGetVersion", functions.version) &&
      find("ncclGetErrorString", functions.words_for) &&
      find("ncclGetUniqueId", functions.make_id) && find("ncclCommInitRank", functions.join) &&
      find("ncclCommDestroy", functions.leave) && find("ncclCommAbort", functions.abort) &&
      find("ncclCommGetAsyncError", functions.state) &&
      find("ncclGroupStart", functions.begin_group) && find("ncclGroupEnd", functions.end_group) &&
      find("ncclSend", functions.send) && find("ncclRecv", functions.receive);
  return whole ? &functions : nullptr;
}

}  // namespace

const NcclLibrary* nccl_library() {
  static const NcclLibrary* const library = open_library();
  return library;
}

}  // namespace robmask::cuda
