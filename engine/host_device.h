#pragma once
// Marks functions that both machines call.

#if defined(__CUDACC__)
#define ROBMASK_HOST_DEVICE __host__ __device__
#else
#define ROBMASK_HOST_DEVICE
#endif
