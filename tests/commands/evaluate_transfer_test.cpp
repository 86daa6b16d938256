// robmask evaluate of images that were made on another model, or through another mask.

#include "tests/commands/evaluation.h"

namespace robmask {
namespace {

TEST_F(Evaluate, ATransferFromTheModelItselfIsTheAttackOnIt) {
  const std::string options =
      "--mask 0,1 --attack pgd --eps 4/255,8/255 --attack-steps 5 --restarts 2 --checks off";
  Json transfer = timeless(evaluate(options + " --source " + quoted(model())));
  for (Json& r : transfer["results"]) {
    EXPECT_EQ(r["source"]["file"], model().string());
    EXPECT_EQ(r["source"]["mask"], r["mask"]);
    EXPECT_EQ(r["source"]["weights"].get<std::string>().size(), 16u);
    r.erase("source");
  }
  EXPECT_EQ(transfer, timeless(evaluate(options)));
}

TEST_F(Evaluate, AnAttackOnTheMaskItselfIsNoWeakerThanOneThroughAnother) {
  for (const char* attack : {"pgd", "apgd-ce"}) {
    const std::string options =
        fmt::format("--mask 1 --attack {} --eps 8/255 --attack-steps 40 --checks off", attack);
    const Json own = evaluate(options)["results"][0],
               transfer = evaluate(options + " --source-mask 0")["results"][0];
    EXPECT_EQ(transfer["source"]["mask"], 0.0);
    EXPECT_GE(transfer["robust_accuracy"], own["robust_accuracy"]);
    EXPECT_LT(transfer["robust_accuracy"], transfer["clean_accuracy"]);
  }
}

TEST_F(Evaluate, RefusesSourcesThatCannotBe) {
  expect_refused(command("--source /nonexistent"), "--source /nonexistent");
  expect_refused(command("--source " + quoted(model_file("seven.safetensors", 7))), "--source");
  expect_refused(command("--source " + quoted(model_file()) + " --source-mask 0.5"), "mask");
  expect_refused(command("--source-mask 0 --robustbench-json x.json"), "--robustbench-json");
}

}  // namespace
}  // namespace robmask
