#include "tools/robmask/primitive_times.h"

namespace robmask {

template <class F>
void PrimitiveTimes::timed(const std::string& what, const F& work, double products) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  Time& time = times_[what];
  ++time.calls;
  time.seconds += taken.count();
  time.products += products;
}

template <class F>
void PrimitiveTimes::timed(const std::string& what, const Shape& y, const Shape& x,
                           const Window& window, const F& work) {
  const std::string groups = window.groups > 1 ? fmt::format(" in {} groups", window.groups) : "";
  const std::string stride = window.stride > 1 ? fmt::format("/{}", window.stride) : "";
  timed(fmt::format("{} {}x{}{} {} > {}{} on {}x{}", what, window.kernel, window.kernel, stride,
                    x.c, y.c, groups, x.h, x.w),
        work,
        static_cast<double>(y.count()) * static_cast<double>(window.kernel * window.kernel) *
            static_cast<double>(x.c / window.groups));
}

void PrimitiveTimes::upload(std::byte* to, const void* host, std::size_t bytes) {
  timed("upload", [&] { machine_.upload(to, host, bytes); });
}

void PrimitiveTimes::download(void* host, const std::byte* from, std::size_t bytes) {
  timed("download", [&] { machine_.download(host, from, bytes); });
}

void PrimitiveTimes::copy(Tensor to, Tensor from) {
  timed("copy", [&] { machine_.copy(to, from); });
}

void PrimitiveTimes::fill(Tensor to, double value) {
  timed("fill", [&] { machine_.fill(to, value); });
}

void PrimitiveTimes::scale(Sink y, Tensor x, double factor) {
  timed("scale", [&] { machine_.scale(y, x, factor); });
}

void PrimitiveTimes::add(Tensor y, Tensor a, Tensor b) {
  timed("add", [&] { machine_.add(y, a, b); });
}

void PrimitiveTimes::multiply(Sink y, Tensor a, Tensor b) {
  timed("multiply", [&] { machine_.multiply(y, a, b); });
}

void PrimitiveTimes::affine(Sink y, Tensor x, Tensor scale, Tensor shift) {
  timed("affine", [&] { machine_.affine(y, x, scale, shift); });
}

void PrimitiveTimes::bias_gradient(Sink db, Tensor dy) {
  timed("bias gradient", [&] { machine_.bias_gradient(db, dy); });
}

void PrimitiveTimes::relu(Tensor y, Tensor x) {
  timed("relu", [&] { machine_.relu(y, x); });
}

void PrimitiveTimes::relu_gradient(Sink dx, Tensor dy, Tensor y) {
  timed("relu gradient", [&] { machine_.relu_gradient(dx, dy, y); });
}

void PrimitiveTimes::activate(Tensor y, Tensor x, const Activation& f) {
  timed("activate", [&] { machine_.activate(y, x, f); });
}

void PrimitiveTimes::activate_gradient(Sink dx, Tensor dy, Tensor x, const Activation& f) {
  timed("activate gradient", [&] { machine_.activate_gradient(dx, dy, x, f); });
}

void PrimitiveTimes::expand(Sink y, Tensor x) {
  timed("expand", [&] { machine_.expand(y, x); });
}

void PrimitiveTimes::sum_to(Sink y, Tensor x, double factor) {
  timed("sum to", [&] { machine_.sum_to(y, x, factor); });
}

void PrimitiveTimes::place(Sink y, Tensor x, Index top, Index left, double outside) {
  timed("place", [&] { machine_.place(y, x, top, left, outside); });
}

void PrimitiveTimes::transpose(Sink y, Tensor x) {
  timed("transpose", [&] { machine_.transpose(y, x); });
}

void PrimitiveTimes::softmax(Tensor y, Tensor x) {
  timed("softmax", [&] { machine_.softmax(y, x); });
}

void PrimitiveTimes::softmax_gradient(Sink dx, Tensor dy, Tensor y) {
  timed("softmax gradient", [&] { machine_.softmax_gradient(dx, dy, y); });
}

void PrimitiveTimes::conv2d(Tensor y, Tensor x, Tensor w, const Window& window, Moments* moments) {
  timed("conv2d", y.shape(), x.shape(), window, [&] { machine_.conv2d(y, x, w, window, moments); });
}

void PrimitiveTimes::conv2d_folded(Tensor z, Tensor x, Tensor w, const Window& window,
                                   const FoldedMask& mask) {
  timed("conv2d", z.shape(), x.shape(), window,
        [&] { machine_.conv2d_folded(z, x, w, window, mask); });
}

void PrimitiveTimes::conv2d_input_gradient(Sink dx, Tensor dy, Tensor w, const Window& window,
                                           Tensor gate) {
  timed("input gradient", dy.shape(), dx.to.shape(), window,
        [&] { machine_.conv2d_input_gradient(dx, dy, w, window, gate); });
}

void PrimitiveTimes::conv2d_weight_gradient(Sink dw, Tensor dy, Tensor x, const Window& window) {
  timed("weight gradient", dy.shape(), x.shape(), window,
        [&] { machine_.conv2d_weight_gradient(dw, dy, x, window); });
}

void PrimitiveTimes::blend(Tensor out, Tensor code, Tensor table) {
  timed("blend", [&] { machine_.blend(out, code, table); });
}

void PrimitiveTimes::make_lens(const Lens& lens, const MaskSource& from) {
  timed("make lens", [&] { machine_.make_lens(lens, from); });
}

