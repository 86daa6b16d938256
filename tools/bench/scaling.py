#!/usr/bin/env python3
"""Training on more GPUs than there are here: a model of an iteration's time, fed with the program's own shapes.

    scaling.py --robmask build/robmask             the tables of docs/results/machines.md, in Markdown
    scaling.py --robmask build/robmask --measure 4 messages of an iteration on four processes, beside the model's
    scaling.py --robmask build/robmask --check     closed forms, and what the program's shapes must be

An iteration on P GPUs of N images each (a shard a GPU) is

  computing   seven PGD steps, which need no message, then a pass forward and back over 2N images. One GPU's
              time is that of STEPS; a layer takes as much of it as it has of the FLOPs (tools/bench/floor.py).
  statistics  as the last backward pass begins, all running means and variances at once, from process 0 to all:
              P − 1 messages of one process, or along a tree of log₂ P.
  gradients   in the buckets of engine/shard_sum.cpp: the last parameters first, at least 4 MB each, parameters
              rounded up to 16 elements, f32. A bucket travels once that pass has completed it and what is ahead,
              the statistics or a bucket, has arrived. What has not arrived when the pass is over is waited for.
  totals      then, 32 bytes of them (128 as sent).

A message of b bytes keeps its sender busy for o + 8b / rate seconds, and is there α later: α is the latency,
o the overhead of a message. What is added takes the larger of a launch and of reading two numbers and writing
one for each sum. Ways to add n bytes, for each process:

  direct      ours. Each process adds up a slice that all send it, and sends the sum to all: twice
              (P−1)·o + (P−1)/P·8n/rate + α, and P − 1 additions of n/P bytes
  ring        2(P−1) steps of n/P bytes, one after the other: 2(P−1)·(α + o + 8n/P/rate), P − 1 additions
  halving     recursive halving, then doubling: 2·log₂ P steps, of n/2, n/4, … bytes: 2·log₂ P·(α + o) +
              2(P−1)/P·8n/rate, and log₂ P additions. Partners 1, 2, 4 … apart add along the same tree as ours
  nodes       direct within a node of 8 GPUs over NVLink, direct between the P/8 GPUs of the same number in
              other nodes over the network, each with 1/8 of the bucket, and back

Not in the model: that GPUs differ and wait for each other, switches with less than the full rate for all, that
messages take memory's and the GPU's time from what is computed, sending from the GPU's memory by way of the
host's, reading images, and writing checkpoints."""

import argparse
import dataclasses
import json
import math
import os
import struct
import subprocess
import tempfile
from dataclasses import dataclass

import floor

GRAIN = 16  # elements: slices end, and parameters begin, at multiples of it
BUCKET = 4 << 20  # bytes at least
NODE = 8  # GPUs with NVLink among them

# Seconds of a RobMask iteration on one H200 in bf16, by images a GPU. ResNet-18 was measured
# (docs/results/gpu.md). DenseNet-121 is predicted: docs/gpu.md's 36 and 125 ms, 1.8 times as long, as
# ResNet-18's turned out. Neither was ResNet-18 on ImageNet run: it is taken to reach 31 % of its floor, as
# ResNet-18 does on 512 images of CIFAR, whose maps are of like size.
STEPS = {
    "resnet18": {128: 16.1e-3, 512: 52.0e-3},
    "densenet121": {128: 1.8 * 36e-3, 512: 1.8 * 125e-3},
    "resnet18-imagenet": {n: floor.floors("resnet18-imagenet", n, "bf16", "running")["robmask"] / 0.31
                          for n in (64, 256)},
}
TITLES = {"resnet18": "ResNet-18, CIFAR", "densenet121": "DenseNet-121, CIFAR",
          "resnet18-imagenet": "ResNet-18, ImageNet (224²)"}
HOW = {"resnet18": "measured", "densenet121": "predicted", "resnet18-imagenet": "predicted"}
IMAGES = {"resnet18": 128, "densenet121": 128, "resnet18-imagenet": 64}


