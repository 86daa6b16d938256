#!/usr/bin/env python3
"""Networks of PyTorch, exported to ONNX, imported by robmask: the same logits and input gradients?

    onnx_networks.py --folder build/onnx [--only resnet50,vgg16_bn] [--official auto-attack]

Every network has random weights, and running statistics that are no one's defaults; structures are the
published ones, widths may be smaller. Prints a table: operators; the relative L2 error of logits and of input
gradients (cross-entropy of each of eight images) to PyTorch's in f64: of a graph in f64, then in f32, and of
PyTorch's own in f32, which says what rounding does: a ReLU whose input is near 0 is on in one program and off
in another. With --official also the seconds of AutoAttack on 50 images, ours beside fra31/auto-attack in
PyTorch, on labels that the network itself gives, so that every image is attacked. Needs torch and torchvision
(Debian's python3-torch, python3-torchvision); exits with 77 without."""

import argparse
import contextlib
import copy
import json
import pathlib
import resource
import subprocess
import sys
import time
import warnings

try:
    import numpy
    import torch
    import torchvision
    from torch import nn
    from torch.nn import functional as F
except ImportError as missing:
    print(f"onnx_networks: needs PyTorch and torchvision: {missing}", file=sys.stderr)
    sys.exit(77)

LIMIT = 1e-4
LARGEST_ATTACKED = 64  # pixels a side: beyond, the official program takes hours on a CPU


