#include "training/drawn.h"

#include "engine/backend.h"

namespace robmask {

Stream stream_of(const TrainSettings& s, Purpose purpose) {
  return {.seed = s.seed, .purpose = purpose};
}

double draw_strength(const TrainSettings& s, Index step, std::uint32_t image) {
  Stream stream = stream_of(s, Purpose::strength);
  stream.step = static_cast<std::uint64_t>(step);
  stream.image = image;
  return random_uniform<double>(stream, 0);
}

void Drawn::set(const Tensor& values) {
  const auto [place, fresh] = places_.try_emplace(values.shape().n, values);
  if (!fresh) values.machine().copy(place->second, values);
  latest_ = place->second;
}

StrengthMask::StrengthMask(const Model& model, Index pair) : model_(model), pair_(pair) {
  set({0});
}

void StrengthMask::set(const std::vector<double>& p) {
  if (p == p_) return;
  p_ = p;
  const Segment drawn = model_.segment(0, Mode::eval, p);
  code_.set(drawn.code);
  pair_code_.set(drawn.pair_code);
}

Segment StrengthMask::segment(const Batch& batch, Mode mode) const {
  return {.images = batch.size(),
          .mode = batch.mode(mode),
          .code = code_.tensor(),
          .pair_code = pair_code_.tensor(),
          .pair = pair_,
          .shared = batch.shared};
}

}  // namespace robmask
