#pragma once
// The experiments, a file each (or one for two that share all but the attack or the seeds).

#include "tools/robmask/reproduce/experiment.h"

namespace robmask::reproduce {

Experiment table1();
Experiment table2();
Experiment table3();
Experiment table4();
Experiment table5();
Experiment table6();
Experiment table7();
Experiment table8();
Experiment table9();
Experiment figure1();
Experiment figure3();
Experiment figure4();
Experiment claims();
Experiment grid();
Experiment ablations();
Experiment tradeoff();

}  // namespace robmask::reproduce