class WideBlock(nn.Module):
    """A block of a WideResNet: norm, activation, convolution, twice, on top of the input."""

    def __init__(self, inputs, outputs, stride, activation):
        super().__init__()
        self.bn1, self.bn2 = nn.BatchNorm2d(inputs), nn.BatchNorm2d(outputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.shortcut = None
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
        self.activation = activation

    def forward(self, x):
        h = self.activation(self.bn1(x))
        by = self.shortcut(h) if self.shortcut else x
        return self.conv2(self.activation(self.bn2(self.conv1(h)))) + by


class Wide(nn.Module):
    def __init__(self, depth, factor, activation):
        super().__init__()
        widths = [16, 16 * factor, 32 * factor, 64 * factor]
        self.conv = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        blocks = []
        for stage in range(3):
            for i in range((depth - 4) // 6):
                first = i == 0
                blocks.append(WideBlock(widths[stage] if first else widths[stage + 1], widths[stage + 1],
                                        2 if first and stage > 0 else 1, activation))
        self.blocks = nn.Sequential(*blocks)
        self.bn, self.fc, self.activation = nn.BatchNorm2d(widths[3]), nn.Linear(widths[3], 10), activation

    def forward(self, x):
        h = self.activation(self.bn(self.blocks(self.conv(x))))
        return self.fc(F.avg_pool2d(h, 8).view(-1, h.shape[1]))


class PreAct(nn.Module):
    """PreAct ResNet-18 with four stages of two blocks."""

    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        blocks, inputs = [], width
        for stage in range(4):
            for i in range(2):
                outputs = width << stage
                blocks.append(WideBlock(inputs, outputs, 2 if stage > 0 and i == 0 else 1, F.relu))
                inputs = outputs
        self.blocks, self.fc = nn.Sequential(*blocks), nn.Linear(inputs, 10)

    def forward(self, x):
        h = F.avg_pool2d(self.blocks(self.conv(x)), 4)
        return self.fc(h.view(h.size(0), -1))


class Normalized(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net
        self.register_buffer("mean", torch.tensor([0.4914, 0.4822, 0.4465]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.2471, 0.2435, 0.2616]).view(1, 3, 1, 1))

    def forward(self, x):
        return self.net((x - self.mean) / self.std)


def networks():
    """name → (how to make it, side of its images)"""
    vision = torchvision.models
    make = lambda f, **kinds: lambda: f(weights=None, num_classes=10, **kinds)
    return {
        "WRN-28-10 (factor 2)": (lambda: Wide(28, 2, F.relu), 32),
        "WRN-28-10 SiLU (factor 2)": (lambda: Wide(28, 2, F.silu), 32),
        "PreAct-18 (width 32)": (lambda: PreAct(32), 32),
        "ResNet-50": (make(vision.resnet50), 64),
        "VGG-16-BN": (make(vision.vgg16_bn), 224),
        "MobileNetV2": (make(vision.mobilenet_v2), 64),
        "MobileNetV3-small": (make(vision.mobilenet_v3_small), 64),
        "DenseNet-121": (make(vision.densenet121), 64),
        "EfficientNet-B0": (make(vision.efficientnet_b0), 64),
        "GoogLeNet": (make(vision.googlenet, aux_logits=False, init_weights=True), 64),
        "RegNetY-400MF": (make(vision.regnet_y_400mf), 64),
    }


def made(make, side):
    """A network in eval mode whose statistics are those of random images, and differ by channel."""
    torch.manual_seed(0)
    net = Normalized(make())
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the mean over all passes
            nn.init.uniform_(module.weight, 0.6, 1.4)
            nn.init.normal_(module.bias, 0, 0.2)
    net.train()
    with torch.no_grad():
        for _ in range(3):
            net(torch.rand(16, 3, side, side))
    return net.eval().requires_grad_(False)


def export(net, path, side):
    with warnings.catch_warnings(), contextlib.redirect_stdout(sys.stderr):
        warnings.simplefilter("ignore")
        example = torch.rand(1, 3, side, side, dtype=next(net.buffers()).dtype)
        torch.onnx.export(net, example, str(path), opset_version=14,
                          input_names=["images"], output_names=["logits"],
                          dynamic_axes={"images": {0: "batch"}, "logits": {0: "batch"}})


def error(ours, theirs):
    return float(numpy.linalg.norm(ours - theirs) / numpy.linalg.norm(theirs))


def ours(options, path, x, y, precision):
    """Logits and input gradients, N·H·W·C, of the graph."""
    files = [path.with_suffix(f".{name}.npy") for name in ("images", "labels", "logits", "gradients")]
    numpy.save(files[0], x.permute(0, 2, 3, 1).contiguous().numpy())
    numpy.save(files[1], y.numpy())
    subprocess.run([options.gradients, path, *files, precision], check=True)
    return [numpy.load(file).astype(numpy.float64) for file in files[2:]]


def theirs(net, x, y):
    x = x.clone().requires_grad_(True)
    logits = net(x)
    F.cross_entropy(logits, y, reduction="sum").backward()
    return [logits.detach().double().numpy(), x.grad.permute(0, 2, 3, 1).double().numpy()]


def compare(options, net, path, side):
    """Errors of logits and input gradients: ours in f64 and f32, PyTorch's in f32."""
    x, y = torch.rand(8, 3, side, side, generator=torch.Generator().manual_seed(1)), torch.arange(8)
    own = theirs(net, x, y)
    in_f32 = ours(options, path, x, y, "f32")
    double = copy.deepcopy(net).double()
    wide = path.with_suffix(".f64.onnx")
    export(double, wide, side)
    in_f64 = ours(options, wide, x.double(), y, "f64")
    truth = theirs(double, x.double(), y)
    return [[error(a, b) for a, b in zip(some, truth)] for some in (in_f64, in_f32, own)]


def operators_in(options, path):
    """From the program that reads it: ONNX's own Python package is not needed."""
    text = subprocess.run([options.robmask, "info", path, "--json", "--quiet"], check=True,
                          stdout=subprocess.PIPE).stdout
    return json.loads(text)["operators"]


def attack(options, net, path, side):
    """CPU seconds and robust images of AutoAttack: the official program's, and ours."""
    sys.path.insert(0, str(options.official))
    from autoattack import AutoAttack

    torch.set_num_threads(1)
    x = torch.randint(0, 256, (options.images, 3, side, side), generator=torch.Generator().manual_seed(2)) / 255
    with torch.no_grad():
        y = net(x).argmax(1)
    images, labels = path.with_suffix(".attacked.npy"), path.with_suffix(".attacked.labels.npy")
    numpy.save(images, (x * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy())
    numpy.save(labels, y.numpy())
    with contextlib.redirect_stdout(sys.stderr):
        judge = AutoAttack(net, norm="Linf", eps=options.eps / 255, version="standard", device="cpu", seed=0)
        begin = time.process_time()
        broken = judge.run_standard_evaluation(x, y, bs=options.images)
        their_seconds = time.process_time() - begin
    with torch.no_grad():
        their_robust = net(broken).argmax(1).eq(y).tolist()
    flags = path.with_suffix(".flags.csv")
    command = [options.robmask, "evaluate", "--from", path, "--data", f"npy:{images},{labels}", "--attack",
               "autoattack", "--eps", f"{options.eps}/255", "--batch", options.images, "--threads", 1,
               "--device", "cpu", "--checks", "off", "--out", path.with_suffix(".evaluated"), "--per-image", flags,
               "--json", "--quiet"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE)
    our_seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    header, *rows = (line.split(",") for line in flags.read_text().splitlines())
    our_robust = [row[header.index("robust")] == "1" for row in rows]
    differ = sum(a != b for a, b in zip(our_robust, their_robust))
    return their_seconds, sum(their_robust), our_seconds, sum(our_robust), differ


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    root = pathlib.Path(__file__).resolve().parents[2]
    parser.add_argument("--folder", type=pathlib.Path, default=root / "build/onnx-networks")
    parser.add_argument("--robmask", default=str(root / "build/robmask"))
    parser.add_argument("--gradients", default=str(root / "build/input_gradients"))
    parser.add_argument("--only", help="parts of names, with commas")
    parser.add_argument("--official", type=pathlib.Path, help="fra31/auto-attack's folder")
    parser.add_argument("--eps", type=float, default=8, help="in 255ths")
    parser.add_argument("--images", type=int, default=50)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    failed = []
    print("| network | image | operators | logits f64 | f32 | PyTorch's f32 | gradients f64 | f32 | PyTorch's f32 |"
          + (" official s | robust | robmask s | robust | ratio | verdicts that differ |" if options.official else ""))
    for name, (make, side) in networks().items():
        if options.only and not any(part in name for part in options.only.split(",")):
            continue
        net = made(make, side)
        path = options.folder / (name.split(" (")[0].replace(" ", "-").replace(":", "") + ".onnx")
        export(net, path, side)
        f64, f32, own = compare(options, net, path, side)
        if max(f64) > LIMIT or f32[0] > LIMIT:
            failed.append(name)
        row = f"| {name} | {side} | {', '.join(operators_in(options, path))} |"
        row += "".join(f" {e:.1e} |" for e in (f64[0], f32[0], own[0], f64[1], f32[1], own[1]))
        if options.official and side <= LARGEST_ATTACKED:
            t, tr, o, our, differ = attack(options, net, path, side)
            row += f" {t:.1f} | {tr} | {o:.1f} | {our} | {t / o:.1f} | {differ} |"
        print(row, flush=True)
    if failed:
        sys.exit(f"onnx_networks: beyond {LIMIT}: {', '.join(failed)}")


if __name__ == "__main__":
    main()
