// A first network: it learns the embedded images, once as they are and once as attacks have changed
// them; both are then attacked. `make first-network` runs it, lessons 4 to 6 of docs/course explain it.

#include <algorithm>
#include <iostream>

#include "data/batches.h"
#include "tools/library/robmask.h"

using namespace robmask;

struct Net {
  Conv2d conv1, conv2;
  MaskedNorm bn1, bn2;  // batch norm and ReLU: the paper's mask
  Linear classify;

  Net(const Scope& s, Index classes)
      : conv1(s / "conv1", 3, 16, {.kernel = 3, .stride = 2, .pad = 1}),
        conv2(s / "conv2", 16, 32, {.kernel = 3, .stride = 2, .pad = 1}),
        bn1(s / "bn1", 16),
        bn2(s / "bn2", 32),
        classify(s / "classify", 32, classes) {}
  Variable operator()(const Variable& x, const Context& c) const {
    return classify(global_average(bn2(conv2, bn1(conv1, x, c), c)));
  }
};

int main() {
  define_network<Net>("first");
  Backend& cpu = backend("cpu");
  const Dataset data = load_dataset("synthetic", {});
  const Images train(cpu, data.train), test(cpu, data.test);
  const double eps = 4.0 / 255;  // how far an attack may move each value of a pixel
  const Ball ball = make_ball(cpu, DType::f32, Norm::linf, {eps}, {eps / 2});
  Batches batches(train.size(), 50, true, 0);
  for (const Index steps : {0, 3}) {  // of the attack in training
    const Model model(cpu, DType::f32, {.name = "first"}, 0);
    Sgd sgd(model.parameters(), 0.9, 5e-4);
    for (Index step = 0; step < 12 * batches.count(); ++step) {
      const Index epoch = step / batches.count();
      const Batch batch = train.batch(DType::f32, batches.at(epoch, step % batches.count()));
      const Tensor x(cpu, batch.images.shape(), DType::f32);
      cpu.copy(x, batch.images);
      pgd(x, batch.images, ball, steps,
          [&](const Variable& v) { return cross_entropy(model.at(0)(v), batch.labels); });
      Tape tape(model.parameters());
      const Variable logits =
          model.logits(Variable(x), {{model.segment(batch.size(), Mode::train, {0})}});
      tape.backward(mean(cross_entropy(logits, batch.labels)));
      sgd.set_rate(cosine_rate(0.1, epoch, 12));
      sgd.step();
    }
    const AttackPlan attack{.attack = AttackName::pgd, .eps = eps, .steps = 20};
    const Verdicts verdicts =
        evaluate({.plan = attack, .attacked = model.at(0)}, test.labelled(DType::f32));
    std::cout << (steps > 0 ? "trained on attacked images: " : "trained on clean images:    ")
              << std::ranges::count(verdicts, true, &Verdict::clean) << " of 500 are right, "
              << std::ranges::count(verdicts, true, &Verdict::robust) << " under attack\n";
  }
}
