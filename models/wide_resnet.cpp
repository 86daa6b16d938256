#include "models/wide_resnet.h"

#include <array>
#include <charconv>

namespace robmask {

namespace {

const auto& wide_styles() {
  static const WideStyle trades{.prefix = "wrn-",
                                .suffix = "",
                                .stem = "conv1",
                                .stage = "block{}.layer",
                                .norm = "bn1",
                                .head = "fc",
                                .first_stage = 1,
                                .norm_0 = "bn1",
                                .conv_0 = "conv1",
                                .norm_1 = "bn2",
                                .conv_1 = "conv2",
                                .shortcut = "convShortcut",
                                .same_padding = false,
                                .silu = false};
  static const WideStyle deepmind{.prefix = "dm-wrn-",
                                  .suffix = "",
                                  .stem = "init_conv",
                                  .stage = "layer.{}.block",
                                  .norm = "batchnorm",
                                  .head = "logits",
                                  .first_stage = 0,
                                  .norm_0 = "batchnorm_0",
                                  .conv_0 = "conv_0",
                                  .norm_1 = "batchnorm_1",
                                  .conv_1 = "conv_1",
                                  .shortcut = "shortcut",
                                  .same_padding = true,
                                  .silu = true};
  static const WideStyle deepmind_relu = [] {
    WideStyle style = deepmind;
    style.suffix = "-relu";
    style.silu = false;
    return style;
  }();
  static const std::array styles{trades, deepmind, deepmind_relu};
  return styles;
}

std::string wide_name(const WideStyle& style, Index depth, Index factor) {
  return fmt::format("{}{}-{}{}", style.prefix, depth, factor, style.suffix);
}

}  // namespace

std::optional<NamedNetwork> wide_resnet(const std::string& name) {
  constexpr Index deepest = 1000, widest = 100;
  for (const WideStyle& style : wide_styles()) {
    if (!name.starts_with(style.prefix)) continue;
    Index depth = 0, factor = 0;
    const char* end = name.data() + name.size();
    const char* dash = std::from_chars(name.data() + style.prefix.size(), end, depth).ptr;
    if (dash != end) std::from_chars(dash + 1, end, factor);
    if (name != wide_name(style, depth, factor)) continue;
    if (depth < 10 || depth > deepest || depth % 6 != 4 || factor < 1 || factor > widest) continue;
    return NamedNetwork{
        name, false, [=, &style](const Scope& scope, Index, Index classes) {
          const auto net = std::make_shared<const WideResNet>(scope, style, depth, factor, classes);
          return [net](const Variable& x, const Context& c) { return (*net)(x, c); };
        }};
  }
  return std::nullopt;
}

std::vector<std::string> wide_resnets(Index n, Index factor) {
  std::vector<std::string> names;
  for (const WideStyle& style : wide_styles())
    if (style.suffix.empty()) names.push_back(wide_name(style, 6 * n + 4, factor));
  return names;
}

}  // namespace robmask
