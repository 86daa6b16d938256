#!/usr/bin/env python3
"""The shortest time that the arithmetic and the memory traffic of a step allow on a GPU.

    floor.py            a table of all models
    floor.py --check    the parameter counts of the layer lists, and known floors

A network is a list of convolutions. Each of its three sums (forward, gradient of the input, gradient of the
weights) takes max(FLOP / rate, bytes / bandwidth), and a step is their sum. FLOPs: 2 a multiply-add. Bytes,
in activations: a convolution reads x and writes y raw, summing batch statistics as it goes; whoever reads y
normalizes and clamps it then. Its input gradient reads dy, y (to go back through the norm) and x, and writes
dx; its weight gradient reads dy, y and x. In eval mode norms fold into the convolution, and a bit an element
says where the ReLU was open. A sum of a residual block, and the shared buffer of a dense block, cost reads
and writes of their own. What fits the L2 cache may be faster than the bytes allow."""

import argparse
from dataclasses import dataclass

# FLOP/s in each precision, and bytes/s of memory: what an H200 reaches with good kernels.
REFERENCE = {"bf16": 788e12, "tf32": 394e12, "fp32": 60e12, "bytes": 4.3e12}
PARAMETERS = {"resnet18": 11173962, "preact18": 11171146, "densenet121": 6956298, "resnext29": 9128778,
              "resnet18-imagenet": 11689512}
PGD_STEPS = 7


