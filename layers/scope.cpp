#include "layers/scope.h"

#include <cmath>

#include "engine/backend.h"

namespace robmask {

Scope Scope::operator/(const std::string& name) const {
  Scope inner = *this;
  inner.prefix_ = prefix_ + name + ".";
  return inner;
}

Variable Scope::add(const std::string& name, Role role, const Shape& shape,
                    const std::function<Tensor()>& value) const {
  Variable variable;
  if (shape_->machine != nullptr) {
    const Tensor first = value();
    variable = Variable(first, role == Role::conv_weight ? shape_->maps : first.dtype());
  }
  entries_->push_back({prefix_ + name, role, shape, variable});
  return variable;
}

Variable Scope::uniform(const std::string& name, Role role, const Shape& shape,
                        Index fan_in) const {
  if (!shape_->seed) return constant(name, role, shape, 0);
  return add(name, role, shape, [&] {
    const double bound = 1 / std::sqrt(static_cast<double>(fan_in));
    const Stream stream{.seed = *shape_->seed,
                        .purpose = Purpose::initialization,
                        .branch = static_cast<std::uint32_t>(entries_->size())};
    std::vector<double> values(shape.count());
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = bound * (2 * random_uniform<double>(stream, static_cast<std::uint32_t>(i)) - 1);
    return make_tensor(*shape_->machine, shape, shape_->dtype(), values);
  });
}

Variable Scope::constant(const std::string& name, Role role, const Shape& shape,
                         double value) const {
  return add(name, role, shape, [&] {
    const Tensor tensor(*shape_->machine, shape,
                        role == Role::tracked ? DType::i64 : shape_->dtype());
    shape_->machine->fill(tensor, value);
    return tensor;
  });
}

}  // namespace robmask
