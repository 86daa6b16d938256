// An iteration that is replayed does what running it again would do.

#include "engine/replay.h"

#include "tests/support/machines.h"

namespace robmask {
namespace {

class Replaying : public OnMachine {
 protected:
  bool records() const { return tested().make_recording() != nullptr; }
  Tensor filled(double value) const {
    const Tensor t(tested(), shape, dtype());
    tested().fill(t, value);
    return t;
  }
  static std::vector<double> all(double value) {
    return std::vector<double>(static_cast<std::size_t>(shape.count()), value);
  }
  /// Fails unless the second call, which records, throws a line with these words; afterwards the
  /// machine works as before.
  void expect_refused(const std::function<void()>& body, const std::string& words) const {
    Replay iteration(tested(), body);
    iteration();
    if (records()) {
      try {
        iteration();
        ADD_FAILURE() << "recorded " << words;
      } catch (const std::logic_error& error) {
        EXPECT_NE(std::string(error.what()).find(words + " inside a replayed iteration"),
                  std::string::npos)
            << error.what();
      }
    }
    EXPECT_EQ(filled(3).to_doubles(), all(3));
  }

  static constexpr Shape shape{5, 2, 1, 7};
};
ROBMASK_ON_ALL_MACHINES(Replaying);

TEST_P(Replaying, RunsTheBodyUntilItIsRecorded) {
  int runs = 0;
  const Tensor y = filled(0), one = filled(1);
  Replay iteration(tested(), [&] {
    ++runs;
    tested().add(y, y, one);
  });
  for (int call = 0; call < 5; ++call) iteration();
  EXPECT_EQ(runs, records() ? 2 : 5);
  EXPECT_EQ(y.to_doubles(), all(5));
}

TEST_P(Replaying, RunsTheBodyOnceMoreWhileItMayNotBeRecorded) {
  int runs = 0;
  const Tensor y = filled(0), one = filled(1);
  Replay iteration(tested(), [&] {
    ++runs;
    tested().add(y, y, one);
  });
  for (int call = 0; call < 4; ++call) iteration(false);
  EXPECT_EQ(runs, 4);
  EXPECT_EQ(iteration.ready(), records());
  for (int call = 0; call < 2; ++call) iteration();
  EXPECT_EQ(runs, records() ? 5 : 6);
  EXPECT_EQ(y.to_doubles(), all(6));
}

TEST_P(Replaying, ReadsWhatVariesFromTensors) {
  const Tensor x = filled(0), y = filled(-1);
  Replay iteration(tested(), [&] {
    const Tensor twice(tested(), shape, dtype());
    tested().scale({twice}, x, 2);
    tested().add(y, twice, x);
  });
  for (int call = 1; call <= 5; ++call) {
    tested().fill(x, call);
    iteration();
    EXPECT_EQ(y.to_doubles(), all(3 * call)) << "call " << call;
  }
}

TEST_P(Replaying, WritesToNoMemoryThatOthersHold) {
  const Tensor x = filled(5), y = filled(0);
  Replay iteration(tested(), [&] {
    const Tensor own(tested(), shape, dtype());
    tested().copy(own, x);
    tested().copy(y, own);
  });
  std::vector<Tensor> others;
  for (int call = 0; call < 4; ++call) {
    iteration();
    others.push_back(filled(call));
  }
  iteration();
  for (int call = 0; call < 4; ++call) EXPECT_EQ(others[call].to_doubles(), all(call));
}

TEST_P(Replaying, TwoOfThemKeepApart) {
  const Tensor x = filled(0), a = filled(0), b = filled(0);
  const auto work = [&](const Tensor& y, double factor) {
    return [&, y, factor] {
      const Tensor own(tested(), shape, dtype());
      tested().scale({own}, x, factor);
      tested().copy(y, own);
    };
  };
  Replay first(tested(), work(a, 2)), second(tested(), work(b, 3));
  for (int call = 1; call <= 4; ++call) {
    tested().fill(x, call);
    first();
    second();
    EXPECT_EQ(a.to_doubles(), all(2 * call));
    EXPECT_EQ(b.to_doubles(), all(3 * call));
  }
}

TEST_P(Replaying, CanBeSwitchedOff) {
  int runs = 0;
  Replay iteration(
      tested(), [&] { ++runs; }, false);
  for (int call = 0; call < 3; ++call) iteration();
  EXPECT_EQ(runs, 3);
}

TEST_P(Replaying, RefusesToReadBack) {
  const Tensor x = filled(1);
  expect_refused([&] { x.item(); }, "a download");
}

TEST_P(Replaying, RefusesToUpload) {
  const Tensor x(tested(), {2, 1, 1, 1}, DType::i32);
  expect_refused([&] { x.from_host(std::vector<std::int32_t>{1, 2}); }, "an upload");
}

TEST_P(Replaying, MayNeedMoreMemoryWhenItIsRecordedThanAtFirst) {
  Tensor gradient;  // made by the first run, which then had a block less for other things
  const Tensor x = filled(0), y = filled(0);
  Replay iteration(tested(), [&] {
    const Tensor twice(tested(), shape, dtype());
    tested().scale({twice}, x, 2);
    if (!gradient) gradient = Tensor(tested(), shape, dtype());
    tested().copy(gradient, twice);
    const Tensor sum(tested(), shape, dtype());
    tested().add(sum, gradient, x);
    tested().copy(y, sum);
  });
  for (int call = 1; call <= 4; ++call) {
    tested().fill(x, call);
    iteration();
    EXPECT_EQ(y.to_doubles(), all(3 * call));
  }
}

TEST_P(Replaying, GoesOnAfterARecordingThatFailed) {
  int runs = 0;
  const Tensor y = filled(0);
  Replay iteration(tested(), [&] {
    if (++runs == 2) throw RunError("interrupted");
    tested().fill(y, 4);
  });
  iteration();
  EXPECT_THROW(iteration(), RunError);
  tested().fill(y, 0);
  iteration();
  EXPECT_EQ(y.to_doubles(), all(4));
}

}  // namespace
}  // namespace robmask
