// The mask: of a batch's own statistics, as in training; and of given ones behind a convolution, as
// in an attack. Forward and backward.

#include "tools/ladder/ladder.h"
#include "engine/backend.h"
#include "engine/threads.h"
#include "tools/ladder/mask/mask.h"

namespace robmask::ladder {

namespace {

Tensor filled(const Shape& shape, unsigned seed) {
  return make_tensor(backend("cpu"), shape, numbers(static_cast<std::size_t>(shape.count()), seed));
}
std::span<float> whole(const Tensor& t) {
  return {t.data<float>(), static_cast<std::size_t>(t.shape().count())};
}

constexpr double map_gb = 4e-9 * M * C, product_gflop = 2e-9 * M * C * C;

int climb_mask(int argc, char** argv) {
  set_thread_count(1);
  const Shape map{images, side, side, C}, vector{1, 1, 1, C}, square{1, 1, C, C};
  Backend& machine = backend("cpu");
  const Tensor gamma = filled(vector, 1), beta = filled(vector, 2);

  // dx, dγ and dβ side by side, for they are one result.
  const Tensor back(machine, {1, 1, M + 2, C}, DType::f32), z(machine, map, DType::f32);
  const auto part = [&](Index first, Index rows, const Shape& shape) {
    return back.reshaped({M + 2, 1, 1, C}).images(first, rows).reshaped(shape);
  };
  const Tensor between[] = {Tensor(machine, map, DType::f32), Tensor(machine, map, DType::f32)};
  const EngineBatch eb{.x = filled(map, 3),
                       .gamma = gamma,
                       .beta = beta,
                       .z = z,
                       .mean = filled(vector, 4),
                       .inverse = filled(vector, 5),
                       .dz = filled(map, 6),
                       .dx = part(0, M, map),
                       .dgamma = part(M, 1, vector),
                       .dbeta = part(M + 1, 1, vector)};
  const Batch b{eb.x.data<float>(),      gamma.data<float>(),   beta.data<float>(),
                z.data<float>(),         eb.mean.data<float>(), eb.inverse.data<float>(),
                eb.dz.data<float>(),     eb.dx.data<float>(),   eb.dgamma.data<float>(),
                between[0].data<float>()};

  const EngineAttack ea{.x = eb.x,
                        .w = filled(square, 7),
                        .gamma = gamma,
                        .beta = beta,
                        .mean = filled(vector, 8),
                        .inverse = filled(vector, 9),
                        .z = Tensor(machine, map, DType::f32),
                        .dy_behind = eb.dz,
                        .v = filled(square, 10),
                        .dy = Tensor(machine, map, DType::f32)};
  const Attack a{ea.x.data<float>(),
                 ea.w.data<float>(),
                 gamma.data<float>(),
                 beta.data<float>(),
                 ea.mean.data<float>(),
                 ea.inverse.data<float>(),
                 ea.z.data<float>(),
                 ea.dy_behind.data<float>(),
                 ea.v.data<float>(),
                 ea.dy.data<float>(),
                 {between[0].data<float>(), between[1].data<float>()}};
  const auto training = [&](std::string name, BatchRung* f) {
    return Rung{std::move(name), [&b, f] { f(b); }};
  };
  const auto attack = [&](std::string name, AttackRung* f) {
    return Rung{std::move(name), [&a, f] { f(a); }};
  };
  return climb(argc, argv,
               {{.title = "mask in training, forward",
                 .unit = "GB/s",
                 .work = 2 * map_gb,
                 .peak = copied_bytes(),
                 .rungs = {training("four passes", four_passes),
                           training("two passes", two_passes),
                           {"the engine", [&] { engine(eb); }}},
                 .result = whole(z),
                 .tolerance = 1e-5},
                {.title = "mask in training, backward",
                 .unit = "GB/s",
                 .work = 4 * map_gb,
                 .peak = copied_bytes(),
                 .rungs = {training("four passes", four_passes_back),
                           training("two passes", two_passes_back),
                           {"the engine", [&] { engine_back(eb); }}},
                 .result = whole(back),
                 .tolerance = 1e-5},
                {.title = "convolution and mask in an attack, forward",
                 .unit = "GFLOP/s",
                 .work = product_gflop,
                 .peak = multiply_adds(),
                 .rungs = {attack("pass by pass", pass_by_pass),
                           attack("one pass", one_pass),
                           attack("in the convolution", fused),
                           {"the engine", [&] { engine(ea); }}},
                 .result = whole(ea.z),
                 .tolerance = 1e-5},
                {.title = "convolution and mask in an attack, backward",
                 .unit = "GFLOP/s",
                 .work = product_gflop,
                 .peak = multiply_adds(),
                 .rungs = {attack("pass by pass", pass_by_pass_back),
                           attack("one pass", one_pass_back),
                           attack("in the convolution", fused_back),
                           {"the engine", [&] { engine_back(ea); }}},
                 .result = whole(ea.dy),
                 .tolerance = 1e-5}});
}

}  // namespace

}  // namespace robmask::ladder

int main(int argc, char** argv) { return robmask::ladder::climb_mask(argc, argv); }
