// The journal of an evaluation of two images, from which it goes on.

#include "engine/backend.h"
#include "tests/fuzz/mutators.h"
#include "tools/robmask/model_evaluation.h"

namespace robmask::fuzz {

namespace {

/// The same two 8×8 images and network of width 1 for all journals.
struct Bench {
  Bench() : model{{}, std::make_unique<Model>(machine, DType::f32, narrow(), 0)} {
    model.info.spec = narrow();
    settings.attack.steps = 1;
    settings.batch = 2;
  }
  static ModelSpec narrow() { return {.name = "resnet18", .width = 1}; }
  static Split two() {
    return {.pixels = std::vector<std::uint8_t>(2 * 8 * 8 * 3, 99),
            .labels = {3, 3},
            .height = 8,
            .width = 8,
            .files = {},
            .views = {}};
  }

  Backend& machine = backend("cpu");
  LoadedModel model;
  Images images{machine, two()};
  EvaluationSettings settings;
  std::optional<Journal> journal;
};

}  // namespace

const Reader journal(
    "journal",
    [](std::string_view input) {
      static Bench bench;
      const Path path = put("evaluation.journal", input);
      bench.journal.reset();
      accepted("evaluation.journal", [&] {
        bench.journal.emplace(path, Json{{"seed", 0}}, true);
        ModelEvaluation evaluation(bench.settings, "", bench.model, bench.model, bench.images,
                                   *bench.journal);
        for (const Combination& c : combinations_of(bench.settings, bench.model, bench.model))
          evaluation.run(c);
      });
      bench.journal.reset();
    },
    other_json_lines);

}  // namespace robmask::fuzz