@dataclass
class Layer:
    """Inputs · size² → outputs · (size / stride)²."""

    inputs: int
    outputs: int
    size: int
    kernel: int = 3
    stride: int = 1
    groups: int = 1
    kind: str = "conv"  # conv, pool or linear
    first: bool = False
    norm_before: bool = True  # what it reads was normalized on the way
    norm_behind: bool = True  # what it writes is normalized on the way
    counts_norm: int = 0  # channels of the norms that come with it
    residual: str = ""  # post, pre: it writes what a residual block adds to
    dense: bool = False  # reads the buffer of a dense block

    @property
    def x(self):
        return self.inputs * self.size**2

    @property
    def y(self):
        return self.outputs * (-(-self.size // self.stride))**2

    @property
    def weights(self):
        return 0 if self.kind == "pool" else self.outputs * self.inputs // self.groups * self.kernel**2

    @property
    def flop(self):
        return 2 * self.weights * (-(-self.size // self.stride))**2


def head(channels, size, classes, normed):
    """Average pooling of what is left, and the classifier."""
    return [Layer(channels, channels, size, size, size, kind="pool", norm_before=normed, norm_behind=False),
            Layer(channels, classes, 1, 1, kind="linear", norm_before=False, norm_behind=False)]


def resnet(imagenet=False, pre=False):
    layers = [Layer(3, 64, 32, first=True, norm_before=False, norm_behind=not pre,
                    counts_norm=0 if pre else 64)]
    inputs, size = 64, 32
    if imagenet:
        layers = [Layer(3, 64, 224, 7, 2, first=True, norm_before=False, counts_norm=64),
                  Layer(64, 64, 112, 3, 2, kind="pool", norm_behind=False)]
        size = 56
    for stage, width in enumerate((64, 128, 256, 512)):
        for block in range(2):
            stride = 2 if stage and not block else 1
            layers.append(Layer(inputs, width, size, stride=stride, counts_norm=inputs if pre else width))
            if inputs != width:
                layers.append(Layer(inputs, width, size, 1, stride, norm_behind=not pre,
                                    counts_norm=0 if pre else width))
            size //= stride
            layers.append(Layer(width, width, size, norm_behind=not pre, counts_norm=width,
                                residual="pre" if pre else "post"))
            inputs = width
    return layers + head(512, size, 1000 if imagenet else 10, not pre)


def densenet():
    growth, channels, size = 32, 64, 32
    layers = [Layer(3, 64, 32, first=True, norm_before=False, norm_behind=False)]
    for number, count in enumerate((6, 12, 24, 16)):
        for _ in range(count):
            layers.append(Layer(channels, 4 * growth, size, 1, counts_norm=channels, dense=True))
            # Its output too is normalized later, by statistics that all its readers share.
            layers.append(Layer(4 * growth, growth, size, counts_norm=4 * growth))
            channels += growth
        if number < 3:
            layers.append(Layer(channels, channels // 2, size, 1, norm_behind=False, counts_norm=channels))
            channels //= 2
            layers.append(Layer(channels, channels, size, 2, 2, kind="pool", norm_before=False,
                                norm_behind=False))
            size //= 2
    layers += head(channels, size, 10, True)
    layers[-1].counts_norm = channels
    return layers


def resnext():
    layers = [Layer(3, 64, 32, 1, first=True, norm_before=False, counts_norm=64)]
    inputs, size = 64, 32
    for stage in range(3):
        width = 128 << stage
        for block in range(3):
            stride = 2 if stage and not block else 1
            layers.append(Layer(inputs, width, size, 1, counts_norm=width))
            layers.append(Layer(width, width, size, 3, stride, 2, counts_norm=width))
            if inputs != 2 * width:
                layers.append(Layer(inputs, 2 * width, size, 1, stride, counts_norm=2 * width))
            size //= stride
            layers.append(Layer(width, 2 * width, size, 1, counts_norm=2 * width, residual="post"))
            inputs = 2 * width
    return layers + head(inputs, size, 10, True)


LAYERS = {"resnet18": resnet(), "preact18": resnet(pre=True), "densenet121": densenet(),
          "resnext29": resnext(), "resnet18-imagenet": resnet(imagenet=True)}


def parameters(model):
    layers = LAYERS[model]
    return sum(l.weights + 2 * l.counts_norm for l in layers) + layers[-1].outputs  # and its bias


def cost(layer, images, what, statistics, word):
    """FLOP and bytes of the forward pass, the input gradient or the weight gradient of a layer, with norms
    that use batch or running statistics, and `word` bytes a number of a map."""
    x, y = layer.x * images, layer.y * images
    batch = statistics == "batch"
    if layer.kind == "pool":
        again = x if what == "input" and batch and layer.norm_before else 0
        return 0, 0 if what == "weight" else (x + y + again) * word
    numbers = x + y
    if what == "forward":
        numbers += {"": 0, "pre": y, "post": 2 * y if batch else y}[layer.residual]
    elif what == "input":
        if batch:
            numbers += y * layer.norm_behind + x * (layer.norm_before and not layer.first)
            numbers += {"": 0, "pre": 3 * y, "post": 2 * y}[layer.residual]
        else:
            numbers += x / (8 * word) + y * bool(layer.residual)
        numbers += x * layer.dense
    else:
        numbers += y * (batch and layer.norm_behind)
    return layer.flop * images, numbers * word + layer.weights * (4 if what == "weight" else word)


def floors(model, images, precision, attack_statistics, rates=None):
    """Seconds of {"train", "pgd", "robmask"}: a training step, a PGD step, seven of them with two passes and
    an update. `attack_statistics`: batch or running, in PGD steps."""
    rates, word = rates or REFERENCE, 2 if precision == "bf16" else 4
    layers = LAYERS[model]

    def bytes_take(count):
        return count / rates["bytes"]

    def passes(what, statistics, of_images=False):
        total = 0
        for layer in layers:
            if layer.first and what == "input" and not of_images:
                continue  # training wants no gradient of the images
            flop, moved = cost(layer, images, what, statistics, word)
            total += max(flop / rates[precision], bytes_take(moved))
        return total

    update = bytes_take(PARAMETERS[model] * (20 + (2 if precision == "bf16" else 0)))
    both = passes("forward", "batch") + passes("input", "batch") + passes("weight", "batch")
    moved = images * layers[0].x * (16 + word)  # images, start and gradient are read, two are written
    pgd = (passes("forward", attack_statistics) + passes("input", attack_statistics, True)
           + bytes_take(moved))
    return {"train": both + update, "pgd": pgd, "robmask": PGD_STEPS * pgd + 2 * both + update}


def check():
    """Raises AssertionError unless the lists describe the models, and the floors are the known ones."""
    for model, count in PARAMETERS.items():
        assert parameters(model) == count, (model, parameters(model), count)
    known = {"resnet18": (4.43, 4.04), "preact18": (4.29, 4.0), "densenet121": (14.3, 11.8),
             "resnext29": (17.7, 14.2), "resnet18-imagenet": (16.6, 14.8)}
    for model, milliseconds in known.items():
        for statistics, expected in zip(("batch", "running"), milliseconds):
            here = floors(model, 128, "bf16", statistics)["robmask"] * 1e3
            assert abs(here / expected - 1) < 0.005, (model, statistics, here, expected)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        check()
        return
    print("milliseconds on an H200; in brackets with running statistics in the attack")
    print(f"{'model':18} {'prec':5} {'N':>4} {'train':>8} {'PGD':>16} {'RobMask':>18}")
    for model in LAYERS:
        for precision in ("bf16", "tf32", "fp32"):
            for images in (128, 512):
                batch, running = (floors(model, images, precision, s) for s in ("batch", "running"))
                pair = {w: f"{batch[w] * 1e3:.3f} ({running[w] * 1e3:.3f})" for w in batch}
                print(f"{model:18} {precision:5} {images:4} {batch['train'] * 1e3:8.3f} {pair['pgd']:>16} "
                      f"{pair['robmask']:>18}")


if __name__ == "__main__":
    main()
