// Finds cuBLAS at run time. The emulator has its own.

#include <dlfcn.h>

#include "engine/cuda/cublas.h"

namespace robmask::cuda {

namespace {

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

const CublasLibrary* open_library() {
  static CublasLibrary functions;
  for (const char* name : {"libcublas.so.13", "libcublas.so.12", "libcublas.so"}) {
    void* library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) continue;
    if (find(library, "cublasCreate_v2", functions.create) &&
        find(library, "cublasDestroy_v2", functions.destroy) &&
        find(library, "cublasGetVersion_v2", functions.version) &&
        find(library, "cublasSetStream_v2", functions.set_stream) &&
        find(library, "cublasSetWorkspace_v2", functions.set_workspace) &&
        find(library, "cublasGemmEx", functions.gemm))
      return &functions;
    dlclose(library);
  }
  return nullptr;
}

}  // namespace

const CublasLibrary* cublas_library() {
  static const CublasLibrary* const library = open_library();
  return library;
}

}  // namespace robmask::cuda
