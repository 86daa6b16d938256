// The attacks of AutoAttack take the same steps as the authors' program, in double precision, from
// the same starts and with the same draws, on a small network.

#include <algorithm>
#include <cmath>

#include "attacks/apgd.h"
#include "attacks/driver.h"
#include "attacks/fab.h"
#include "attacks/plan.h"
#include "attacks/square.h"
#include "attacks/starts.h"
#include "engine/ops.h"
#include "engine/tape.h"
#include "tests/golden/tensors.h"
#include "tests/support/machines.h"

namespace robmask {
namespace {

using golden::Json;

const Json& traces() {
  static const Json json = golden::read("attacks");
  return json;
}

/// Weights of `out` outputs from the formula, OIHW there, {K,K,I,O} here.
Variable weights(Backend& machine, const std::string& name, Index k, Index in, Index out,
                 double factor) {
  const std::vector<double> there = golden::values(name, k * k * in * out, 0, 2 * factor);
  std::vector<double> here(there.size());
  const double root = std::sqrt(static_cast<double>(k * k * in));
  for (Index o = 0, i = 0; o < out; ++o)
    for (Index c = 0; c < in; ++c)
      for (Index p = 0; p < k * k; ++p, ++i) here[(p * in + c) * out + o] = there[i] / root;
  return Variable(make_tensor(machine, {k, k, in, out}, here));
}

/// make_attacks.py's network.
Classifier network(Backend& machine) {
  const Variable conv1 = weights(machine, "attacked.conv1", 3, 3, 8, 1),
                 conv2 = weights(machine, "attacked.conv2", 3, 8, 12, 1),
                 matrix = weights(machine, "attacked.linear", 1, 12, 10, 4);
  const Tensor zero(machine, {1, 1, 1, 10}, DType::f64);
  machine.fill(zero, 0);
  return [=, bias = Variable(zero)](const Variable& x) {
    const Variable y = relu(conv2d(x, conv1, {.kernel = 3, .pad = 1}));
    const Variable z = relu(conv2d(y, conv2, {.kernel = 3, .stride = 2, .pad = 1}));
    return linear(average_pool(z, {.kernel = 5, .stride = 5}), matrix, bias);
  };
}

class GoldenAttacks : public testing::TestWithParam<std::string> {
 protected:
  GoldenAttacks() : machine_(backend(GetParam())), network_(network(machine_)) {}

  /// Slots with the golden images from `first` on, a run each.
  Slots slots(Index first, Index count) const {
    const Index size = traces()["size"];
    Slots s(machine_, {count, size, size, 3}, DType::f64);
    machine_.copy(s.x, golden::images(machine_, first, count, size));
    const std::vector<double> z = network_(Variable(s.x)).value().to_doubles();
    for (Index n = 0; n < count; ++n)
      s.runs.push_back({.image = static_cast<std::int32_t>(first + n),
                        .label = traces()["labels"][first + n],
                        .targets = runners_up({&z[n * 10], 10}, traces()["labels"][first + n], 1)});
    return s;
  }

  /// What became of an image: is it never misclassified, and the nearest point that is, of those
  /// looked at without gradient.
  struct Fate {
    bool stands = true;
    double length = HUGE_VAL;
    std::vector<double> nearest = {0, 0, 0};  // print_of
  };

