#!/usr/bin/env python3
"""PyTorch's side of gpu_bench.py: the lines of `robmask bench --worker`, and two more.

    compile N    compiles what N images need, where the arm is a compiled one
    rates        what this card reaches: copies of memory, products of 8192³ in each precision

An arm is the best public recipe of its kind. All data, strengths and noise are on the device; weights are
frozen while an attack takes the gradient of the images alone; γ and β of a strength are blended once an
iteration for all norms together; gradients are set to none; the optimizer is one launch where it can be."""

import argparse
import array
import json
import math
import os
import pathlib
import struct
import sys
import time
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden"))
import models  # noqa: E402  the networks of the golden numbers

MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
EPS, PGD_STEPS = 8 / 255, 7


@dataclass
class Arm:
    tf32: bool = True
    bf16: bool = True  # autocast, channels last
    compiled: bool = False
    graph: bool = False  # the whole iteration


ARMS = {"P0": Arm(tf32=False, bf16=False), "P1": Arm(bf16=False), "P2": Arm(), "P3": Arm(compiled=True),
        "P4": Arm(compiled=True, graph=True), "P5": Arm(graph=True)}
TYPES = {"F32": torch.float32, "I64": torch.int64}


def read_safetensors(path):
    data = pathlib.Path(path).read_bytes()
    length, = struct.unpack_from("<Q", data)
    body = bytearray(data[8 + length:])

    def tensor(entry):
        begin, end = entry["data_offsets"]
        return torch.frombuffer(body[begin:end], dtype=TYPES[entry["dtype"]]).reshape(entry["shape"])

    header = json.loads(data[8:8 + length])
    return {name: tensor(entry) for name, entry in header.items() if name != "__metadata__"}


class Norm(nn.Module):
    """Batch norm number `at`, with the γ and β that it is called with."""

    def __init__(self, channels, at):
        super().__init__()
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.at = at

    def forward(self, x, context):
        training, gammas, betas = context
        return F.batch_norm(x, self.running_mean, self.running_var, gammas[self.at], betas[self.at],
                            training, 0.1, 1e-5)


class Network(nn.Module):
    """A network whose γ and β lie in one table [masks, 2, channels of all norms], of one mask or two: the
    same network for all workloads, so that it is compiled once."""

    def __init__(self, name, width):
        super().__init__()
        self.net = models.build(name, width, 1000 if name == "resnet18-imagenet" else 10)
        names = [n for n, m in self.net.named_modules() if isinstance(m, models.MaskedNorm)]
        self.names, self.channels = names, [self.net.get_submodule(n).weight.numel() for n in names]
        for at, (name, channels) in enumerate(zip(names, self.channels)):
            parent, _, last = name.rpartition(".")
            setattr(self.net.get_submodule(parent), last, Norm(channels, at))
        self.tables = nn.ParameterList(torch.empty(masks, 2, sum(self.channels)) for masks in (1, 2))
        self.table = None

    def trained(self):
        return [*self.net.parameters(), self.table]

    @torch.no_grad()
    def load(self, file, masks):
        self.table = self.tables[masks - 1]
        for name, value in list(self.net.named_parameters()) + list(self.net.named_buffers()):
            value.copy_(file[name])
        for mask, rows in enumerate(self.table):
            place = f".mask.{mask}." if mask else "."
            for row, kind in zip(rows, ("weight", "bias")):
                row.copy_(torch.cat([file[name + place + kind] for name in self.names]))

    def masks(self, code=None):
        """γ and β of all norms at a code; without one, of mask 0."""
        flat = self.table[0] if code is None else (code @ self.table.flatten(1)).view(2, -1)
        return tuple(list(rows.split(self.channels)) for rows in flat)


def move(x_adv, gradient, alpha, low, high):
    """A step of PGD inside low ≤ x ≤ high."""
    return torch.clamp(gradient.sign() * alpha + x_adv, low, high)


