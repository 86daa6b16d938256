// Attacks do on every machine what they do on the CPU.

#include <map>

#include "tests/attacks/attempt.h"
#include "tests/support/machines.h"

namespace robmask::linear_model {
namespace {

/// The machines on which attacks work, each compared with the CPU.
class InSlots : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Machine, InSlots, testing::ValuesIn(machines_under_test()),
                         [](const auto& machine) { return machine.param; });

TEST_P(InSlots, AttacksHandOutWhatTheyHandOutOnTheCpu) {
  const Linear linear(3, 0.3);
  for (const Norm norm : {Norm::linf, Norm::l2})
    for (const HandOut hand_out : {HandOut::first, HandOut::strongest}) {
      std::vector<Make> attacks{apgd(ce, 4, 6), pgd(margin, true, 4), fab(1, false, 3, 4),
                                square(12, false)};
      if (norm == Norm::l2) attacks.push_back(cw(3));
      for (std::size_t i = 0; i < attacks.size(); ++i) {
        SCOPED_TRACE(fmt::format("attack {} in {}", i, norm == Norm::linf ? "linf" : "l2"));
        const Terms terms{norm, 1.5 * dividing_eps(linear, norm), 3, hand_out};
        const auto handed_out = [&](Backend& machine) {
          std::map<std::int32_t, std::vector<double>> points;
          Attempt attempt(machine, linear, terms);
          attempt.on_finding = [&](const Found& f) { points[f.image] = f.x_adv.to_doubles(); };
          return std::pair{attempt.broken(attacks[i]), points};
        };
        const auto here = handed_out(backend(GetParam())), there = handed_out(backend("cpu"));
        EXPECT_EQ(here.first, there.first);
        for (const auto& [image, point] : there.second)
          EXPECT_LT(relative_error(here.second.at(image), point), 1e-9) << "image " << image;
      }
    }
}

}  // namespace
}  // namespace robmask::linear_model
