#!/usr/bin/env python3
"""The work of `robmask bench` in PyTorch, and the two side by side.

    torch_peer.py                                  PyTorch alone
    torch_peer.py --robmask build/robmask          alternating rounds, median of paired ratios

PyTorch runs its best public recipe: native batch norm, input gradients by torch.autograd.grad with
the weights frozen, in-place clamps, gradients set to none, and for each workload the faster of the NCHW
and channels-last layouts. Each side lives in processes of its own, so its peak memory (VmHWM) is its
own."""

import argparse
import collections
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve()
WORKLOADS = {"train": "train_step_seconds", "pgd": "pgd_step_seconds",
             "robmask": "robmask_iteration_seconds"}
LAYOUTS = ("nchw", "channels-last")
PGD_STEPS, EPS = 7, 8 / 255


# ---- PyTorch's side -----------------------------------------------------------------------------------


class Peer:
    """One network and its workloads; the networks are those of the golden numbers."""

    def __init__(self, model, width, batch, layout):
        sys.path.insert(0, str(HERE.parents[2] / "tests" / "golden"))
        import models
        import torch

        self.torch, self.models, self.batch = torch, models, batch
        torch.manual_seed(0)
        imagenet = model == "resnet18-imagenet"
        size, classes = (224, 1000) if imagenet else (32, 10)
        self.format = torch.channels_last if layout == "channels-last" else torch.contiguous_format
        self.plain, self.masked = (
            models.build(model, width, classes, masks).to(memory_format=self.format)
            for masks in (1, 2))
        self.x = torch.rand(batch, 3, size, size).contiguous(memory_format=self.format)
        self.y = torch.randint(classes, (batch,))
        self.mean = torch.tensor((0.4914, 0.4822, 0.4465)).reshape(1, 3, 1, 1)
        self.std = torch.tensor((0.2470, 0.2435, 0.2616)).reshape(1, 3, 1, 1)
        self.sgd = {net: torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
                    for net in (self.plain, self.masked)}

    def loss(self, net, images, mode, code):
        one = self.torch.ones(1, 1)
        context = [self.models.Segment(self.batch, mode, self.torch.tensor([code]), one)]
        logits = net((images - self.mean) / self.std, context)
        return self.torch.nn.functional.cross_entropy(logits, self.y)

    def update(self, net, loss):
        self.sgd[net].zero_grad(set_to_none=True)
        loss.backward()
        self.sgd[net].step()

    def train(self):
        self.update(self.plain, self.loss(self.plain, self.x, "train", [1.0]))

    def attack(self, net, code, eps, x_adv, steps):
        """Weights are frozen, running statistics normalize, only the images get a gradient."""
        net.requires_grad_(False)
        for _ in range(steps):
            x_adv.requires_grad_()
            (g,) = self.torch.autograd.grad(self.loss(net, x_adv, "eval", code), x_adv)
            with self.torch.no_grad():
                moved = x_adv + eps / 5 * g.sign_()
                moved = self.torch.maximum(self.torch.minimum(moved, self.x + eps), self.x - eps)
                x_adv = moved.clamp_(0, 1)
        net.requires_grad_(True)
        return x_adv

    def pgd(self):
        self.attack(self.plain, [1.0], EPS, self.x.clone(), 1)

    def robmask(self):
        p = float(self.torch.rand(()))
        start = self.x + p * EPS * (2 * self.torch.rand_like(self.x) - 1)
        x_adv = self.attack(self.masked, [1 - p, p], p * EPS, start.clamp_(0, 1), PGD_STEPS)
        loss = (self.loss(self.masked, self.x, "train", [1.0, 0.0])
                + self.loss(self.masked, x_adv, "train", [1 - p, p])) / 2
        self.update(self.masked, loss)


def peak_bytes():
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024


def work(options):
    """The worker: reads `<workload> <repeats>` lines, answers each with seconds and peak memory."""
    import torch

    torch.set_num_threads(options.threads)
    peer = Peer(options.model, options.width, options.batch, options.worker)
    for line in sys.stdin:
        workload, repeats = line.split()
        seconds = []
        for _ in range(int(repeats)):
            begin = time.perf_counter()
            getattr(peer, workload)()
            seconds.append(time.perf_counter() - begin)
        print("answer", json.dumps({"seconds": seconds, "peak": peak_bytes()}), flush=True)


