"""The networks with k masks in every norm layer, written for torch autograd in double precision.

State-dict names and order are those of kuangliu/pytorch-cifar (torchvision for the ImageNet network,
RobustBench for Wide ResNets), so a model with one mask is that network. Every norm takes the list of
row segments that the engine calls a Context."""

from dataclasses import dataclass
from typing import Optional

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class Segment:
    """Images that are normalized together: engine/context.h says it in C++."""

    images: int
    mode: str  # train: batch statistics, running ones updated; frozen: not updated; eval: running ones
    code: torch.Tensor  # over masks, [1 or images, k]
    pair_code: Optional[torch.Tensor] = None  # over statistics pairs, [1 or images, pairs]; eval only
    pair: int = 0  # that a train pass updates


class ExtraMask(nn.Module):
    """Mask j ≥ 1 of a norm layer, with running statistics where it has a pair of its own."""

    def __init__(self, channels, has_pair):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        if has_pair:
            self.register_buffer("running_mean", torch.zeros(channels))
            self.register_buffer("running_var", torch.ones(channels))


class MaskedNorm(nn.Module):
    """γ = Σ u_j w_j and β = Σ u_j w'_j around torch's own batch normalization."""

    def __init__(self, channels, masks, pairs):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.register_buffer("num_batches_tracked", torch.tensor(0))
        owners = range(1, masks) if pairs == masks else [masks - 1] * (pairs - 1)
        self.mask = nn.ModuleDict({str(j): ExtraMask(channels, j in owners) for j in range(1, masks)})
        self.pair_owners = [self] + [self.mask[str(j)] for j in owners]
        self.updates = [0] * pairs

    def forward(self, x, context):
        if len(context) == 1:
            return self.segment(x, context[0])
        parts = x.split([s.images for s in context])
        return torch.cat([self.segment(part, s) for part, s in zip(parts, context)])

    def segment(self, x, s):
        masks = [self] + list(self.mask.values())
        gamma = blend(s.code, [m.weight for m in masks])
        beta = blend(s.code, [m.bias for m in masks])
        if gamma.dim() == 1:
            return self.normalize(x, s, gamma, beta)
        return self.normalize(x, s) * gamma[:, :, None, None] + beta[:, :, None, None]

    def normalize(self, x, s, gamma=None, beta=None):
        """torch's batch_norm with the statistics that the segment asks for."""
        if s.mode == "eval":
            mean = blend(s.pair_code, [p.running_mean for p in self.pair_owners])
            var = blend(s.pair_code, [p.running_var for p in self.pair_owners])
            if mean.dim() == 2:  # of each image
                return (x - mean[:, :, None, None]) / torch.sqrt(var[:, :, None, None] + 1e-5)
            return F.batch_norm(x, mean, var, gamma, beta)
        if s.mode == "frozen":
            return F.batch_norm(x, None, None, gamma, beta, training=True)
        owner = self.pair_owners[s.pair]
        self.updates[s.pair] += 1
        return F.batch_norm(x, owner.running_mean, owner.running_var, gamma, beta, training=True)


def blend(code, rows):
    """Σ_j u_j row_j: [C], or [images, C] for a code of each image."""
    if len(rows) == 1:
        return rows[0]
    blended = code @ torch.stack(rows)
    return blended[0] if len(code) == 1 else blended


def clamp(x):
    return F.relu(x, inplace=True)


class Builder:
    """Makes layers with the model's number of masks and pairs."""

    def __init__(self, masks, pairs):
        self.masks, self.pairs = masks, pairs

    def norm(self, channels):
        return MaskedNorm(channels, self.masks, self.pairs)

    @staticmethod
    def conv(inputs, outputs, kernel, stride=1, groups=1):
        return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)


class Projection(nn.Sequential):
    def __init__(self, make, inputs, outputs, stride):
        super().__init__(make.conv(inputs, outputs, 1, stride), make.norm(outputs))

    def forward(self, x, context):
        return self[1](self[0](x), context)


class BasicBlock(nn.Module):
    def __init__(self, make, inputs, outputs, stride, shortcut_name):
        super().__init__()
        self.conv1, self.bn1 = make.conv(inputs, outputs, 3, stride), make.norm(outputs)
        self.conv2, self.bn2 = make.conv(outputs, outputs, 3), make.norm(outputs)
        self.projection = None
        if stride != 1 or inputs != outputs:
            self.projection = shortcut_name
            self.add_module(shortcut_name, Projection(make, inputs, outputs, stride))

    def forward(self, x, context):
        h = clamp(self.bn1(self.conv1(x), context))
        h = self.bn2(self.conv2(h), context)
        return clamp(h + (getattr(self, self.projection)(x, context) if self.projection else x))


