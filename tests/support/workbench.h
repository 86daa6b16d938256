#pragma once
// Runs one piece of work on two machines, on the same inputs, and compares all the memory it
// touched.
//
//   compare(machine("cpu"), DType::f32, [](Workbench& bench) {
//     const Tensor x = bench.input({2, 5, 5, 3}), y = bench.output({2, 5, 5, 3});
//     bench.machine().relu(y, x);
//   });

#include <functional>
#include <string>
#include <vector>

#include "engine/backend.h"

namespace robmask {

/// backend(name), or the reference for "reference"; "cuda_tf32" is "cuda" that may round the
/// factors of products to tf32 until it is asked for by another name.
Backend& machine(const std::string& name);

/// Makes the tensors of one run on one machine. What it fills them with depends on the order of the
/// calls only, so two benches that do the same work hold the same numbers. A tensor with a margin
/// is a view inside a larger one with `margin` more channels on either side and an image before and
/// behind; all that surrounds it is NaN, and must stay so.
class Workbench {
 public:
  /// Tensors are of `dtype`, which is that of maps, unless they are asked to be real: f32 beside
  /// bf16. Floats are such that `products` rounds none of them.
  Workbench(Backend& machine, DType dtype, Products products = Products::exact)
      : machine_(machine), dtype_(dtype), products_(products) {}

  Backend& machine() const { return machine_; }
  DType dtype() const { return dtype_; }

  /// Numbers uniform in [low, high).
  Tensor input(const Shape& shape, Index margin = 0, double low = -1, double high = 1);
  /// Poisoned with NaN: it must be written in full.
  Tensor output(const Shape& shape, Index margin = 0);
  /// An output, or with `add` an input to be added to.
  Sink sink(const Shape& shape, bool add, Index margin = 0);
  Tensor real_input(const Shape& shape, Index margin = 0, double low = -1, double high = 1);
  Tensor real_output(const Shape& shape, Index margin = 0);
  Sink real_sink(const Shape& shape, bool add, Index margin = 0);
  /// Whole numbers of {0, …, below − 1}.
  template <class T>
  Tensor integers(const Shape& shape, std::int64_t below);
  /// An integer output, such as an argmax: poisoned with −1.
  Tensor integer_output(const Shape& shape);
  /// A real scalar, and a counter that lives on the machine.
  Tensor scalar(double value);
  Tensor counter(std::int64_t value);
  /// Takes in a tensor made by hand: it is compared with the rest.
  Tensor watch(Tensor whole, bool written = false);

  /// Everything that was made, in order.
  struct Item {
    Tensor whole, view;
    bool written;  // an output, which may hold no NaN afterwards
  };
  const std::vector<Item>& items() const { return items_; }

 private:
  Stream next_stream();
  Tensor surrounded(const Shape& shape, DType dtype, Index margin, bool written);
  Tensor filled(const Shape& shape, DType dtype, Index margin, double low, double high);

  Backend& machine_;
  DType dtype_;
  Products products_;
  std::vector<Item> items_;
};

using Work = std::function<void(Workbench&)>;

/// The elements of a tensor of any type as doubles.
std::vector<double> values_of(const Tensor& t);
/// ‖a − b‖₂ / ‖b‖₂; 0 if both are 0.
double relative_error(const std::vector<double>& a, const std::vector<double>& b);
/// 1e-5 in f32, 1e-12 in f64; 1e-3 in bf16, where a few elements may be rounded to the other side.
double tolerance_of(DType dtype);

/// Fails unless `tested` does what the reference does: floats to tolerance_of(dtype), though what
/// is real beside bf16 to that of f32; integers and what must not be touched exactly.
void compare(Backend& tested, DType dtype, const Work& work);
/// The numbers in everything that `work` made on that machine, for exact comparisons.
std::vector<std::vector<double>> results_of(Backend& machine, DType dtype, const Work& work);

}  // namespace robmask
