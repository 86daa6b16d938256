#pragma once
// The three scales at which an experiment can be run. Each is one value of this struct, in
// scale.cpp: what a scale changes of the paper's setting is all there.

#include "tools/robmask/reproduce/experiment.h"
#include "tools/robmask/reproduce/settings.h"

namespace robmask::reproduce {

/// The four networks of Tables 3 and 8 under the paper's names.
struct Network {
  const char *title, *model;
};
inline constexpr std::array<Network, 4> networks{{{"ResNet-18", "resnet18"},
                                                  {"DenseNet-121", "densenet121"},
                                                  {"Preact-18", "preact18"},
                                                  {"ResNeXt-29", "resnext29"}}};

/// How many images, and how many at once; 0 is the data set's and the paper's own number.
struct Amount {
  Index train = 0, test = 0, batch = 0;
};

struct Scale {
  std::string name, summary, data;  // data: what it measures on, for captions
  bool embedded = false;            // the embedded images stand in for every data set
  Index width = 64;                 // of resnet18 and preact18
  /// A model in place of DenseNet-121 and ResNeXt-29, which have one width; empty: themselves.
  std::string stand_in = {};
  Index short_epochs = 0,
        long_epochs = 0;          // for up to 20 epochs of the paper's and for more; 0: its own
  Amount narrow = {}, wide = {};  // with models that have a width; with the others
  Index attack_steps = 7;         // in training
  Index pgd_steps = 100;          // in evaluation
  Index seeds = 1;                // of numbers that are a mean

  /// AutoAttack: the options of evaluate that ask for it, its steps (APGD-CE's 100; on nine targets
  /// APGD-T's and FAB-T's 100; Square's 5,000), the strengths it is run at (empty: all), and its
  /// test images (0: as many as for PGD).
  std::vector<std::string> autoattack = {"--attack", "autoattack"};
  Index autoattack_steps = 6900;
  std::vector<std::string> autoattack_eps = {};
  Index autoattack_test = 0;

  std::string model(const std::string& papers) const;
  Index epochs(Index papers) const;
  const Amount& amount(const std::string& model) const;
};

const Scale& scale_of(ScaleName name);

/// An experiment as a scale runs it: titles name the network that stands in for the paper's, rows
/// that would repeat those of the stand-in itself are left out, and cells it leaves out are
/// missing.
Experiment at_scale(Experiment experiment, const Scale& scale);

}  // namespace robmask::reproduce
