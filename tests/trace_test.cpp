#include "engine/trace.h"

#include <gtest/gtest.h>

#include "engine/backend.h"
#include "tests/files/scratch.h"
#include "tests/support/gradient_check.h"

namespace robmask {
namespace {

/// Notes convolutions, masks and ReLUs; no other op.
class Notes : public Trace {
 public:
  std::vector<std::string> heard;
  std::vector<const void*> written, read;

  void conv2d(const Variable& y, const Variable& x, const Variable&, const Window&) override {
    note("conv2d", y, x);
  }
  void mask(const Variable& z, const Variable& x, const MaskState&, const MaskOptions&) override {
    note("mask", z, x);
  }
  void relu(const Variable& y, const Variable& x) override { note("relu", y, x); }

 private:
  void note(const std::string& op, const Variable& y, const Variable& x) {
    heard.push_back(op);
    written.push_back(y.slot().get());
    read.push_back(x.slot().get());
  }
};

class TraceTest : public testing::Test {
 protected:
  Backend& machine = backend("cpu");
  const Variable x = random_variable(machine, {2, 4, 4, 3}, 1);
  const Variable w = random_variable(machine, {3, 3, 3, 4}, 2);
};

TEST_F(TraceTest, HearsWhatOpsReadAndWrite) {
  Notes notes;
  const Variable h = conv2d(x, w, {3, 1, 1}), y = relu(h);
  EXPECT_EQ(notes.heard, (std::vector<std::string>{"conv2d", "relu"}));
  EXPECT_EQ(notes.read, (std::vector<const void*>{x.slot().get(), h.slot().get()}));
  EXPECT_EQ(notes.written, (std::vector<const void*>{h.slot().get(), y.slot().get()}));
}

TEST_F(TraceTest, InsideAnotherAloneHears) {
  Notes outer;
  {
    Notes inner;
    relu(x);
    EXPECT_EQ(inner.heard.size(), 1);
  }
  EXPECT_EQ(outer.heard.size(), 0);
  relu(x);
  EXPECT_EQ(outer.heard.size(), 1);
}

TEST_F(TraceTest, RefusesAnOpThatItDoesNotKnowByName) {
  Notes notes;
  const std::string line = test::message_of<InputError>([&] { max_pool(x, {2, 2}); });
  EXPECT_TRUE(test::mentions(line, "max_pool")) << line;
}

TEST_F(TraceTest, HearsTheConvolutionBehindAMaskThatWouldBeFolded) {
  const auto numbers = [&](double low, std::uint64_t salt) {
    return random_variable(machine, {1, 1, 1, 4}, salt, low, 2);
  };
  MaskState state;
  state.weight = numbers(-1, 3);
  state.bias = numbers(-1, 4);
  state.running_mean = numbers(-1, 5).value();
  state.running_variance = numbers(0.5, 6).value();
  const Tensor one(machine, {}, x.value().dtype());
  machine.fill(one, 1);
  const Context context{{{.images = 2,
                          .mode = Mode::eval,
                          .code = one,
                          .pair_code = one,
                          .kept = std::make_shared<KeptMasks>()}}};
  Notes notes;
  masked_conv2d(x, w, {3, 1, 1}, state, context, {});
  EXPECT_EQ(notes.heard, (std::vector<std::string>{"conv2d", "mask"}));
  EXPECT_EQ(notes.read[1], notes.written[0]);
}

}  // namespace
}  // namespace robmask