class PreActBlock(nn.Module):
    def __init__(self, make, inputs, outputs, stride):
        super().__init__()
        self.bn1, self.conv1 = make.norm(inputs), make.conv(inputs, outputs, 3, stride)
        self.bn2, self.conv2 = make.norm(outputs), make.conv(outputs, outputs, 3)
        self.shortcut = None
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(make.conv(inputs, outputs, 1, stride))

    def forward(self, x, context):
        masked = clamp(self.bn1(x, context))
        shortcut = x if self.shortcut is None else self.shortcut(masked)
        return self.conv2(clamp(self.bn2(self.conv1(masked), context))) + shortcut


class ResNeXtBlock(nn.Module):
    def __init__(self, make, inputs, groups, group_width, stride):
        super().__init__()
        width, outputs = groups * group_width, 2 * groups * group_width
        self.conv1, self.bn1 = make.conv(inputs, width, 1), make.norm(width)
        self.conv2, self.bn2 = make.conv(width, width, 3, stride, groups), make.norm(width)
        self.conv3, self.bn3 = make.conv(width, outputs, 1), make.norm(outputs)
        self.shortcut = None
        if stride != 1 or inputs != outputs:
            self.shortcut = Projection(make, inputs, outputs, stride)

    def forward(self, x, context):
        h = clamp(self.bn1(self.conv1(x), context))
        h = clamp(self.bn2(self.conv2(h), context))
        h = self.bn3(self.conv3(h), context)
        return clamp(h + (x if self.shortcut is None else self.shortcut(x, context)))


class DenseLayer(nn.Module):
    def __init__(self, make, inputs, growth):
        super().__init__()
        self.bn1, self.conv1 = make.norm(inputs), make.conv(inputs, 4 * growth, 1)
        self.bn2, self.conv2 = make.norm(4 * growth), make.conv(4 * growth, growth, 3)

    def forward(self, x, context):
        h = self.conv1(clamp(self.bn1(x, context)))
        return torch.cat([self.conv2(clamp(self.bn2(h, context))), x], 1)


