#pragma once
// Tests that run on every machine of this build, in both precisions.

#include <gtest/gtest.h>

#include <tuple>

#include "tests/support/workbench.h"

namespace robmask {

/// The machines that are compared with the reference: the CPU, and the GPU where there is one.
inline std::vector<std::string> machines_under_test() {
  try {
    backend("cuda");
    return {"cpu", "cuda"};
  } catch (const Unavailable&) {
    return {"cpu"};
  }
}

/// A suite over machine and precision.
class OnMachine : public testing::TestWithParam<std::tuple<std::string, DType>> {
 public:
  static std::string name(const testing::TestParamInfo<ParamType>& info) {
    return fmt::format("{}_{}", std::get<0>(info.param), name_of(std::get<1>(info.param)));
  }

 protected:
  Backend& tested() const { return machine(std::get<0>(GetParam())); }
  DType dtype() const { return std::get<1>(GetParam()); }
  void compare(const Work& work) const { robmask::compare(tested(), dtype(), work); }
};

/// Every machine with the types of maps that it stores: CUDA has bf16 too.
inline std::vector<std::tuple<std::string, DType>> machines_and_maps() {
  std::vector<std::tuple<std::string, DType>> list;
  for (const std::string& name : machines_under_test()) {
    for (const DType type : {DType::f32, DType::f64}) list.emplace_back(name, type);
    if (name == "cuda") list.emplace_back(name, DType::bf16);
  }
  return list;
}

/// The same for convolutions, which tensor cores may also multiply in tf32.
inline std::vector<std::tuple<std::string, DType>> machines_and_products() {
  auto list = machines_and_maps();
  if (machines_under_test().size() > 1) list.emplace_back("cuda_tf32", DType::f32);
  return list;
}

/// Instantiates a suite derived from OnMachine.
#define ROBMASK_ON_ALL_MACHINES(suite)                                                \
  INSTANTIATE_TEST_SUITE_P(Machine, suite,                                            \
                           testing::Combine(testing::ValuesIn(machines_under_test()), \
                                            testing::Values(DType::f32, DType::f64)), \
                           suite::name)
/// The same for primitives of maps, in bf16 too.
#define ROBMASK_ON_ALL_MAPS(suite) \
  INSTANTIATE_TEST_SUITE_P(Machine, suite, testing::ValuesIn(machines_and_maps()), suite::name)
/// And for convolutions, in tf32 too.
#define ROBMASK_ON_ALL_PRODUCTS(suite) \
  INSTANTIATE_TEST_SUITE_P(Machine, suite, testing::ValuesIn(machines_and_products()), suite::name)

}  // namespace robmask