  /// Runs an attack to its end, whatever it finds, and compares every point it looks at.
  std::vector<Fate> follow(Attack& attack, Slots& slots, const Json& points) {
    std::vector<Fate> fates(slots.active());
    for (Index n = 0; n < slots.active(); ++n) attack.begin(n);
    for (std::size_t look = 0; look < points.size(); ++look) {
      SCOPED_TRACE(fmt::format("look {}", look));
      for (Index n = 0; n < slots.active(); ++n) expect_at(slots, n, points[look][n]);
      if (testing::Test::HasFailure()) return fates;
      const bool wanted = attack.wants_gradient();
      const Variable x(slots.x_adv);
      Tape tape({x});
      const Variable logits = network_(x);
      const std::vector<double> z = logits.value().to_doubles();
      std::vector<double> gradient(z.size());
      for (Index n = 0; n < slots.active(); ++n) {
        const Logits own(&z[n * 10], 10);
        if (predicted(own) != slots.runs[n].label) note(slots, n, wanted, fates[n]);
        attack.judge(n, own, {&gradient[n * 10], 10});
      }
      if (look + 1 == points.size()) break;
      if (wanted)
        tape.backward(logits, make_tensor(machine_, logits.shape(), DType::f64, gradient));
      attack.advance(wanted ? x.gradient() : Tensor());
    }
    return fates;
  }
  /// Takes in a misclassified point.
  void note(const Slots& slots, Index n, bool with_gradient, Fate& fate) const {
    fate.stands = false;
    const Tensor distance(machine_, {}, DType::f64);
    machine_.distance(distance, slots.x_adv.images(n, 1), slots.x.images(n, 1), norm_);
    if (with_gradient || distance.item() >= fate.length) return;
    fate.length = distance.item();
    fate.nearest = print_of(slots, n);
  }
  static std::vector<double> print_of(const Slots& slots, Index n) {
    std::vector<double> delta = golden::channels_first(slots.x_adv.images(n, 1));
    const std::vector<double> x = golden::channels_first(slots.x.images(n, 1));
    for (std::size_t i = 0; i < x.size(); ++i) delta[i] -= x[i];
    return golden::fingerprint(delta);
  }
  static void expect_print(const std::vector<double>& print, Index n, const Json& golden) {
    for (int j = 0; j < 3; ++j)
      ASSERT_NEAR(print[j], golden[j].get<double>(), 1e-9) << "image " << n << ", number " << j;
  }
  static void expect_at(const Slots& slots, Index n, const Json& golden) {
    expect_print(print_of(slots, n), n, golden);
  }

