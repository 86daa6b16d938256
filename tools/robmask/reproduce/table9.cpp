// Table 9: what finetuning changes in every batch norm (appendix A.2).

#include "tools/robmask/reproduce/experiments.h"

namespace robmask::reproduce {

namespace {

/// Mean, variance, weight; the bias is 1.0 in every row.
constexpr double table9_cosines[19][3]{
    {1.0, 1.0, 0.7620},       {0.9842, 0.9718, 0.7883}, {0.9530, 0.9199, 0.7544},
    {0.9743, 0.9691, 0.8594}, {0.8894, 0.9340, 0.8126}, {0.9555, 0.9516, 0.8813},
    {0.9853, 0.9452, 0.7141}, {0.9554, 0.9169, 0.8609}, {0.9903, 0.9646, 0.8961},
    {0.9635, 0.9755, 0.8046}, {0.9823, 0.9522, 0.9396}, {0.9823, 0.9769, 0.7906},
    {0.9753, 0.9593, 0.7839}, {0.9914, 0.9874, 0.8891}, {0.9699, 0.9898, 0.6593},
    {0.9902, 0.9870, 0.8605}, {0.9603, 0.9889, 0.7423}, {0.9736, 0.9742, 0.6809},
    {0.9772, 0.9838, 0.9573}};

/// ResNet-18's twenty norms in the order of its state_dict.
std::vector<std::string> norms() {
  std::vector<std::string> names{"bn1"};
  for (int stage = 1; stage <= 4; ++stage)
    for (int block = 0; block < 2; ++block) {
      const std::string prefix = fmt::format("layer{}.{}.", stage, block);
      names.push_back(prefix + "bn1");
      names.push_back(prefix + "bn2");
      if (stage > 1 && block == 0) names.push_back(prefix + "shortcut.1");
    }
  return names;
}

const struct {
  const char *title, *tensor;
} tensors[]{{"mean", "running_mean"},
            {"variance", "running_var"},
            {"weight γ", "weight"},
            {"bias β", "bias"}};

}  // namespace

Experiment table9() {
  const Training before{.method = "pgd"};
  const struct {
    std::string title;
    Training after;
  } tunings[]{{"all tuned", finetuned(before, "standard")},
              {"γ and statistics tuned", finetuned(before, "standard", "gamma,stats")}};
  Experiment e{
      "table9",
      "Cosine similarity of every batch norm of an adversarially trained ResNet-18 before "
      "and after standard finetuning",
      {"The paper prints 19 rows; this ResNet-18 has 20 norms. The paper's rows stand here "
       "in order, beside the first 19 norms; only row 0, the first norm, is certain.",
       "The paper's β has cosine 1.0 in every row, while its statistics move: that fits "
       "tuning γ and statistics only, so both tunings stand here. The last row says which matches: "
       "its smaller number, column by column."},
      {}};
  const std::vector<std::string> names = norms();
  const auto printed = [](std::size_t row, int column) {
    return column < 3 ? table9_cosines[row][column] : 1.0;
  };
  const auto column_name = [](int column, const std::string& title) {
    return fmt::format("{}, {}", tensors[column].title, title);
  };
  for (std::size_t row = 0; row < names.size(); ++row)
    for (const auto& [title, after] : tunings)
      for (int column = 0; column < 4; ++column) {
        Cell cell{fmt::format("{} {}", row, names[row]), column_name(column, title),
                  Cosine{before, after, names[row] + "." + tensors[column].tensor}};
        if (row < std::size(table9_cosines)) cell.paper = printed(row, column);
        e.cells.push_back(cell);
      }
  for (const auto& [title, after] : tunings)
    for (int column = 0; column < 4; ++column) {
      MeanGap gap;
      for (std::size_t row = 0; row < std::size(table9_cosines); ++row) {
        gap.cosines.push_back({before, after, names[row] + "." + tensors[column].tensor});
        gap.papers.push_back(printed(row, column));
      }
      e.cells.push_back({"mean distance from the paper", column_name(column, title), gap});
    }
  return e;
}

}  // namespace robmask::reproduce
