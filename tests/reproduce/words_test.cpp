// The words of experiments.txt.

#include "tools/robmask/reproduce/words.h"

#include "tests/reproduce/workplace.h"

namespace robmask::reproduce {
namespace {

TEST(ReproduceWords, DescribeATrainingAndWhatItIsAskedFor) {
  const Reading reading = reading_of("robmask model=preact18 data=cifar100 epochs=100 --eps 10/255",
                                     "mask=0.5 pgd@2/255");
  ASSERT_EQ(reading.of.size(), 1u);
  const Source& s = reading.of[0];
  EXPECT_EQ(reading.measure, Measure::accuracy);
  EXPECT_EQ(s.training.method, "robmask");
  EXPECT_EQ(s.training.model, "preact18");
  EXPECT_EQ(s.training.data, "cifar100");
  EXPECT_EQ(s.training.epochs, 100);
  EXPECT_EQ(s.training.options, (std::vector<std::string>{"--eps", "10/255"}));
  EXPECT_EQ(s.mask + " " + s.attack + " " + s.eps, "0.5 pgd 2/255");
  EXPECT_FALSE(s.repeated);
}

TEST(ReproduceWords, FinetuningTunesWhatTheyName) {
  const Training all = reading_of("pgd epochs=100 then standard", "").of[0].training,
                 part = reading_of("pgd then standard", "tune=gamma,stats").of[0].training;
  EXPECT_EQ(all.method, "standard");
  EXPECT_EQ(all.base->method, "pgd");
  EXPECT_EQ(all.epochs, 100);
  EXPECT_EQ(all.options, (std::vector<std::string>{"--tune", "gamma,beta,stats"}));
  EXPECT_EQ(part.options, (std::vector<std::string>{"--tune", "gamma,stats"}));
}

TEST(ReproduceWords, WhatLiesBetweenTwoNetworksEndsInThem) {
  const auto at = [](const std::string& p) {
    return reading_of("pgd then standard", "p=" + p).of[0];
  };
  EXPECT_EQ(at("1").training.method, "pgd");
  EXPECT_EQ(at("0").training.method, "standard");
  EXPECT_FALSE(at("1").second || at("0").second);
  EXPECT_EQ(at("0.4").training.method, "pgd");
  EXPECT_EQ(at("0.4").second->method, "standard");
  EXPECT_EQ(at("0.4").p, 0.4);
}

TEST(ReproduceWords, OfTwoSourcesShareWhatStandsBesideThem) {
  const Reading r = reading_of("epochs=20 seeds", "robmask versus advprop mask=1");
  ASSERT_EQ(r.of.size(), 2u);
  EXPECT_TRUE(r.of[0].repeated && r.of[1].repeated);
  EXPECT_EQ(r.of[0].training.method + r.of[0].mask, "robmask0");
  EXPECT_EQ(r.of[1].training.method + r.of[1].mask, "advprop1");
}

TEST(ReproduceWords, MeasureSomethingElse) {
  const Reading r =
      reading_of("cosine norm=layer1.0.bn1", "pgd versus pgd then standard tensor=weight");
  EXPECT_EQ(r.measure, Measure::cosine);
  EXPECT_EQ(r.tensors, std::vector<std::string>{"layer1.0.bn1.weight"});
  EXPECT_EQ(reading_of("robmask", "seconds").measure, Measure::seconds);
}

TEST(ReproduceWords, OthersAreRefused) {
  EXPECT_ANY_THROW(reading_of("robmsak", ""));
  EXPECT_ANY_THROW(reading_of("robmask", "epoch=20"));
}

}  // namespace
}  // namespace robmask::reproduce
