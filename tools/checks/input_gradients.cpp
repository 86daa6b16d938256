// input_gradients MODEL IMAGES.npy LABELS.npy LOGITS.npy GRADIENTS.npy f32|f64
//
// What a network computes, for comparison with another program: logits, and of the cross-entropy of
// each image the gradient by its pixels. images: floats [N,H,W,3] in [0,1]; labels: i64 [N].

#include "data/files/npy.h"
#include "engine/ops.h"
#include "engine/tape.h"
#include "training/checkpoint.h"

using namespace robmask;

namespace {

template <class T>
void compute(char** words) {
  Backend& machine = backend("cpu");
  const LoadedModel from = load_model(words[1], machine, dtype_of<T>(), {});
  const HostTensor pixels = read_npy(words[2]), classes = read_npy(words[3]);
  const Shape shape{pixels.shape.at(0), pixels.shape.at(1), pixels.shape.at(2), pixels.shape.at(3)};
  const std::vector<Index> numbers = classes.to<Index>();
  const Tensor labels = make_tensor(machine, {shape.n, 1, 1, 1},
                                    std::vector<std::int32_t>(numbers.begin(), numbers.end()));

  const Variable images(make_tensor(machine, shape, pixels.to<T>()));
  Tape tape({images});
  const Variable logits = from.model->at(0)(images);
  const Index outputs = logits.shape().c;
  write_npy(words[4], host_tensor({shape.n, outputs}, logits.value().to_host<T>()));
  tape.backward(sum(cross_entropy(logits, labels)));
  write_npy(words[5], host_tensor(pixels.shape, images.gradient().to_host<T>()));
}

}  // namespace

int main(int count, char** words) {
  if (count != 7) return 2;
  dispatch(words[6] == std::string("f64") ? DType::f64 : DType::f32,
           [&]<class T>() { compute<T>(words); });
}