class Peer:
    def __init__(self, options):
        self.arm, self.options = ARMS[options.arm], options
        self.device = torch.device(options.device)
        torch.backends.cudnn.benchmark = True
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = self.arm.tf32
        self.format = torch.channels_last if self.arm.bf16 else torch.contiguous_format
        self.file = {n: t.to(self.device) for n, t in read_safetensors(options.init).items()}
        self.network = Network(options.model, options.width).to(self.device, memory_format=self.format)
        mean, std = (torch.tensor(v, device=self.device).reshape(1, 3, 1, 1) for v in (MEAN, STD))

        def loss(net, images, labels, training, gammas, betas):
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.arm.bf16):
                logits = net((images - mean) / std, (training, gammas, betas))
            return F.cross_entropy(logits.float(), labels)

        compiled = (lambda f: torch.compile(f, dynamic=False)) if self.arm.compiled else (lambda f: f)
        self.loss, self.move = compiled(loss), compiled(move)
        self.iterate = self.graph = None

    # ---- workloads ------------------------------------------------------------------------------------

    def training_loss(self, images, masks):
        return self.loss(self.network.net, images, self.labels, True, *masks)

    def gradient(self, x_adv, masks):
        """The attack's loss and its gradient by the images, through running statistics."""
        x_adv = x_adv.detach().requires_grad_()
        loss = self.loss(self.network.net, x_adv, self.labels, False, *masks)
        return loss, torch.autograd.grad(loss, x_adv)[0]

    def attack(self, x_adv, masks, eps, steps):
        low, high = (self.images - eps).clamp_(min=0), (self.images + eps).clamp_(max=1)
        masks = tuple([m.detach() for m in list_] for list_ in masks)
        self.network.requires_grad_(False)
        for _ in range(steps):
            _, gradient = self.gradient(x_adv, masks)
            x_adv = self.move(x_adv, gradient, eps / 5, low, high)
        self.network.requires_grad_(True)
        return x_adv

    def update(self, loss):
        self.sgd.zero_grad(set_to_none=True)
        loss.backward()
        self.sgd.step()

    def train(self):
        self.update(self.training_loss(self.images, self.network.masks()))

    def pgd(self):
        self.attack(self.images, self.network.masks(), EPS, 1)

    def robmask(self):
        p = torch.rand((), device=self.device)
        eps = p * EPS
        masks = self.network.masks(torch.stack((1 - p, p)))
        noise = torch.rand_like(self.images).mul_(2).sub_(1)
        x_adv = self.attack((self.images + eps * noise).clamp_(0, 1), masks, eps, PGD_STEPS)
        self.update((self.training_loss(self.images, self.network.masks())
                     + self.training_loss(x_adv, masks)) / 2)

    # ---- what the lines ask for -----------------------------------------------------------------------

    def begin(self, images, masks):
        self.drop()
        self.network.load(self.file, masks)
        self.images, self.start = (self.placed(self.file[f"bench.{n}"][:images]) for n in ("images", "start"))
        self.labels = self.file["bench.labels"][:images]
        if len(self.images) < images:
            raise ValueError(f"the file holds {len(self.images)} images, not {images}")
        # A graph reads the rate anew where it is on the device, as training by a schedule needs.
        rate = torch.tensor(1e-3, device=self.device) if self.arm.graph else 1e-3
        settings = dict(lr=rate, momentum=0.9, weight_decay=5e-4)
        try:
            self.sgd = torch.optim.SGD(self.network.trained(), fused=self.device.type == "cuda", **settings)
        except TypeError:  # an older release
            self.sgd = torch.optim.SGD(self.network.trained(), **settings)

    def placed(self, images):
        return images.permute(0, 3, 1, 2).contiguous(memory_format=self.format)

    def prepare(self, workload, images):
        self.begin(int(images), 2 if workload == "robmask" else 1)
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        self.iterate = getattr(self, workload)
        self.warm_up()
        if self.arm.graph:
            self.iterate = self.captured(self.iterate)
        return {}

    def warm_up(self):
        """On a stream of its own, as capturing demands."""
        if self.device.type != "cuda":
            self.iterate()
            return
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(3):
                self.iterate()
        torch.cuda.current_stream().wait_stream(aside)
        self.wait()

    def captured(self, iterate):
        self.graph = torch.cuda.CUDAGraph()
        self.sgd.zero_grad(set_to_none=True)
        with torch.cuda.graph(self.graph):
            iterate()
        return self.graph.replay

    def wait(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def timed(self, iterations):
        begin = time.perf_counter()
        for _ in range(iterations):
            self.iterate()
        self.wait()
        return time.perf_counter() - begin

    def run(self, seconds):
        if self.iterate is None:
            raise ValueError("run: nothing was prepared")
        one = min(self.timed(1), self.timed(1))  # the first may have to ask for memory again
        iterations = max(1, math.ceil(float(seconds) / one))
        answer = {"iterations": iterations, "seconds": self.timed(iterations)}
        if self.device.type == "cuda":
            answer["bytes"] = torch.cuda.max_memory_reserved()
            torch.cuda.empty_cache()  # others want memory too; a graph keeps its own
        return answer

    def drop(self):
        self.iterate = self.graph = self.sgd = self.images = self.start = self.labels = None
        self.network.zero_grad(set_to_none=True)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        return {}

    def check(self, images, path):
        self.begin(int(images), 2)
        code = torch.tensor((0.5, 0.5), device=self.device)
        masks = tuple([m.detach() for m in list_] for list_ in self.network.masks(code))
        self.network.requires_grad_(False)
        loss_adv, gradient = self.gradient(self.start, masks)
        self.network.requires_grad_(True)
        loss = self.training_loss(self.images, self.network.masks())
        rows = gradient.permute(0, 2, 3, 1).float().flatten().tolist()
        pathlib.Path(path).write_bytes(array.array("f", rows).tobytes())
        return {"loss": loss.item(), "loss_adv": loss_adv.item()}

    def compile(self, images):
        begin = time.perf_counter()
        self.begin(int(images), 2)
        self.robmask()
        self.wait()
        self.drop()  # others want the memory until this is timed
        return {"seconds": time.perf_counter() - begin}

    def rates(self):
        if self.device.type != "cuda":
            return {}

        def seconds(work, repeats=10):
            for _ in range(3):
                work()
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            for _ in range(repeats):
                work()
            end.record()
            torch.cuda.synchronize()
            return begin.elapsed_time(end) / 1e3 / repeats

        size, n = 2 << 30, 8192
        source = torch.empty(size, dtype=torch.uint8, device=self.device)
        to = torch.empty_like(source)
        found = {"bytes": 2 * size / seconds(lambda: to.copy_(source))}
        a, b = (torch.randn(n, n, device=self.device) for _ in range(2))
        for name, tf32, kind in (("fp32", False, torch.float32), ("tf32", True, torch.float32),
                                 ("bf16", True, torch.bfloat16)):
            torch.backends.cuda.matmul.allow_tf32 = tf32
            left, right = a.to(kind), b.to(kind)
            found[name] = 2 * n**3 / seconds(lambda: left @ right)
        torch.backends.cuda.matmul.allow_tf32 = self.arm.tf32
        found["torch"] = torch.__version__
        found["card"] = torch.cuda.get_device_name()
        return found


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arm", choices=ARMS, default="P0")
    parser.add_argument("--model", default="resnet18")
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--init", required=True, help="what `robmask bench --save` wrote")
    options = parser.parse_args()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    if options.device == "cuda" and not torch.cuda.is_available():
        raise SystemExit("gpu_peer: this PyTorch sees no GPU")
    peer = Peer(options)
    for line in sys.stdin:
        verb, *words = line.strip().split(maxsplit=2)
        try:
            answer = getattr(peer, verb)(*words)
        except Exception as error:  # an answer too; other lines may go well
            peer.drop()
            answer = {"error": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
