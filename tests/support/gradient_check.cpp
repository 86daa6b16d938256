#include "tests/support/gradient_check.h"

#include "engine/tape.h"

namespace robmask {

namespace {

std::vector<double> random_values(Index count, std::uint64_t salt, double low, double high) {
  const Stream stream{.seed = 99, .purpose = Purpose::probe, .step = salt};
  std::vector<double> values(count);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = low + (high - low) * random_uniform<double>(stream, static_cast<std::uint32_t>(i));
  return values;
}

}  // namespace

Variable random_variable(Backend& machine, const Shape& shape, std::uint64_t salt, double low,
                         double high) {
  return Variable(make_tensor(machine, shape, random_values(shape.count(), salt, low, high)));
}

Variable Gradients::away_from_zero(const Shape& shape) {
  std::vector<double> values = random_values(shape.count(), ++salt_, -0.9, 0.9);
  for (double& v : values) v += v < 0 ? -0.1 : 0.1;
  return Variable(make_tensor(tested(), shape, values));
}

Variable weighted_sum(const Variable& y) {
  const std::vector<double> weights = random_values(y.shape().count(), 0, -1, 1);
  const std::vector<double> values = y.value().to_host<double>();
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) sum += weights[i] * values[i];
  const Variable loss(make_tensor(y.machine(), {}, std::vector<double>{sum}));
  if (Tape* tape = Tape::hearing({y})) {
    const auto dy = tape->wanted(y);
    const Tensor r = make_tensor(y.machine(), y.shape(), weights);
    tape->record(loss, [=](Tape& t, const Tensor& dloss) {
      r.machine().scale(t.sink(dy), r, dloss.item());
    });
  }
  return loss;
}

void expect_gradients(const std::vector<Variable>& inputs, const std::function<Variable()>& loss) {
  constexpr double h = 1e-5;
  {
    Tape tape(inputs);
    tape.backward(loss());
  }
  std::vector<std::vector<double>> gradients;
  for (const Variable& v : inputs) gradients.push_back(v.gradient().to_host<double>());

  for (std::size_t i = 0; i < inputs.size(); ++i) {
    SCOPED_TRACE(fmt::format("input {} of {}", i, to_string(inputs[i].shape())));
    const std::vector<double> start = inputs[i].value().to_host<double>();
    std::vector<double> differences(start.size());
    for (std::size_t k = 0; k < start.size(); ++k) {
      std::vector<double> moved = start;
      const auto loss_at = [&](double value) {
        moved[k] = value;
        inputs[i].value().from_host(moved);
        return loss().value().item();
      };
      differences[k] = (loss_at(start[k] + h) - loss_at(start[k] - h)) / (2 * h);
    }
    inputs[i].value().from_host(start);
    double size = 0;
    for (const double d : differences) size += d * d;
    EXPECT_GT(size, 0) << "the loss does not depend on this input";
    EXPECT_LT(relative_error(gradients[i], differences), 1e-6);
  }
}

}  // namespace robmask
