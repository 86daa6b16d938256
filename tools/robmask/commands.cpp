#include <array>

#include "tools/robmask/options/command.h"

namespace robmask {

std::unique_ptr<Command> train(), finetune(), evaluate(), predict(), interpolate(),
    export_weights(), reproduce_paper(), info(), bench(), report();

std::span<const CommandEntry> commands() {
  static constexpr std::array list{
      CommandEntry{"train", "one training run", train},
      CommandEntry{"finetune", "finetuning of batch norm only", finetune},
      CommandEntry{"evaluate", "clean and robust accuracy", evaluate},
      CommandEntry{"predict", "logits of a model on a data set", predict},
      CommandEntry{"interpolate", "a sweep of mask combinations", interpolate},
      CommandEntry{"export", "plain PyTorch-loadable weights at one mask", export_weights},
      CommandEntry{"reproduce", "a table or figure of the paper", reproduce_paper},
      CommandEntry{"info", "what a checkpoint or a data set holds", info},
      CommandEntry{"bench", "speed of training and attack steps", bench},
      CommandEntry{"report", "one self-contained HTML page of a run", report},
  };
  return list;
}

}  // namespace robmask
