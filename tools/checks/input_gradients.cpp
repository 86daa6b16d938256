// input_gradients MODEL IMAGES.npy LABELS.npy LOGITS.npy GRADIENTS.npy [MACHINE]
//
// What a network computes, for comparison with another program: logits, and of the cross-entropy of
// each image the gradient by its pixels. images: f32 [N,H,W,3] in [0,1]; labels: i64 [N].

#include <numeric>

#include "data/files/npy.h"
#include "engine/ops.h"
#include "engine/tape.h"
#include "training/checkpoint.h"

using namespace robmask;

int main(int count, char** words) {
  if (count < 6) return 2;
  Backend& machine = backend(count > 6 ? words[6] : "cpu");
  const LoadedModel from = load_model(words[1], machine, DType::f32, {});
  const HostTensor pixels = read_npy(words[2]), classes = read_npy(words[3]);
  const Shape shape{pixels.shape.at(0), pixels.shape.at(1), pixels.shape.at(2), pixels.shape.at(3)};
  const std::vector<Index> numbers = classes.to<Index>();
  const Tensor labels = make_tensor(machine, {shape.n, 1, 1, 1},
                                    std::vector<std::int32_t>(numbers.begin(), numbers.end()));

  const Variable images(make_tensor(machine, shape, pixels.to<float>()));
  Tape tape({images});
  const Variable logits = from.model->at(0)(images);
  const HostTensor out = host_tensor({shape.n, logits.shape().c}, logits.value().to_host<float>());
  tape.backward(sum(cross_entropy(logits, labels)));
  write_npy(words[4], out);
  write_npy(words[5], host_tensor(pixels.shape, images.gradient().to_host<float>()));
}