# ---- the network ----------------------------------------------------------------------------------


@dataclass
class Parameter:
    name: str
    elements: int
    layer: int  # of floor.LAYERS: its gradient is complete once the backward pass has done this layer


@dataclass
class Shapes:
    """What the program trains, in its order, and the elements of all running statistics."""

    model: str
    parameters: list
    statistics: int


def header(file):
    with open(file, "rb") as f:
        size, = struct.unpack("<Q", f.read(8))
        return json.loads(f.read(size))


def shapes_of(robmask, model):
    """From the weights that `robmask bench --save` writes: RobMask's two masks, of which a file names the
    second `<norm>.mask.1.weight`, but the program trains both as one tensor."""
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "weights.safetensors")
        subprocess.run([robmask, "bench", "--model", model, "--batch", "1", "--device", "cpu", "--quiet",
                        "--save", file], stdout=subprocess.DEVNULL, check=True)
        tensors = header(file)
    counts, statistics, windows = {}, 0, {}
    for name, tensor in tensors.items():
        if name == "__metadata__" or name.startswith("bench.") or name.endswith("num_batches_tracked"):
            continue
        count = math.prod(tensor["shape"])
        if ".running_" in name:
            statistics += count
            continue
        norm, mask, kind = name.partition(".mask.")
        name = f"{norm}.{kind.split('.')[1]}" if mask else name
        counts[name] = counts.get(name, 0) + count
        if len(tensor["shape"]) > 1 and not mask:
            windows[name] = tensor["shape"]
    # A convolution is the first layer of its shape that none has taken. A norm comes with the one ahead of
    # it in the list, so its gradient is complete too late rather than too early.
    free = [(number, (l.outputs, l.inputs // l.groups) + ((l.kernel,) * 2 if l.kind == "conv" else ()))
            for number, l in enumerate(floor.LAYERS[model]) if l.weights]
    parameters, layer = [], 0
    for name, count in counts.items():
        if name in windows:
            found = next(f for f in free if f[1] == tuple(windows[name]))
            free.remove(found)
            layer = found[0]
        parameters.append(Parameter(name, count, layer))
    assert not free, free
    return Shapes(model, parameters, statistics)


@dataclass
class Bucket:
    elements: int
    layer: int  # the first layer that has a parameter in it: then it is complete


def buckets_of(shapes, least=BUCKET, word=4):
    """As ShardSum's constructor makes them."""
    buckets = []
    for p in reversed(shapes.parameters):
        if not buckets or buckets[-1].elements >= least // word:
            buckets.append(Bucket(0, p.layer))
        buckets[-1].elements += -(-p.elements // GRAIN) * GRAIN
        buckets[-1].layer = min(buckets[-1].layer, p.layer)
    for earlier, later in zip(buckets, buckets[1:]):  # they begin to travel in this order
        later.layer = min(later.layer, earlier.layer)
    return buckets


def slice_of(elements, owner, processes):
    """Elements that a process adds up for all: ShardSum::slice."""
    grains = elements // GRAIN
    first = -(-owner * grains // processes)
    return (-(-(owner + 1) * grains // processes) - first) * GRAIN


def back_pass(model):
    """The part of an iteration's FLOPs that the last backward pass has, and when in it (0 to 1) each layer's
    gradients are complete."""
    layers = floor.LAYERS[model]
    forward = sum(l.flop for l in layers)
    back = [l.flop * (1 if l.first else 2) for l in layers]  # of weights, and of inputs unless they are images
    iteration = floor.PGD_STEPS * 2 * forward + 2 * (forward + sum(back))
    done, complete = 0, [0.0] * len(layers)
    for number in reversed(range(len(layers))):
        done += back[number]
        complete[number] = done / sum(back)
    return 2 * sum(back) / iteration, complete


def step_seconds(model, images):
    """On one GPU: a line through the two sizes of STEPS."""
    (n, t), (m, u) = STEPS[model].items()
    return t + (u - t) * (images - n) / (m - n)


# ---- the machines ---------------------------------------------------------------------------------


@dataclass
class Net:
    rate: float  # bits a second and GPU, each way
    latency: float  # α, seconds
    overhead: float  # o
    launch: float = 0.77e-6  # a node of a graph on an H200 (docs/results/gpu.md)
    memory: float = 4.3e12  # bytes a second
    nvlink: float = 3.6e12  # bits a second, within a node
    nvlink_latency: float = 2e-6
    one_launch: bool = False  # adds all that came, where we add one slice after another

    def takes(self, count):
        return 8 * count / self.rate

    def adds(self, additions, count):
        """Seconds of so many additions of so many bytes each."""
        if self.one_launch and additions:
            return self.launch + (additions + 2) * count / self.memory
        return additions * max(self.launch, 3 * count / self.memory)

    def within_node(self):
        return dataclasses.replace(self, rate=self.nvlink, latency=self.nvlink_latency)


def direct(processes, count, net):
    if processes == 1:
        return 0
    way = (processes - 1) * (net.overhead + net.takes(count / processes)) + net.latency
    return 2 * way + net.adds(processes - 1, count / processes)


def ring(processes, count, net):
    step = net.latency + net.overhead + net.takes(count / processes)
    return (processes - 1) * (2 * step + net.adds(1, count / processes))


def halving(processes, count, net):
    total, part = 0, count
    for _ in range(round(math.log2(processes))):
        part /= 2
        total += 2 * (net.latency + net.overhead + net.takes(part)) + net.adds(1, part)
    return total


def nodes(processes, count, net):
    within = min(processes, NODE)
    return direct(within, count, net.within_node()) + direct(processes // within, count / within, net)


def from_one(processes, count, net):
    """Statistics: process 0 sends them to all others."""
    return (processes - 1) * (net.overhead + net.takes(count)) + net.latency if processes > 1 else 0


def by_tree(processes, count, net):
    return math.ceil(math.log2(processes)) * (net.latency + net.overhead + net.takes(count))


WAYS = {"direct": direct, "ring": ring, "halving": halving, "nodes": nodes}


@dataclass
class Plan:
    """How a network is trained: ours unless it is said otherwise."""

    way: str = "direct"
    statistics: str = "one"  # or tree
    bucket: int = BUCKET
    word: int = 4  # bytes of a gradient's number
    one_launch: bool = False
    faster: float = 1  # GPUs than those of STEPS


def seconds(shapes, images, processes, net, plan=Plan()):
    """Of an iteration with so many images a GPU: {total, computing, gradients, totals}, the last two what is
    waited for: gradients with the statistics that travel ahead of them, and totals."""
    computing = step_seconds(shapes.model, images) / plan.faster
    net = dataclasses.replace(net, one_launch=plan.one_launch)
    share, complete = back_pass(shapes.model)
    send = from_one if plan.statistics == "one" else by_tree
    arrived = computing * (1 - share) + send(processes, shapes.statistics * 4, net)
    for bucket in buckets_of(shapes, plan.bucket, plan.word):
        ready = computing * (1 - share * (1 - complete[bucket.layer]))
        arrived = max(arrived, ready) + WAYS[plan.way](processes, bucket.elements * plan.word, net)
    # Of totals one process is the owner: all send it theirs and get the sum, 16 numbers of f64 with the rest.
    add = direct if plan.statistics == "one" else halving
    totals = 0 if processes == 1 else add(processes, GRAIN * 8 * (processes if add is direct else 1), net)
    gradients = max(arrived, computing) - computing
    return {"total": computing + gradients + totals, "computing": computing, "gradients": gradients,
            "totals": totals}


def efficiency(shapes, images, processes, net, plan=Plan()):
    """Of P GPUs with so many images each, against P times one GPU."""
    one, all_of_them = (seconds(shapes, images, p, net, plan)["total"] for p in (1, processes))
    return one / all_of_them


# ---- messages, as they are sent -------------------------------------------------------------------


def messages(shapes, processes):
    """{(from, to): (messages, bytes)} of an iteration with a shard a process, as ShardedStep sends them."""
    sent = {(a, b): [0, 0] for a in range(processes) for b in range(processes) if a != b}

    def send(a, b, elements, word=4):
        if elements:
            sent[a, b][0] += 1
            sent[a, b][1] += elements * word

    for a, b in sent:
        for bucket in buckets_of(shapes):
            send(a, b, slice_of(bucket.elements, b, processes))  # what b adds up
            send(a, b, slice_of(bucket.elements, a, processes))  # the sum of what a adds up
        for owner in (a, b):
            send(a, b, slice_of(GRAIN, owner, processes), 8)  # totals
        if a == 0:
            send(a, b, shapes.statistics)
    return {pair: tuple(counts) for pair, counts in sent.items()}


def measured_messages(robmask, model, processes):
    """The same from Open MPI's monitoring, of a run of one iteration."""
    environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    sent, batch = {}, str(2 * processes)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["mpirun", "--oversubscribe", "--mca", "pml_monitoring_enable", "2", "--mca",
             "pml_monitoring_enable_output", "3", "--mca", "pml_monitoring_filename", folder + "/sent", "-n",
             str(processes), robmask, "train", "--method", "robmask", "--model", model, "--data", "synthetic",
             "--threads", "1", "--shards", str(processes), "--batch", batch, "--limit-train", batch,
             "--limit-test", "1", "--epochs", "1", "--attack-steps", "1", "--device", "cpu", "--quiet", "--out",
             folder + "/run"],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        for rank in range(processes):
            with open(f"{folder}/sent.{rank}.prof") as f:
                for line in f:
                    if line.startswith("E\t"):  # messages between two, of the program and not of collectives
                        _, a, b, count, number, _ = line.split("\t")
                        sent[int(a), int(b)] = (int(number.split()[0]), int(count.split()[0]))
    return sent


# ---- tables ---------------------------------------------------------------------------------------


def table(head, rows):
    print("| " + " | ".join(head) + " |\n|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print()


def percent(value):
    return f"{100 * value:.{1 if 0.9995 > value > 0.9 or value < 0.0995 else 0}f} %"


def limits(shapes, images, net, plan):
    """The first power of two at which less than 90 % and 50 % are left."""
    def first(least):
        return next((2**k for k in range(15) if efficiency(shapes, images, 2**k, net, plan) < least),
                    "> 16,384")
    return [f"{p:,}" if isinstance(p, int) else p for p in (first(0.9), first(0.5))]


def describe(all_shapes):
    rows = []
    for s in all_shapes:
        buckets = buckets_of(s)
        share, complete = back_pass(s.model)
        travel = [b.elements * 4 / 1e6 for b in buckets]
        late = sum(b.elements for b in buckets if complete[b.layer] >= 1) * 4 / 1e6
        images = IMAGES[s.model]
        rows.append([TITLES[s.model], f"{sum(p.elements for p in s.parameters):,} in {len(s.parameters)}",
                     f"{sum(travel):.1f}", f"{len(buckets)}: " + ", ".join(f"{t:.1f}" for t in travel),
                     f"{late:.1f}", f"{s.statistics * 4 / 1e3:.1f}", percent(share),
                     f"{images}: {step_seconds(s.model, images) * 1e3:.1f}, {HOW[s.model]}"])
    table(["network", "parameters, tensors", "MB", "buckets, MB", "of it complete only at the end",
           "statistics, kB", "last backward pass, of the FLOPs", "one GPU: images, ms"], rows)


def weak(shapes, nets, most):
    images = IMAGES[shapes.model]
    columns = [("ours", Plan()), ("ring", Plan("ring", "tree")),
               ("halving", Plan("halving", "tree")), ("nodes", Plan("nodes", "tree"))]
    for net in nets:
        rows = []
        for k in range(most + 1):
            p = 2**k
            ours = seconds(shapes, images, p, net)
            efficiencies = [percent(efficiency(shapes, images, p, net, plan)) for _, plan in columns]
            rows.append([f"{p:,}", f"{1 / ours['total']:.1f}", f"{p * images / ours['total']:,.0f}",
                         f"{ours['gradients'] * 1e3:.2f}", f"{ours['totals'] * 1e3:.2f}", *efficiencies])
        print(f"**{TITLES[shapes.model]}, {images} images a GPU, {net.rate / 1e9:g} Gbit/s, α = "
              f"{net.latency * 1e6:g} µs, o = {net.overhead * 1e6:g} µs**\n")
        table(["GPUs", "iterations a second", "images a second", "waits for gradients and statistics, ms",
               "for totals, ms", *[f"**{c}**" if c == "ours" else c for c, _ in columns]], rows)


def strong(all_shapes, nets, most):
    """A global batch that is shared out: the speed-up over one GPU with all of it."""
    for s in all_shapes:
        if s.model not in ("resnet18", "densenet121"):
            continue
        rows = []
        for k in range(most + 1):
            p, row = 2**k, [f"{2**k:,}"]
            for batch in (1024, 8192):
                for net in nets:
                    if p * 8 > batch:  # fewer than 8 images a GPU to be normalized by: not trained so
                        row.append("")
                        continue
                    t = seconds(s, batch // p, p, net)["total"]
                    up = seconds(s, batch, 1, net)["total"] / t
                    row.append(f"{up:.1f}×, {percent(up / p)}, {t * 1e3:.1f} ms")
            rows.append(row)
        print(f"**{TITLES[s.model]}, global batch B**\n")
        table(["GPUs", *[f"B = {b:,}, {n.rate / 1e9:g} Gbit/s" for b in (1024, 8192) for n in nets]], rows)


def remedies(all_shapes, nets):
    tree = Plan(statistics="tree", one_launch=True)
    plans = [("ours", Plan(), 1),
             ("ours, GPUs twice as fast", Plan(faster=2), 1),
             ("ours, four times the images a GPU", Plan(), 4),
             ("ours, statistics by a tree", Plan(statistics="tree"), 1),
             ("ours, all slices added by one launch", Plan(one_launch=True), 1),
             ("both", tree, 1),
             ("both, buckets of 16 MB", dataclasses.replace(tree, bucket=16 << 20), 1),
             ("both, gradients in bf16", dataclasses.replace(tree, word=2), 1),
             ("both, four times the images a GPU", tree, 4),
             ("both, recursive halving", dataclasses.replace(tree, way="halving"), 1),
             ("both, nodes of 8 with NVLink", dataclasses.replace(tree, way="nodes"), 1),
             ("both, nodes, gradients in bf16", dataclasses.replace(tree, way="nodes", word=2), 1)]
    for s in all_shapes:
        rows = []
        for name, plan, times in plans:
            row = [name]
            for net in nets:
                row += limits(s, times * IMAGES[s.model], net, plan)
            rows.append(row)
        print(f"**{TITLES[s.model]}**: GPUs at which efficiency is first below\n")
        table(["", *[f"{e} %, {n.rate / 1e9:g} Gbit/s" for n in nets for e in (90, 50)]], rows)


def sensitivity(all_shapes, nets):
    rows = []
    for s in all_shapes:
        for net in nets:
            here = [dataclasses.replace(net, overhead=o * net.overhead) for o in (0.25, 1, 4)]
            here += [dataclasses.replace(net, latency=4 * net.latency),
                     dataclasses.replace(net, rate=net.rate / 2)]
            rows.append([f"{TITLES[s.model]}, {net.rate / 1e9:g} Gbit/s",
                         *[percent(efficiency(s, IMAGES[s.model], 64, n)) for n in here]])
    table(["efficiency of ours on 64 GPUs", "o / 4", "as above", "4 o", "4 α", "half the rate"], rows)
    rates, first = (25, 50, 100, 200, 400), nets[0]
    table([f"ours, α = {first.latency * 1e6:g} µs, o = {first.overhead * 1e6:g} µs, Gbit/s",
           *[f"{r}" for r in rates]],
          [[f"{TITLES[s.model]}, {p} GPUs",
            *[percent(efficiency(s, IMAGES[s.model], p, dataclasses.replace(first, rate=r * 1e9)))
              for r in rates]]
           for s in all_shapes for p in (8, 64)])


# ---- checks ---------------------------------------------------------------------------------------


def near(a, b, what):
    assert abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1e-12), (what, a, b)


def check(all_shapes, nets):
    """Raises AssertionError unless the model agrees with closed forms, and the shapes with what is known."""
    at_no_cost = Net(math.inf, 0, 0, 0, math.inf, math.inf, 0)
    for s in all_shapes:
        elements = sum(p.elements for p in s.parameters)
        # floor.PARAMETERS are those of one mask; the second adds γ and β for each running mean and variance.
        assert elements == floor.PARAMETERS[s.model] + s.statistics, (s.model, elements)
        buckets = buckets_of(s)
        n = sum(b.elements for b in buckets)
        assert elements <= n < elements + GRAIN * len(s.parameters)
        assert all(b.elements * 4 >= BUCKET for b in buckets[:-1])
        share, complete = back_pass(s.model)
        assert 0.19 < share < 0.2 and complete[0] == 1 and complete[-1] < 0.01, (s.model, share)
        images = IMAGES[s.model]
        step = step_seconds(s.model, images)
        for p in (2, 3, 8, 64):
            # Of n bytes all processes together send 2·(P−1)·n, a process 2·(P−1)/P·n, to a grain a bucket.
            sent = messages(s, p)
            statistics, totals = (p - 1) * s.statistics * 4, 2 * (p - 1) * GRAIN * 8
            assert sum(b for _, b in sent.values()) == 2 * (p - 1) * n * 4 + statistics + totals
            of_last = sum(b for (a, _), (_, b) in sent.items() if a == p - 1) - GRAIN * 8
            assert abs(of_last - 2 * (p - 1) / p * n * 4) <= 2 * p * len(buckets) * GRAIN * 4
            # Two messages a bucket to each; then the totals, to process 0 and from it, and its statistics.
            assert all(m == 2 * len(buckets) + (0 in (a, b)) + (a == 0) for (a, b), (m, _) in sent.items())
        for way in WAYS:
            for net in nets:
                assert efficiency(s, images, 64, net, Plan(way)) <= efficiency(
                    s, images, 64, net, Plan(way, "tree", one_launch=True)), "a remedy that harms"
                near(efficiency(s, images, 1, net, Plan(way)), 1, "one GPU")
            near(efficiency(s, images, 64, at_no_cost, Plan(way)), 1, "messages that cost nothing")
        for net in nets:
            # All in one bucket: statistics hide behind the pass that completes it, gradients behind none.
            totals = 30 * (net.overhead + net.takes(128)) + 2 * net.latency + net.adds(15, 128)
            one = seconds(s, images, 16, net, Plan(bucket=1 << 40))
            near(one["gradients"], direct(16, n * 4, net), "one bucket")
            near(one["totals"], totals, "one bucket")
            near(one["total"], step + direct(16, n * 4, net) + totals, "one bucket")
            # So many processes that the statistics outlast the pass: the bucket goes behind them.
            many = 1 << 16
            statistics = (many - 1) * (net.overhead + net.takes(4 * s.statistics)) + net.latency
            near(seconds(s, images, many, net, Plan(bucket=1 << 40))["gradients"],
                 statistics - share * step + direct(many, n * 4, net), "statistics that outlast the pass")
            # A GPU that takes no time: statistics and buckets one after the other, all of it waited for.
            statistics = 15 * (net.overhead + net.takes(4 * s.statistics)) + net.latency
            sums = sum(direct(16, b.elements * 4, net) for b in buckets)
            near(seconds(s, images, 16, net, Plan(faster=math.inf))["total"], statistics + sums + totals,
                 "nothing to hide behind")
    # Where only the rate counts, all ways but that of nodes take 2·(P−1)/P·n.
    slow = Net(1e9, 0, 0, 0, math.inf, math.inf, 0)
    for p in (2, 16, 1024):
        for way in (direct, ring, halving):
            near(way(p, 1e6, slow), 2 * (p - 1) / p * 8e6 / 1e9, way.__name__)
    near(nodes(64, 1e6, slow), 2 * 7 / 8 * 1e6 / 1e9, "an eighth of it over the network")
    # Where only latency counts: 2 waits, 2(P−1) and 2·log₂ P.
    far = Net(math.inf, 1, 0, 0, math.inf)
    assert (direct(16, 1e6, far), ring(16, 1e6, far), halving(16, 1e6, far)) == (2, 30, 8)
    # Where only messages count: 2(P−1), 2(P−1) and 2·log₂ P.
    many = Net(math.inf, 0, 1, 0, math.inf)
    assert (direct(16, 1e6, many), ring(16, 1e6, many), halving(16, 1e6, many)) == (30, 30, 8)
    near(step_seconds("resnet18", 320), (16.1e-3 + 52.0e-3) / 2, "halfway")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--robmask", default="build/robmask")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--measure", type=int, default=0, metavar="P",
                        help="run P processes and compare their messages (Open MPI)")
    parser.add_argument("--models", default=",".join(STEPS), help="a list of: " + ", ".join(STEPS))
    parser.add_argument("--rates", default="25,400", help="Gbit/s a GPU")
    parser.add_argument("--latencies", default="5,2", help="α in µs, one for each rate")
    parser.add_argument("--overheads", default="1,0.5", help="o in µs, one for each rate")
    parser.add_argument("--most", type=int, default=1024, help="GPUs; a power of two")
    options = parser.parse_args()
    lists = [[float(x) for x in o.split(",")] for o in (options.rates, options.latencies, options.overheads)]
    if len({len(numbers) for numbers in lists}) > 1:
        parser.error("expected as many latencies and overheads as rates")
    if not set(options.models.split(",")) <= set(STEPS):
        parser.error("--models: expected some of " + ", ".join(STEPS))
    nets = [Net(rate * 1e9, latency * 1e-6, overhead * 1e-6) for rate, latency, overhead in zip(*lists)]
    all_shapes = [shapes_of(options.robmask, model) for model in options.models.split(",")]
    if options.check:
        return check(all_shapes, nets)
    if options.measure:
        for s in all_shapes:
            if s.model.endswith("imagenet"):
                continue  # the embedded data's images are of 32²
            wanted = messages(s, options.measure)
            sent = measured_messages(options.robmask, s.model, options.measure)
            for pair in sorted(wanted):
                print(s.model, f"{pair[0]} → {pair[1]}:", "model {} messages, {:,} bytes;".format(*wanted[pair]),
                      "sent {}, {:,}".format(*sent.get(pair, (0, 0))))
            assert wanted == sent, "the program sends other messages"
        return None
    describe(all_shapes)
    for s in all_shapes:
        weak(s, nets, round(math.log2(options.most)))
    remedies(all_shapes, nets)
    strong(all_shapes, nets, round(math.log2(options.most)))
    sensitivity(all_shapes, nets)
    return None


if __name__ == "__main__":
    main()