void PrimitiveTimes::mask(Tensor z, const MaskPass& pass) {
  timed("mask", [&] { machine_.mask(z, pass); });
}

void PrimitiveTimes::mask_gradient(const MaskGradients& wanted, Tensor dz, Tensor z,
                                   const MaskPass& pass, bool batch_statistics) {
  timed("mask gradient", [&] { machine_.mask_gradient(wanted, dz, z, pass, batch_statistics); });
}

void PrimitiveTimes::average_pool(Tensor y, Tensor x, const Window& window) {
  timed("average pool", [&] { machine_.average_pool(y, x, window); });
}

void PrimitiveTimes::average_pool_gradient(Sink dx, Tensor dy, const Window& window) {
  timed("average pool gradient", [&] { machine_.average_pool_gradient(dx, dy, window); });
}

void PrimitiveTimes::max_pool(Tensor y, Tensor argmax, Tensor x, const Window& window) {
  timed("max pool", [&] { machine_.max_pool(y, argmax, x, window); });
}

void PrimitiveTimes::max_pool_gradient(Sink dx, Tensor dy, Tensor argmax, const Window& window) {
  timed("max pool gradient", [&] { machine_.max_pool_gradient(dx, dy, argmax, window); });
}

void PrimitiveTimes::cross_entropy(Tensor loss, Tensor logits, Tensor labels) {
  timed("cross entropy", [&] { machine_.cross_entropy(loss, logits, labels); });
}

void PrimitiveTimes::cross_entropy_gradient(Sink dlogits, Tensor dloss, Tensor logits,
                                            Tensor labels) {
  timed("cross entropy gradient",
        [&] { machine_.cross_entropy_gradient(dlogits, dloss, logits, labels); });
}

void PrimitiveTimes::kl(Tensor loss, Tensor p_logits, Tensor q_logits) {
  timed("kl", [&] { machine_.kl(loss, p_logits, q_logits); });
}

void PrimitiveTimes::kl_gradient(Sink dp, Sink dq, Tensor dloss, Tensor p_logits, Tensor q_logits) {
  timed("kl gradient", [&] { machine_.kl_gradient(dp, dq, dloss, p_logits, q_logits); });
}

void PrimitiveTimes::correct(Tensor hits, Tensor logits, Tensor labels) {
  timed("correct", [&] { machine_.correct(hits, logits, labels); });
}

void PrimitiveTimes::sum(Sink y, Tensor x, double factor) {
  timed("sum", [&] { machine_.sum(y, x, factor); });
}

void PrimitiveTimes::sum_gradient(Sink dx, Tensor dy, double factor) {
  timed("sum gradient", [&] { machine_.sum_gradient(dx, dy, factor); });
}

void PrimitiveTimes::sgd_step(std::span<const SgdSlot> slots, Tensor rate, double momentum,
                              double decay) {
  timed("sgd step", [&] { machine_.sgd_step(slots, rate, momentum, decay); });
}

void PrimitiveTimes::gather(Tensor batch, Tensor pixels, Tensor index, bool augment, Stream stream,
                            Tensor step) {
  timed("gather", [&] { machine_.gather(batch, pixels, index, augment, stream, step); });
}

void PrimitiveTimes::start_uniform(Tensor x_adv, Tensor x, Tensor eps, Norm norm, Stream stream,
                                   Tensor step, Tensor ids) {
  timed("start uniform", [&] { machine_.start_uniform(x_adv, x, eps, norm, stream, step, ids); });
}

void PrimitiveTimes::start_normal(Tensor x_adv, Tensor x, double sigma, Stream stream, Tensor step,
                                  Tensor ids) {
  timed("start normal", [&] { machine_.start_normal(x_adv, x, sigma, stream, step, ids); });
}

void PrimitiveTimes::pgd_step(Tensor x_adv, Tensor x, Tensor gradient, Tensor alpha, Tensor eps,
                              Norm norm) {
  timed("pgd step", [&] { machine_.pgd_step(x_adv, x, gradient, alpha, eps, norm); });
}

void PrimitiveTimes::apgd_step(Tensor x_adv, Tensor previous, Tensor x, Tensor gradient,
                               Tensor alpha, Tensor a, Tensor eps, Norm norm) {
  timed("apgd step",
        [&] { machine_.apgd_step(x_adv, previous, x, gradient, alpha, a, eps, norm); });
}

void PrimitiveTimes::fab_step(Tensor x_adv, Tensor x, Tensor gradient, Tensor value, double eta,
                              double alpha_max, Norm norm) {
  timed("fab step", [&] { machine_.fab_step(x_adv, x, gradient, value, eta, alpha_max, norm); });
}

void PrimitiveTimes::cw_step(Tensor x_adv, Tensor w, Tensor mean, Tensor square, Tensor x,
                             Tensor gradient, Tensor alpha) {
  timed("cw step", [&] { machine_.cw_step(x_adv, w, mean, square, x, gradient, alpha); });
}

void PrimitiveTimes::square_step(Tensor x_new, Tensor best, Tensor x, const Squares& squares,
                                 Tensor eps, Norm norm) {
  timed("square step", [&] { machine_.square_step(x_new, best, x, squares, eps, norm); });
}

void PrimitiveTimes::distance(Tensor distance, Tensor a, Tensor b, Norm norm) {
  timed("distance", [&] { machine_.distance(distance, a, b, norm); });
}

void PrimitiveTimes::approach(Tensor y, Tensor x, Tensor weight) {
  timed("approach", [&] { machine_.approach(y, x, weight); });
}

}  // namespace robmask