  Backend& machine_;
  Classifier network_;
  Norm norm_ = Norm::linf;  // of the trace that is followed
};
INSTANTIATE_TEST_SUITE_P(Machine, GoldenAttacks, testing::ValuesIn(machines_under_test()),
                         [](const auto& machine) { return machine.param; });

LogitLoss loss_of(const std::string& name) {
  if (name == "ce") return ce;
  return name == "dlr" ? dlr : targeted_dlr;
}

TEST_P(GoldenAttacks, ApgdLooksAtTheSamePointsAndKeepsTheSameBest) {
  for (const Json& golden : traces()["apgd"]) {
    SCOPED_TRACE(fmt::format("{} {}", golden["norm"], golden["loss"]));
    Slots s = slots(0, 4);
    norm_ = from_string<Norm>(golden["norm"].get<std::string>());
    Apgd apgd(s, {norm_, golden["eps"], 0, HandOut::strongest}, golden["iterations"],
              loss_of(golden["loss"]), golden["kind"]);
    const std::vector<Fate> fates = follow(apgd, s, golden["points"]);
    const std::vector<double> z = network_(Variable(s.x_adv)).value().to_doubles();
    std::vector<double> gradient(10);
    for (Index n = 0; n < s.active(); ++n) {
      EXPECT_EQ(fates[n].stands, golden["standing"][n].get<bool>()) << n;
      const double best =
          loss_of(golden["loss"])({&z[n * 10], 10}, s.runs[n].label, s.runs[n].target(), gradient);
      EXPECT_NEAR(best, golden["best"][n].get<double>(), 1e-9) << n;
    }
  }
}

TEST_P(GoldenAttacks, FabLooksAtTheSamePointsAndFindsTheSameNearest) {
  for (const Json& golden : traces()["fab"]) {
    SCOPED_TRACE(fmt::format("{} targeted {}", golden["norm"], golden["targeted"].dump()));
    Slots s = slots(0, 4);
    norm_ = from_string<Norm>(golden["norm"].get<std::string>());
    Fab fab(s, {norm_, 0, 0}, golden["iterations"], 1, golden["targeted"], 10);
    const int boundaries = golden["targeted"] ? 1 : 9;
    Json points;  // we look at a point once for each boundary
    for (std::size_t i = 0; i < golden["points"].size(); ++i)
      for (int look = 0; look < (i % 2 == 0 ? boundaries : 1); ++look)
        points.push_back(golden["points"][i]);
    const std::vector<Fate> fates = follow(fab, s, points);
    for (Index n = 0; n < s.active(); ++n) expect_print(fates[n].nearest, n, golden["found"][n]);
  }
}

TEST_P(GoldenAttacks, SquareTriesTheSamePoints) {
  for (const Json& golden : traces()["square"]) {
    SCOPED_TRACE(fmt::format("{} image {}", golden["norm"], golden["image"].dump()));
    Slots s = slots(golden["image"], 1);
    Square square(s, {from_string<Norm>(golden["norm"].get<std::string>()), golden["eps"], 0},
                  golden["queries"], false);
    Json points;
    for (const Json& point : golden["points"]) points.push_back(Json::array({point}));
    follow(square, s, points);
  }
}

TEST_P(GoldenAttacks, StepsOntoPlanesAreTheSame) {
  const Index d = 27;
  for (std::size_t i = 0; i < traces()["projections"].size(); ++i) {
    const Json& golden = traces()["projections"][i];
    std::vector<double> t(d), w(d);
    const golden::Hash point(fmt::format("plane/{}/point", i)),
        normal(fmt::format("plane/{}/normal", i));
    for (Index k = 0; k < d; ++k) {
      t[k] = point.uniform(k);
      w[k] = normal.signed_uniform(k);
      if (i % 3 == 0 && k % 4 == 0) w[k] = 0;
      if (i % 3 == 0 && k % 5 < 2) t[k] = static_cast<double>(k % 5);
    }
    for (const Norm norm : {Norm::linf, Norm::l2}) {
      const Shape shape{1, 3, 3, 3};
      const Tensor x = make_tensor(machine_, shape, t), y = make_tensor(machine_, shape, t);
      machine_.fab_step(y, x, make_tensor(machine_, shape, w),
                        make_tensor(machine_, {}, std::vector<double>{golden["value"]}), 1, 0,
                        norm);
      const std::vector<double> there = y.to_doubles();
      for (Index k = 0; k < d; ++k)
        EXPECT_NEAR(there[k] - t[k], golden[to_string(norm)][k].get<double>(), 1e-12)
            << to_string(norm) << " plane " << i << ", coordinate " << k;
    }
  }
}

TEST(GoldenLosses, AreTheSameWithTheirGradients) {
  for (const Json& row : traces()["losses"]) {
    const Index classes = row["classes"], i = row["row"];
    const auto z = golden::values(fmt::format("logits/{}/{}", classes, i), classes, 0, 5);
    for (const char* name : {"dlr", "targeted_dlr"}) {
      if (!row.contains(name)) continue;
      std::vector<double> gradient(classes);
      const double value = loss_of(name)(z, i % classes, (i + 1) % classes, gradient);
      EXPECT_NEAR(value, row[name]["value"].get<double>(), 1e-12);
      const double length = row[name]["gradient"][0];
      if (length < 1e-12)  // the label comes third: DLR is 1 wherever one goes
        EXPECT_LT(golden::fingerprint(gradient)[0], 1e-12);
      else
        golden::expect_close(gradient, row[name]["gradient"], 1e-12, name);
    }
  }
}

TEST(GoldenSquare, ScheduleAndBumpsAreTheSame) {
  for (const Json& entry : traces()["schedule"])
    EXPECT_EQ(square_share(entry[0]), entry[1].get<double>()) << "iteration " << entry[0];
  for (const auto& [side, values] : traces()["bumps"].items()) {
    const std::vector<double> ours = bump(std::stol(side), false), theirs = values;
    EXPECT_LT(relative_error(ours, theirs), 1e-13) << "side " << side;
  }
}

TEST(StepSizeChecks, OfAHundredIterationsAreWhereTheAuthorsHaveThem) {
  const StepSizeChecks checks(100);
  std::vector<Index> after;
  Index window = checks.first_window();
  for (Index at = window; at <= 100; window = checks.window_after(window), at += window)
    after.push_back(at);
  after.erase(std::unique(after.begin(), after.end()), after.end());
  EXPECT_EQ(after, (std::vector<Index>{22, 41, 57, 70, 80, 87, 93, 99}));
}

}  // namespace
}  // namespace robmask
