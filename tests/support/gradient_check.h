#pragma once
// Compares the gradients of ops with central finite differences, in double.

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "engine/ops.h"
#include "tests/support/machines.h"

namespace robmask {

/// A variable of uniform numbers in [low, high); different calls of a test use different `salt`.
Variable random_variable(Backend& machine, const Shape& shape, std::uint64_t salt, double low = -1,
                         double high = 1);

/// Σ r·y with fixed random r: a scalar that sees every element of y differently.
Variable weighted_sum(const Variable& y);

/// Fails unless the gradient of `loss`, a scalar, has a relative L2 error below 1e-6 for each of
/// `inputs`. `loss` is evaluated often, while the inputs' values are moved by ±h.
void expect_gradients(const std::vector<Variable>& inputs, const std::function<Variable()>& loss);

/// A suite that runs on the reference and on the machines under test.
class Gradients : public testing::TestWithParam<std::string> {
 protected:
  Backend& tested() const { return machine(GetParam()); }
  Variable variable(const Shape& shape, double low = -1, double high = 1) {
    return random_variable(tested(), shape, ++salt_, low, high);
  }
  Tensor tensor(const Shape& shape, double low = -1, double high = 1) {
    return variable(shape, low, high).value();
  }
  /// Numbers of either sign, none closer to 0 than 0.1: away from the kink of the ReLU.
  Variable away_from_zero(const Shape& shape);

 private:
  std::uint64_t salt_ = 0;
};

inline std::vector<std::string> reference_and_machines_under_test() {
  auto names = machines_under_test();
  names.insert(names.begin(), "reference");
  return names;
}

/// Instantiates a suite derived from Gradients.
#define ROBMASK_GRADIENTS_ON_ALL_MACHINES(suite)                                                   \
  INSTANTIATE_TEST_SUITE_P(Machine, suite, testing::ValuesIn(reference_and_machines_under_test()), \
                           [](const auto& machine_name) { return machine_name.param; })

}  // namespace robmask
