"""Small networks that PyTorch exports to ONNX, and what it computes with them: onnx-*.onnx and .json."""

import contextlib
import json
import pathlib
import sys
import warnings

import torch
from torch import nn
from torch.nn import functional as F

SIDE = 8


class Mobile(nn.Module):
    """Clips, depthwise convolutions, a gate on each channel, a residual."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8)
        self.conv2, self.bn2 = nn.Conv2d(8, 8, 3, 1, 1, groups=8, bias=False), nn.BatchNorm2d(8)
        self.squeeze, self.excite = nn.Conv2d(8, 4, 1), nn.Conv2d(4, 8, 1)
        self.conv3, self.bn3 = nn.Conv2d(8, 8, 1, bias=False), nn.BatchNorm2d(8)
        self.linear = nn.Linear(8, 5)

    def forward(self, x):
        x = F.relu6(self.bn1(self.conv1(x)))
        h = F.hardswish(self.bn2(self.conv2(x)))
        h = h * F.hardsigmoid(self.excite(F.relu(self.squeeze(F.adaptive_avg_pool2d(h, 1)))))
        h = x + self.bn3(self.conv3(h))
        return self.linear(F.dropout(h.mean((2, 3)), training=self.training))


class Dense(nn.Module):
    """Concatenation, pooling that overlaps and rounds up, SiLU, a matrix over pixels and channels."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 4, 3, 1, 2, 2), nn.Conv2d(4, 4, (1, 3), 1, (0, 1))
        self.linear1, self.linear2 = nn.Linear(8 * 2 * 2, 6), nn.Linear(6, 5)

    def forward(self, x):
        x = F.silu(self.conv1(x))
        h = torch.cat([F.max_pool2d(x, 3, 2, ceil_mode=True), F.avg_pool2d(F.gelu(self.conv2(x)), 3, 2, 1)], 1)
        h = F.leaky_relu(F.avg_pool2d(h, 2), 0.2)
        return self.linear2(torch.tanh(self.linear1(torch.flatten(h, 1))))


class Wide(nn.Module):
    """Norms ahead of convolutions, a projection, softplus, shapes that are computed, pixels' normalization."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.5, 0.4, 0.3]).view(1, 3, 1, 1))
        self.conv1, self.bn1, self.bn2 = nn.Conv2d(3, 4, 3, 1, 1, bias=False), nn.BatchNorm2d(4), nn.BatchNorm2d(6)
        self.conv2, self.conv3 = nn.Conv2d(4, 6, 3, 2, 1, bias=False), nn.Conv2d(6, 6, 3, 1, 1, bias=False)
        self.shortcut = nn.Conv2d(4, 6, 1, 2, bias=False)
        self.fc = nn.Linear(6, 5)

    def forward(self, x):
        x = self.conv1((x - self.mean) / 0.25)
        h = F.softplus(self.bn1(x))
        h = self.conv3(F.relu(self.bn2(self.conv2(h)))) + self.shortcut(h)
        h = F.avg_pool2d(h, 4)
        return self.fc(h.view(h.size(0), -1))


def values(tensor):
    return [float(v) for v in tensor.double().flatten()]


def make(name, net, opset, folder):
    torch.manual_seed(1)
    for tensor in net.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape) - 0.5)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_var += 1
            module.weight.data += 1
    net = net.eval().requires_grad_(False)
    images = torch.rand(3, 3, SIDE, SIDE)
    labels = torch.tensor([0, 2, 4])
    with warnings.catch_warnings(), contextlib.redirect_stdout(sys.stderr):
        warnings.simplefilter("ignore")
        torch.onnx.export(net, images[:1], str(folder / f"onnx-{name}.onnx"), opset_version=opset,
                          input_names=["images"], output_names=["logits"],
                          training=torch.onnx.TrainingMode.PRESERVE,
                          dynamic_axes={"images": {0: "batch"}, "logits": {0: "batch"}})
    net = net.double()
    x = images.double().requires_grad_(True)
    logits = net(x)
    F.cross_entropy(logits, labels, reduction="sum").backward()
    golden = {"images": values(images), "labels": labels.tolist(), "logits": values(logits),
              "gradients": values(x.grad)}
    (folder / f"onnx-{name}.json").write_text(json.dumps(golden) + "\n")


def main():
    folder = pathlib.Path(__file__).parent
    make("mobile", Mobile(), 14, folder)
    make("dense", Dense(), 11, folder)
    make("wide", Wide(), 9, folder)


if __name__ == "__main__":
    main()