class Transition(nn.Module):
    def __init__(self, make, inputs):
        super().__init__()
        self.bn, self.conv = make.norm(inputs), make.conv(inputs, inputs // 2, 1)

    def forward(self, x, context):
        return F.avg_pool2d(self.conv(clamp(self.bn(x, context))), 2)


def through(blocks, x, context):
    for block in blocks:
        x = block(x, context)
    return x


def averaged(x):
    return x.mean(dim=(2, 3))


def add_residual_stages(net, make_block, width):
    """layer1 … layer4: two blocks each, 1, 2, 4 and 8 times the width, halving the map three times."""
    inputs = width
    for stage in range(4):
        outputs = width << stage
        net.add_module(
            f"layer{stage + 1}",
            nn.Sequential(make_block(inputs, outputs, 2 if stage else 1),
                          make_block(outputs, outputs, 1)))
        inputs = outputs


class ResNet18(nn.Module):
    def __init__(self, make, width, classes):
        super().__init__()
        self.conv1, self.bn1 = make.conv(3, width, 3), make.norm(width)
        add_residual_stages(self, lambda i, o, s: BasicBlock(make, i, o, s, "shortcut"), width)
        self.linear = nn.Linear(8 * width, classes)

    def forward(self, x, context):
        h = clamp(self.bn1(self.conv1(x), context))
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            h = through(stage, h, context)
        return self.linear(averaged(h))


class ImageNetResNet18(nn.Module):
    def __init__(self, make, classes):
        super().__init__()
        self.conv1, self.bn1 = make.conv(3, 64, 7, 2), make.norm(64)
        add_residual_stages(self, lambda i, o, s: BasicBlock(make, i, o, s, "downsample"), 64)
        self.fc = nn.Linear(512, classes)

    def forward(self, x, context):
        h = F.max_pool2d(clamp(self.bn1(self.conv1(x), context)), 3, 2, 1)
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            h = through(stage, h, context)
        return self.fc(averaged(h))


class PreActResNet18(nn.Module):
    def __init__(self, make, width, classes):
        super().__init__()
        self.conv1 = make.conv(3, width, 3)
        add_residual_stages(self, lambda i, o, s: PreActBlock(make, i, o, s), width)
        self.linear = nn.Linear(8 * width, classes)

    def forward(self, x, context):
        h = self.conv1(x)
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            h = through(stage, h, context)
        return self.linear(averaged(h))


class DenseNet121(nn.Module):
    def __init__(self, make, classes, growth=32):
        super().__init__()
        channels = 2 * growth
        self.conv1 = make.conv(3, channels, 3)
        for i, layers in enumerate([6, 12, 24, 16], 1):
            block = [DenseLayer(make, channels + j * growth, growth) for j in range(layers)]
            self.add_module(f"dense{i}", nn.Sequential(*block))
            channels += layers * growth
            if i < 4:
                self.add_module(f"trans{i}", Transition(make, channels))
                channels //= 2
        self.bn = make.norm(channels)
        self.linear = nn.Linear(channels, classes)

    def forward(self, x, context):
        h = self.conv1(x)
        for i in range(1, 5):
            h = through(getattr(self, f"dense{i}"), h, context)
            if i < 4:
                h = getattr(self, f"trans{i}")(h, context)
        return self.linear(averaged(clamp(self.bn(h, context))))


class ResNeXt29(nn.Module):
    """2x64d."""

    def __init__(self, make, classes):
        super().__init__()
        self.conv1, self.bn1 = make.conv(3, 64, 1), make.norm(64)
        inputs = 64
        for stage in range(3):
            blocks = []
            for i in range(3):
                blocks.append(ResNeXtBlock(make, inputs, 2, 64 << stage, 2 if stage and not i else 1))
                inputs = 256 << stage
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.linear = nn.Linear(inputs, classes)

    def forward(self, x, context):
        h = clamp(self.bn1(self.conv1(x), context))
        for stage in (self.layer1, self.layer2, self.layer3):
            h = through(stage, h, context)
        return self.linear(averaged(h))


class WideBlock(nn.Module):
    """Of TRADES' Wide ResNet; of DeepMind's with `same`, which pads a map that it halves by a row and
    a column at their end."""

    def __init__(self, make, names, act, same, inputs, outputs, stride):
        super().__init__()
        self.act, self.names, self.same = act, names, same and stride == 2
        layers = (make.norm(inputs), make.conv(inputs, outputs, 3, stride), make.norm(outputs),
                  make.conv(outputs, outputs, 3))
        for name, layer in zip(names, layers):
            self.add_module(name, layer)
        if self.same:
            layers[1].padding = 0
        self.projects = inputs != outputs
        if self.projects:
            self.add_module(names[4], make.conv(inputs, outputs, 1, stride))

    def forward(self, x, context):
        norm_0, conv_0, norm_1, conv_1 = (getattr(self, name) for name in self.names[:4])
        masked = self.act(norm_0(x, context))
        h = conv_0(F.pad(masked, (0, 1, 0, 1)) if self.same else masked)
        h = conv_1(self.act(norm_1(h, context)))
        return h + (getattr(self, self.names[4])(masked) if self.projects else x)


class WideResNet(nn.Module):
    def __init__(self, make, name, classes):
        """name: wrn-28-10, dm-wrn-28-10 (SiLU), dm-wrn-28-10-relu"""
        super().__init__()
        deepmind = name.startswith("dm-")
        self.act = F.silu if deepmind and not name.endswith("-relu") else clamp
        depth, factor = map(int, name.split("wrn-")[1].split("-")[:2])
        names = ("bn1", "conv1", "bn2", "conv2", "convShortcut")
        self.ends = "conv1", "bn1", "fc"
        if deepmind:
            names = ("batchnorm_0", "conv_0", "batchnorm_1", "conv_1", "shortcut")
            self.ends = "init_conv", "batchnorm", "logits"
        self.add_module(self.ends[0], make.conv(3, 16, 3))
        inputs, self.stages = 16, []
        for stage in range(3):
            outputs, blocks = 16 * factor << stage, []
            for i in range((depth - 4) // 6):
                blocks.append(WideBlock(make, names, self.act, deepmind, inputs, outputs,
                                        2 if stage and not i else 1))
                inputs = outputs
            self.stages.append(nn.Sequential(*blocks))
        if deepmind:
            self.layer = nn.Sequential(*(nn.ModuleDict({"block": s}) for s in self.stages))
        else:
            for i, stage in enumerate(self.stages, 1):
                self.add_module(f"block{i}", nn.ModuleDict({"layer": stage}))
        self.add_module(self.ends[1], make.norm(inputs))
        self.add_module(self.ends[2], nn.Linear(inputs, classes))

    def forward(self, x, context):
        stem, norm, head = (getattr(self, name) for name in self.ends)
        h = stem(x)
        for stage in self.stages:
            h = through(stage, h, context)
        return head(averaged(self.act(norm(h, context))))


def build(name, width=64, classes=10, masks=1, pairs=1):
    make = Builder(masks, pairs)
    if "wrn-" in name:
        return WideResNet(make, name, classes)
    return {
        "resnet18": lambda: ResNet18(make, width, classes),
        "preact18": lambda: PreActResNet18(make, width, classes),
        "densenet121": lambda: DenseNet121(make, classes),
        "resnext29": lambda: ResNeXt29(make, classes),
        "resnet18-imagenet": lambda: ImageNetResNet18(make, classes),
    }[name]()


def norm_layers(net):
    return [m for m in net.modules() if isinstance(m, MaskedNorm)]
