// Results as text, as Markdown and as CSV.

#include "tools/robmask/result_text.h"

#include <gtest/gtest.h>

namespace robmask {
namespace {

Json result(double mask, const char* attack, const char* eps, double robust) {
  return {{"mask", mask},
          {"attack", attack},
          {"norm", "linf"},
          {"eps", eps},
          {"n", 200},
          {"clean_accuracy", 0.5},
          {"clean_interval", {0.4313, 0.5687}},
          {"robust_accuracy", robust},
          {"interval", {robust / 2, 1.0}},
          {"seconds", 12.34}};
}

TEST(ResultText, IsATableWithTheCleanAccuracyOnceForEachMask) {
  const Json report{{"results",
                     {result(0, "clean", "8/255", 0.5), result(0, "pgd", "4/255", 0.25),
                      result(0, "pgd", "8/255", 0.125), result(1, "pgd", "4/255", 0.375)}}};
  EXPECT_EQ(result_text(report, Format::text, false),
            "mask  attack  norm    eps  accuracy %  95 % interval    images  seconds\n"
            "   0  clean                     50.00  [43.13,  56.87]     200\n"
            "   0  pgd     linf  4/255       25.00  [12.50, 100.00]     200     12.3\n"
            "   0  pgd     linf  8/255       12.50  [ 6.25, 100.00]     200     12.3\n"
            "   1  clean                     50.00  [43.13,  56.87]     200\n"
            "   1  pgd     linf  4/255       37.50  [18.75, 100.00]     200     12.3\n");
  EXPECT_EQ(result_text({{"results", {report["results"][3]}}}, Format::markdown, false),
            "| mask | attack | norm | eps | accuracy % | 95 % interval | images | seconds |\n"
            "| ---: | --- | --- | ---: | ---: | --- | ---: | ---: |\n"
            "| 1 | clean |  |  | 50.00 | [43.13,  56.87] | 200 |  |\n"
            "| 1 | pgd | linf | 4/255 | 37.50 | [18.75, 100.00] | 200 | 12.3 |\n");
}

TEST(ResultText, ShowsStagesTheWorstCaseAndWhereAttackedImagesWereMade) {
  Json ensemble = result(0.5, "autoattack", "8/255", 0.125);
  ensemble["stages"] = {
      {{"attack", "apgd-ce"}, {"robust_accuracy", 0.25}, {"interval", {0.2, 0.3}}, {"seconds", 1}}};
  Json transfer = result(0.5, "pgd", "8/255", 0.375);
  transfer["source"] = {{"file", "runs/other"}, {"mask", 1.0}};
  Json worst = result(0.5, "", "8/255", 0.0625);
  worst.erase("seconds");
  worst["attacks"] = {"autoattack", "pgd"};
  EXPECT_EQ(result_text({{"results", {ensemble, transfer}}, {"worst_case", {worst}}}, Format::text,
                        false),
            "mask  attack         norm    eps  source mask  accuracy %  95 % interval    images  "
            "seconds\n"
            " 0.5  clean                                         50.00  [43.13,  56.87]     200\n"
            " 0.5  autoattack     linf  8/255                    12.50  [ 6.25, 100.00]     200    "
            " 12.3\n"
            " 0.5  after apgd-ce  linf  8/255                    25.00  [20.00,  30.00]     200    "
            "  1.0\n"
            " 0.5  pgd            linf  8/255            1       37.50  [18.75, 100.00]     200    "
            " 12.3\n"
            " 0.5  worst of 2     linf  8/255                     6.25  [ 3.12, 100.00]     200\n"
            "attacked images were made on runs/other\n"
            "worst of 2: what withstands each of autoattack, pgd\n");
}

TEST(ResultText, PairsMasksAndOtherFilesInATableOfTheirOwn) {
  Json r = result(1, "pgd", "8/255", 0.375);
  r["p"] = 0.25;
  r["paired_masks"] = {
      {{"mask", 0.0}, {"robust_here_only", 7}, {"robust_there_only", 0}, {"p_value", 0.015625}}};
  r["paired"] = {{{"mask", 0.0},
                  {"p", 0.5},
                  {"robust_here_only", 12},
                  {"robust_there_only", 3},
                  {"p_value", 0.0352}}};
  const std::string text = result_text({{"results", {r}}}, Format::text, false);
  EXPECT_EQ(text.substr(text.find("\n\n") + 2),
            "Paired by McNemar's exact test\n"
            "   p  mask  attack  norm    eps  against              robust here only  there only  "
            "p-value\n"
            "0.25     1  pgd     linf  8/255  mask 0                              7           0   "
            "0.0156\n"
            "0.25     1  pgd     linf  8/255  file: p 0.5, mask 0                12           3   "
            "0.0352\n");
}

TEST(ResultText, OfClassesAndCorruptionsFollowsTheAccuracies) {
  Json r = result(0, "pgd", "8/255", 0.125);
  r["per_class"] = {{{"class", 0},
                     {"name", "Käfer|1"},
                     {"n", 20},
                     {"clean_accuracy", 1.0},
                     {"robust_accuracy", 0.5},
                     {"interval", {0.25, 0.75}}},
                    {{"class", 1},
                     {"name", "n01440764"},
                     {"n", 8},
                     {"clean_accuracy", 0.5},
                     {"robust_accuracy", 0.25},
                     {"interval", {0.125, 0.5}}}};
  const Json fog{
      {"corruption", "fog"}, {"accuracy", {0.5, 0.4, 0.3, 0.2, 0.1}}, {"mean_accuracy", 0.3}};
  const Json report{{"results", {r}},
                    {"corruptions",
                     {{{"mask", 0.0}, {"n", 40}, {"mean_accuracy", 0.3}, {"corruptions", {fog}}}}}};
  const std::string text = result_text(report, Format::text, true);
  EXPECT_EQ(text.substr(text.find("\n\n") + 2),
            "mask 0, pgd, linf 8/255\n"
            "class    images  clean %  robust %  95 % interval\n"
            "Käfer|1      20   100.00     50.00  [25.00,  75.00]\n"
            "tench         8    50.00     25.00  [12.50,  50.00]\n"
            "\n"
            "mask 0: accuracy in % by severity of a corruption, 40 images each\n"
            "corruption         1      2      3      4      5   mean\n"
            "fog            50.00  40.00  30.00  20.00  10.00  30.00\n"
            "mean over all                                     30.00\n");
  const std::string markdown = result_text(report, Format::markdown, true);
  EXPECT_NE(markdown.find("\n**mask 0, pgd, linf 8/255**\n\n| class |"), std::string::npos)
      << markdown;
  EXPECT_NE(markdown.find("| Käfer\\|1 | 20 |"), std::string::npos) << markdown;
}

TEST(ResultText, AsCsvHasARowAResultWithFractionsAndTheEndsOfIntervals) {
  Json pgd = result(0, "pgd", "8/255", 0.375), square = result(1, "square", "0.5", 0.1);
  pgd.update({{"max_perturbation", 0.0313725},
              {"steps", 20},
              {"step_size", 0.005},
              {"start", "random"},
              {"restarts", 1},
              {"seed", 0},
              {"statistics", "shared"},
              {"precision", "fp32"}});
  square.update({{"steps", nullptr}, {"step_size", nullptr}});
  EXPECT_EQ(result_text({{"model", "resnet18"}, {"results", {pgd, square}}}, Format::csv, false),
            "model,mask,attack,norm,eps,eps_value,n,clean_accuracy,clean_low,clean_high,"
            "robust_accuracy,robust_low,robust_high,max_perturbation,steps,step_size,start,"
            "restarts,seed,statistics,precision,seconds\n"
            "resnet18,0,pgd,linf,8/255,0.03137254901960784,200,0.5,0.4313,0.5687,"
            "0.375,0.1875,1,0.0313725,20,0.005,random,1,0,shared,fp32,12.34\n"
            "resnet18,1,square,linf,0.5,0.5,200,0.5,0.4313,0.5687,"
            "0.1,0.05,1,,,,,,,,,12.34\n");
  pgd["p"] = 0.25;
  EXPECT_TRUE(result_text({{"model", "m"}, {"results", {pgd}}}, Format::csv, false)
                  .starts_with("model,p,mask,attack,"));
}

}  // namespace
}  // namespace robmask