class Worker:
    def __init__(self, options, layout, environment=None):
        command = [sys.executable, str(HERE), "--worker", layout, "--model", options.model,
                   "--width", str(options.width), "--batch", str(options.batch),
                   "--threads", str(options.threads)]
        threads = {"OMP_NUM_THREADS": str(options.threads)}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env={**os.environ, **threads, **(environment or {})})
        self.peak, self.log = 0, []

    def run(self, workload, repeats):
        """Seconds of each repetition."""
        self.process.stdin.write(f"{workload} {repeats}\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("answer "):
                answer = json.loads(line[7:])
                self.peak = max(self.peak, answer["peak"])
                return answer["seconds"]
            self.log.append(line)
        raise SystemExit("torch_peer: the PyTorch worker ended early")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def kernels_used(options, layout):
    """Which oneDNN implementations a training step runs, with their counts."""
    worker = Worker(options, layout, {"DNNL_VERBOSE": "1", "ONEDNN_VERBOSE": "1"})
    worker.run("train", 1)
    worker.close()
    # dnnl_verbose,exec,cpu,convolution,jit:avx2,forward_training,…
    calls = [line.split(",") for line in worker.log if "_verbose,exec," in line]
    return collections.Counter(f"{c[3]} {c[4]}" for c in calls)


# ---- both sides ---------------------------------------------------------------------------------------


def run_robmask(options):
    """One `robmask bench` process: {workload: seconds}, peak bytes."""
    command = [options.robmask, "bench", "--json", "--device", "cpu", "--precision", "fp32",
               "--model", options.model, "--batch", str(options.batch),
               "--threads", str(options.threads), "--repeats", str(options.repeats),
               "--workload", ",".join(options.workload), "--quiet"]
    if options.width != 64:
        command += ["--width", str(options.width)]
    result = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return {w: result[WORKLOADS[w]] for w in options.workload}, result["peak_memory_bytes"]


def spread(values):
    return f"{statistics.median(values):.3f} ({min(values):.3f}-{max(values):.3f})"


def choose_layouts(options, workers):
    """Warms every worker up, then takes the faster layout for each workload."""
    best = {}
    for workload in options.workload:
        seconds = {}
        for layout, worker in workers.items():
            worker.run(workload, 1)
            seconds[layout] = min(worker.run(workload, options.repeats))
        best[workload] = min(seconds, key=seconds.get)
        times = ", ".join(f"{layout} {s:.3f} s" for layout, s in seconds.items())
        print(f"{workload}: {times}: {best[workload]} it is", file=sys.stderr)
    return best


def torch_round(options, workers, best):
    return {w: statistics.median(workers[best[w]].run(w, options.repeats)) for w in options.workload}


def compare(options):
    workers = {layout: Worker(options, layout) for layout in options.layout}
    best = choose_layouts(options, workers)
    rounds, our_peak = [], 0
    for number in range(options.rounds):
        sides = {}
        for side in ("torch", "robmask") if number % 2 else ("robmask", "torch"):
            if side == "torch":
                sides["torch"] = torch_round(options, workers, best)
            elif options.robmask:
                sides["robmask"], peak = run_robmask(options)
                our_peak = max(our_peak, peak)
        rounds.append(sides)
        print(f"round {number + 1}: {json.dumps(sides)}", file=sys.stderr, flush=True)
    report(options, best, rounds, our_peak, max(workers[best[w]].peak for w in options.workload))
    for worker in workers.values():
        worker.close()


def report(options, best, rounds, our_peak, torch_peak):
    import torch

    config = [line.strip(" -") for line in torch.__config__.show().splitlines()]
    built = [c for c in config if "MKL-DNN" in c or "CPU capability" in c]
    print(f"{options.model} batch {options.batch}, {options.threads} threads, {options.rounds} rounds; "
          f"PyTorch {torch.__version__}; " + "; ".join(built))
    print(f"{'workload':9} {'PyTorch seconds':>24}  {'layout':14}"
          + (f"{'robmask seconds':>24}  {'PyTorch / robmask':>24}" if options.robmask else ""))
    for w in options.workload:
        theirs = [r["torch"][w] for r in rounds]
        line = f"{w:9} {spread(theirs):>24}  {best[w]:14}"
        if options.robmask:
            ours = [r["robmask"][w] for r in rounds]
            ratios = [a / b for a, b in zip(theirs, ours)]
            line += f"{spread(ours):>24}  {spread(ratios):>24}"
        print(line)
    print(f"peak memory: PyTorch {torch_peak / 2**20:.0f} MiB"
          + (f", robmask {our_peak / 2**20:.0f} MiB" if options.robmask else ""))
    for layout in sorted(set(best.values())):
        kernels = ", ".join(f"{n} x {k}" for k, n in kernels_used(options, layout).most_common())
        print(f"oneDNN in a {layout} training step: {kernels or 'none reported'}")
    if options.json:
        result = {"model": options.model, "batch": options.batch, "threads": options.threads,
                  "torch": torch.__version__, "layout": best, "rounds": rounds,
                  "torch_peak_bytes": torch_peak, "robmask_peak_bytes": our_peak}
        pathlib.Path(options.json).write_text(json.dumps(result, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--robmask", help="the binary to compare with")
    parser.add_argument("--model", default="resnet18")
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--repeats", type=int, default=3,
                        help="of each workload and side in a round; their median counts")
    parser.add_argument("--workload", default="train,pgd,robmask", type=lambda s: s.split(","))
    parser.add_argument("--layout", default="best", choices=("best",) + LAYOUTS)
    parser.add_argument("--json", help="write every round to this file")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = set(options.workload) - set(WORKLOADS)
    if unknown:
        parser.error(f"--workload: expected some of {', '.join(WORKLOADS)}, got {', '.join(unknown)}")
    if options.worker:
        work(options)
        return
    options.layout = LAYOUTS if options.layout == "best" else (options.layout,)
    compare(options)


if __name__ == "__main__":
    main()
