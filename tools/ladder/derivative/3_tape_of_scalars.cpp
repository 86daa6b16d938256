// Rung 3: the program writes down what it does, and the chain rule reads that backward.
//
// Every +, −, ·, ÷, exp and log of two numbers appends an entry to a tape: which entries it was made
// of, and its derivatives by them, which are known as soon as its value is. Read from its end, the
// tape sees each entry after all that were made of it, so that its derivative is complete when its
// turn comes:
//
//   for each entry from the last to the first, for each of its inputs i:
//     d_i += d_entry · ∂entry/∂i
//
// Why it is here though it is slower than rung 2: nobody derives anything. The loss below is written
// once, and any other one gets its gradient for free. It is slow because every number has an entry:
// 24 bytes written and read for one multiplication. Rung 4 has an entry for each tensor.

#include <cmath>
#include <vector>

#include "tools/ladder/derivative/network.h"

namespace robmask::ladder {

namespace {

struct Entry {
  int inputs[2];
  double derivatives[2];
};
std::vector<Entry> tape;

/// A value, and its entry on the tape.
struct Number {
  double value;
  int entry;
};

Number made(double value, Entry entry) {
  tape.push_back(entry);
  return {value, static_cast<int>(tape.size()) - 1};
}

/// Has no inputs: a weight, or a constant. What flows to it goes no further.
Number leaf(double value) { return made(value, {{0, 0}, {0, 0}}); }

Number operator+(Number a, Number b) {
  return made(a.value + b.value, {{a.entry, b.entry}, {1, 1}});
}
Number operator-(Number a, Number b) {
  return made(a.value - b.value, {{a.entry, b.entry}, {1, -1}});
}
Number operator*(Number a, Number b) {
  return made(a.value * b.value, {{a.entry, b.entry}, {b.value, a.value}});
}
Number operator/(Number a, Number b) {
  const double q = a.value / b.value;
  return made(q, {{a.entry, b.entry}, {1 / b.value, -q / b.value}});
}
Number exp(Number a) {
  const double e = std::exp(a.value);
  return made(e, {{a.entry, 0}, {e, 0}});
}
Number log(Number a) { return made(std::log(a.value), {{a.entry, 0}, {1 / a.value, 0}}); }

/// dL/d of every entry.
std::vector<double> backward(Number loss) {
  std::vector<double> d(tape.size());
  d[loss.entry] = 1;
  for (int e = loss.entry; e >= 0; --e)
    for (int i = 0; i < 2; ++i) d[tape[e].inputs[i]] += d[e] * tape[e].derivatives[i];
  return d;
}

}  // namespace

void tape_of_scalars(const Network& net) {
  tape.clear();
  const Number zero = leaf(0), one = leaf(1);
  std::vector<Number> w;
  for (int i = 0; i < weights; ++i) w.push_back(leaf(net.w[i]));

  Number total = zero;
  for (int n = 0; n < N; ++n) {
    std::vector<Number> a(H, zero), l(K, zero);
    for (int d = 0; d < D; ++d) {
      const Number x = leaf(net.x[n * D + d]);
      for (int i = 0; i < H; ++i) a[i] = a[i] + x * w[d * H + i];
    }
    for (int i = 0; i < H; ++i) {
      const Number h = a[i] / (one + exp(zero - a[i]));
      for (int k = 0; k < K; ++k) l[k] = l[k] + h * w[D * H + i * K + k];
    }
    Number sum = zero;
    for (int k = 0; k < K; ++k) sum = sum + exp(l[k]);
    total = total + log(sum) - l[net.labels[n]];
  }

  const std::vector<double> d = backward(total);
  for (int i = 0; i < weights; ++i) net.gradient[i] = d[w[i].entry];
}

}  // namespace robmask::ladder
