#!/usr/bin/env python3
"""gpu_bench.py --model MODEL: training on the GPU beside PyTorch, in less than nine minutes.

Every arm (ARMS) is a process that does as it is told on its standard input: `robmask bench --worker`, or
gpu_peer.py where this Python has PyTorch. All begin with the same weights, images and noise, from one file.
E3 is timed first, once. Then an arm shows that it computes the same: the loss of a first step and the
gradient of the images against P0 (without P0, the first arm); one that does not has no time. For each
workload and number of images all prepare, and are timed in three rounds, each in another order; an arm whose
memory did not suffice beside the others is timed alone. What has to be compiled is compiled from the start,
in processes of low priority that are held still while others are timed, and is timed last, beside ours.

Writes gpu-bench-MODEL.{txt,json} to --out. Exit code 77 without a GPU, 1 if an arm of ours disagrees or
cannot run, else 0."""

import argparse
import array
import contextlib
import importlib.util
import json
import math
import operator
import os
import pathlib
import queue
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import floor  # noqa: E402

SECONDS = 520  # in all
ARMS = {"P0": ("fp32", "PyTorch eager, TF32 off"),
        "P1": ("tf32", "PyTorch eager, TF32 on"),
        "P2": ("bf16", "PyTorch eager, autocast, channels last"),
        "P3": ("bf16", "P2 compiled"),
        "P4": ("bf16", "P2 compiled, the iteration one CUDA graph"),
        "P5": ("bf16", "P2, the iteration one CUDA graph"),
        "E0": ("fp32", "ours"),
        "E1": ("tf32", "ours"),
        "E2": ("bf16", "ours, --replay off"),
        "E3": ("bf16", "ours")}
COMPILED = ("P3", "P4")
COSINE = {"fp32": 0.9999, "tf32": 0.99, "bf16": 0.99}
LOSS = 1e-2
WORKLOADS = ("robmask", "train", "pgd")
CARD = "name,driver_version,clocks.sm,clocks.mem,clocks.max.sm,power.draw,temperature.gpu"


class Trouble(Exception):
    """Why an arm has no figure."""


class Worker:
    """A process that answers a line of JSON to each line."""

    def __init__(self, command, log):
        self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=log, text=True)
        self.answers = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            self.answers.put(line)
        self.answers.put("")  # it ended

    def ask(self, line, seconds, late="no time"):
        """The answer; Trouble for an error, an end, or `late` after so many seconds, which ends it."""
        if seconds <= 0 or self.process.poll() is not None:
            raise Trouble("no time" if seconds <= 0 else "the process ended")
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            answer = self.answers.get(timeout=seconds)
        except queue.Empty:
            self.process.kill()
            raise Trouble(late) from None
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise Trouble("the process ended")
        answer = json.loads(answer)
        if "error" in answer:
            raise Trouble(answer["error"])
        return answer

    def close(self):
        self.process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # the driver may not let it go
            self.process.wait(5)


class Arm:
    def __init__(self, name):
        self.name, (self.precision, self.words) = name, ARMS[name]
        self.ours, self.compiled = name.startswith("E"), name in COMPILED
        self.trouble = self.loss_error = self.cosine = None
        self.workers = {}  # by number of images: one for all, but what is compiled has one for each
        self.compiling = {}  # seconds by number of images
        self.cells = {}  # (workload, images): {"seconds": [one a round], "bytes"} or {"trouble"}

    def command(self, o, init):
        options = ["--model", o.model, "--device", o.device, "--init", init]
        if o.width != 64:
            options += ["--width", o.width]
        if not self.ours:
            low = ["nice", "-n", "19"] if self.compiled else []
            return [*low, sys.executable, HERE / "gpu_peer.py", "--arm", self.name, *options]
        return [o.robmask, "bench", "--worker", "--quiet", "--precision", self.precision, "--replay",
                "off" if self.name == "E2" else "on", *options]


class Bench:
    def __init__(self, options, folder):
        self.o, self.folder = options, folder
        self.end = time.monotonic() + options.limit
        self.init = folder / "init.safetensors"
        self.log = open(pathlib.Path(options.out) / f"gpu-bench-{options.model}.log", "w")
        self.arms, self.ours, self.rates, self.card = [], [], {}, {}
        self.reference = None  # the arm that others are compared with
        self.compilers = {}  # threads by number of images
        self.compiling = set()  # processes
        self.timing = threading.Lock()

    def left(self):
        return self.end - time.monotonic()

    # ---- before anything is timed -----------------------------------------------------------------------

    def save(self):
        """Writes what all arms begin with; the exit code."""
        command = [self.o.robmask, "bench", "--save", self.init, "--device", self.o.device,
                   "--precision", "fp32", "--model", self.o.model, "--batch", max(self.o.batch)]
        command += ["--width", self.o.width] if self.o.width != 64 else []
        done = subprocess.run([str(c) for c in command], stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            print(f"gpu-bench: {done.stderr.strip()}", file=sys.stderr)
        return done.returncode

    def start(self):
        names = list(ARMS) if self.o.device == "cuda" else ["P0", "E0"]
        names = [n for n in names if n in self.o.arms]
        if self.o.torch == "off" or importlib.util.find_spec("torch") is None:
            names = [n for n in names if n.startswith("E")]
        self.arms = [Arm(n) for n in names]
        self.ours = [a for a in self.arms if a.name == "E3"]
        # Of arms that compile the same, the second finds it here.
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(self.folder / "compiled"))
        for arm in self.arms:
            command = arm.command(self.o, self.init)
            if arm.compiled:
                arm.workers = {images: Worker(command, self.log) for images in self.o.batch}
            else:
                arm.workers = dict.fromkeys(self.o.batch, Worker(command, self.log))
        for images in self.o.batch:
            self.compilers[images] = threading.Thread(target=self.compile, args=(images,), daemon=True)
            self.compilers[images].start()

    def compile(self, images):
        """In the background, one arm after the other."""
        for arm in self.arms:
            if arm.compiled:
                worker = arm.workers[images]
                with self.timing:
                    self.compiling.add(worker.process)
                try:
                    arm.compiling[images] = worker.ask(f"compile {images}", SECONDS)["seconds"]
                    self.note(f"{arm.name} compiled for {images} images in {arm.compiling[images]:.0f} s")
                except Trouble as t:
                    for workload in self.o.workload:
                        arm.cells.setdefault((workload, images), {"trouble": str(t)})
                self.compiling.discard(worker.process)

    @contextlib.contextmanager
    def alone(self):
        """Holds still what is being compiled."""
        with self.timing:
            held = list(self.compiling)
            for process in held:
                process.send_signal(signal.SIGSTOP)
            try:
                yield
            finally:
                for process in held:
                    process.send_signal(signal.SIGCONT)

    def snapshot(self, when):
        if self.o.device != "cuda":
            return
        try:
            done = subprocess.run(["nvidia-smi", f"--query-gpu={CARD}", "--format=csv,noheader"],
                                  capture_output=True, text=True, timeout=20, check=False)
            self.card[when] = done.stdout.strip().splitlines()[0]
        except (OSError, IndexError, subprocess.TimeoutExpired):
            self.card[when] = "nvidia-smi says nothing"

    def measure_rates(self):
        theirs = [a for a in self.arms if not a.ours and not a.compiled]
        if not theirs:
            return
        try:
            with self.alone():
                self.rates = theirs[0].workers[self.o.batch[0]].ask("rates", min(90, self.left()))
        except Trouble as t:
            self.note(f"rates: {t}")

    def check(self, arms, images):
        """Loss and gradient of each arm against those of the first that has them."""
        expected = None
        for arm in arms:
            path = self.folder / arm.name
            try:
                found = arm.workers[images].ask(f"check {images} {path}", min(60, self.left()))
            except Trouble as t:
                arm.trouble = str(t)
                continue
            found["gradient"] = array.array("f", path.read_bytes())
            if expected is None:
                expected, self.reference = found, arm
            arm.loss_error = max(relative(found[l], expected[l]) for l in ("loss", "loss_adv"))
            arm.cosine = cosine(found["gradient"], expected["gradient"])
            # Not the other way round: NaN disagrees.
            if not (arm.loss_error <= LOSS and arm.cosine >= COSINE[arm.precision]):
                arm.trouble = f"disagrees: loss {arm.loss_error:.1e}, cosine {arm.cosine:.5f}"
            self.note(f"{arm.name}: loss {arm.loss_error:.1e}, cosine {arm.cosine:.6f} {arm.trouble or ''}")

    # ---- timing -----------------------------------------------------------------------------------------

    def prepare(self, arm, cell):
        """Why it cannot be timed, or nothing."""
        try:
            arm.workers[cell[1]].ask("prepare {} {}".format(*cell), min(30, self.left()))
        except Trouble as t:
            self.fail(arm, cell, str(t))
            return str(t)
        if "seconds" not in arm.cells.get(cell, {}):
            arm.cells[cell] = {"seconds": []}
        return ""

    def time(self, arm, cell):
        if "seconds" not in arm.cells[cell]:  # it could not in an earlier round
            return
        try:
            with self.alone():
                answer = arm.workers[cell[1]].ask(f"run {self.o.seconds}", min(30, self.left()))
            arm.cells[cell]["seconds"].append(answer["seconds"] / answer["iterations"])
            arm.cells[cell]["bytes"] = answer.get("bytes")
        except Trouble as t:
            self.fail(arm, cell, str(t))

    @staticmethod
    def fail(arm, cell, trouble):
        """What was measured stays where no time is left, or no memory beside others."""
        passing = trouble == "no time" or "memory" in trouble
        if not (passing and arm.cells.get(cell, {}).get("seconds")):
            arm.cells[cell] = {"trouble": trouble}

    def drop(self, arm, images):
        try:
            arm.workers[images].ask("drop", min(20, self.left()))
        except Trouble:
            pass  # the next line says so

    def measure(self, arms, cell, rounds):
        arms = [a for a in arms if not a.trouble]
        troubles = {a.name: self.prepare(a, cell) for a in arms}
        ready = [a for a in arms if not troubles[a.name]]
        for number in range(rounds):
            for arm in rotated(ready, number):
                self.time(arm, cell)
        for arm in arms:
            self.drop(arm, cell[1])
        for arm in arms:
            if "memory" in troubles[arm.name] and not self.prepare(arm, cell):
                arm.cells[cell]["alone"] = True
                for _ in range(rounds):
                    self.time(arm, cell)
                self.drop(arm, cell[1])
        self.note("{} {}: ".format(*cell) + ", ".join(f"{a.name} {milliseconds(a, cell)}" for a in arms))

    def run(self):
        self.start()
        while self.o.after and not os.path.exists(self.o.after):
            time.sleep(0.1)
        self.end = time.monotonic() + self.o.limit
        self.snapshot("before")
        cells = [(workload, images) for images in self.o.batch for workload in self.o.workload]
        if self.ours:
            for cell in cells:
                self.measure(self.ours, cell, 1)
        self.measure_rates()
        at_once = [a for a in self.arms if not a.compiled]
        self.check(sorted(at_once, key=lambda a: a.name not in ("P0", "E0")), self.o.batch[0])
        for cell in cells:
            self.measure(at_once, cell, self.o.rounds)
        self.run_compiled()
        self.snapshot("after")
        for arm in self.arms:
            for worker in arm.workers.values():
                worker.close()

    def run_compiled(self):
        for number, images in enumerate(self.o.batch):
            # Half of what is left for these images is for timing.
            self.compilers[images].join(max(0, self.left()) / (len(self.o.batch) - number) / 2)
            compiled = [a for a in self.arms if images in a.compiling and not a.trouble]
            for arm in self.arms:
                if arm.compiled and images not in arm.compiling:
                    for workload in self.o.workload:
                        arm.cells.setdefault((workload, images), {"trouble": "not compiled in time"})
            if compiled and self.left() > 0:
                self.check([self.reference] * bool(self.reference) + compiled, images)
                for workload in self.o.workload:
                    self.measure(compiled + self.ours, (workload, images), self.o.rounds)

    @staticmethod
    def note(text):
        print(text, file=sys.stderr, flush=True)


def rotated(arms, number):
    """Another arm first in each round, and at the next all are one further."""
    step = number * max(1, len(arms) // 3) % max(1, len(arms))
    return arms[step:] + arms[:step]


def relative(found, expected):
    """The error of a loss; JSON has null for what is not a number."""
    return math.nan if None in (found, expected) else abs(found / expected - 1)


def cosine(a, b):
    def dot(x, y):
        return sum(map(operator.mul, x, y))

    size = math.sqrt(dot(a, a) * dot(b, b))
    return dot(a, b) / size if size else math.nan


def median(arm, cell):
    seconds = arm.cells.get(cell, {}).get("seconds") if arm else None
    return statistics.median(seconds) if seconds else None


def spread(arm, cell):
    """(max − min) / median over the rounds."""
    seconds = arm.cells[cell]["seconds"]
    return (max(seconds) - min(seconds)) / statistics.median(seconds)


def milliseconds(arm, cell):
    if median(arm, cell) is None:
        return arm.trouble or arm.cells.get(cell, {}).get("trouble", "no time")
    return f"{median(arm, cell) * 1e3:.3f}"


def ratio(ours, other, cell):
    """How many times the other's time is ours: "1.52", or "tie" where the spread hides it."""
    if median(other, cell) is None:
        return "-"
    times = median(other, cell) / median(ours, cell)
    return "tie" if abs(times - 1) < max(spread(ours, cell), spread(other, cell)) else f"{times:.2f}"


def floor_columns(o, ours, cell, rates):
    """Of the table: floor_ms, %floor, floor_run, floor_here, %here; the lists of layers know one width."""
    if o.width != 64:
        return f"{'-':>8} {'-':>7} {'-':>9} {'-':>10} {'-':>7}"
    workload, images = cell

    def of(statistics_of_attack, at=None):
        return floor.floors(o.model, images, ours.precision, statistics_of_attack, at)[workload]

    seconds, batch = median(ours, cell), of("batch")
    columns = f"{batch * 1e3:8.3f} {100 * batch / seconds:6.1f}% {of('running') * 1e3:9.3f} "
    if not rates:
        return columns + f"{'-':>10} {'-':>7}"
    here = of("running", rates)
    return columns + f"{here * 1e3:10.3f} {100 * here / seconds:6.1f}%"


def result_line(bench, ours, eager, others, cell):
    """What became of one arm of ours in a cell, beside the eager arm and the best of others."""
    workload, images = cell
    label = ours.precision + (" eager" if ours.name == "E2" else "")
    start = f"{bench.o.model} {images} {label:10} {workload:8}"
    if median(ours, cell) is None:
        return f"{start} {milliseconds(ours, cell)}"
    timed = [a for a in others if median(a, cell) is not None]
    best = min(timed, key=lambda a: median(a, cell)) if timed else None
    theirs = milliseconds(eager, cell) if median(eager, cell) else "-"
    best_ms = f"{milliseconds(best, cell)}({best.name})" if best else "-"
    rates = bench.rates if all(k in bench.rates for k in floor.REFERENCE) else None
    return (f"{start} {milliseconds(ours, cell):>9} {theirs:>9} {best_ms:>13} {ratio(ours, eager, cell):>6} "
            f"{ratio(ours, best, cell):>6} {floor_columns(bench.o, ours, cell, rates)} "
            f"{100 * spread(ours, cell):5.1f}% {ours.loss_error:8.1e} {ours.cosine:.6f}"
            + (" alone" if ours.cells[cell].get("alone") else ""))


def result_lines(bench):
    arms = {a.name: a for a in bench.arms}
    beside = {"E0": ("P0",), "E1": ("P1",), "E2": ("P2", "P3", "P4", "P5"), "E3": ("P2", "P3", "P4", "P5")}
    lines = [HEAD]
    for images in bench.o.batch:
        for workload in bench.o.workload:
            for name, others in beside.items():
                if name in arms:
                    there, cell = [arms[n] for n in others if n in arms], (workload, images)
                    lines.append(result_line(bench, arms[name], arms.get(others[0]), there, cell))
    return lines


HEAD = (f"{'model N prec workload':33} {'ours_ms':>9} {'eager_ms':>9} {'best_ms(arm)':>13} {'xeager':>6} "
        f"{'xbest':>6} {'floor_ms':>8} {'%floor':>7} {'floor_run':>9} {'floor_here':>10} {'%here':>7} "
        f"{'spread':>6} {'loss_err':>8} cosine")
LEGEND = """\
ours_ms, eager_ms, best_ms   medians of the rounds; xeager, xbest: how many times as long the other takes,
                     or "tie" where the spread (max − min) / median of either is larger than the difference
floor_ms, %floor     tools/bench/floor.py at the rates of an H200, batch statistics in the attack: what the
                     targets are stated in. floor_run: the same with running statistics, which is what both
                     sides do; floor_here, %here: that at the rates measured on this card
loss_err, cosine     of the first step and its gradient of the images, against {reference}
One file of weights and images for all; PGD and RobMask attack through running statistics; RobMask: a random
start, 7 steps, clean and adversarial loss, update. Ours runs both losses as one batch of 2N images."""


def report(bench):
    o = bench.o
    text = [f"gpu-bench {o.model} on {o.device}, {o.rounds} rounds of {o.seconds} s"]
    text += [f"card {when}: {state}" for when, state in bench.card.items()]
    text.append("measured: " + (json.dumps(bench.rates) if bench.rates else "no PyTorch that could"))
    for arm in bench.arms:
        compiling = "".join(f", compiled for {n} in {s:.0f} s" for n, s in sorted(arm.compiling.items()))
        agrees = arm.trouble or ("agrees" if arm.loss_error is not None else "not compared")
        text.append(f"\n{arm.name} {arm.precision} {arm.words}{compiling}: {agrees}")
        for cell, found in arm.cells.items():
            times = " ".join(f"{s * 1e3:.3f}" for s in found.get("seconds", []))
            said = f"{times} ms" if times else found.get("trouble", "no time")
            held = f", {found['bytes'] / 2**20:.0f} MiB" if found.get("bytes") else ""
            alone = ", alone" if found.get("alone") else ""
            text.append(f"  {cell[0]:8} {cell[1]:4}  {said}{held}{alone}")
    text += ["", LEGEND.format(reference=bench.reference.name if bench.reference else None), "", *result_lines(bench)]
    return "\n".join(text) + "\n"


def as_json(bench):
    return {"model": bench.o.model, "device": bench.o.device, "width": bench.o.width, "card": bench.card,
            "rates": bench.rates, "reference_rates": floor.REFERENCE,
            "arms": [{"arm": a.name, "precision": a.precision, "what": a.words, "trouble": a.trouble,
                      "loss_error": a.loss_error, "cosine": a.cosine, "compile_seconds": a.compiling,
                      "cells": [{"workload": w, "batch": n, **found} for (w, n), found in a.cells.items()]}
                     for a in bench.arms]}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    programs = pathlib.Path(os.environ.get("PROGRAMS", "build/gpu"))
    parser.add_argument("--model", default="resnet18", choices=list(floor.LAYERS))
    parser.add_argument("--robmask", default=programs / "robmask", help="the binary")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"),
                        help="cpu: fp32 alone, as a test")
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--batch", default="128,512", type=lambda s: [int(n) for n in s.split(",")])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="of one arm in one round, at least")
    parser.add_argument("--workload", default=WORKLOADS, type=lambda s: s.split(","))
    parser.add_argument("--arms", default=list(ARMS), type=lambda s: s.split(","))
    parser.add_argument("--torch", default="auto", choices=("auto", "off"))
    parser.add_argument("--limit", type=float, default=SECONDS, help="seconds in all")
    parser.add_argument("--after", help="begin at once, but time nothing before this file is there")
    parser.add_argument("--out", default=os.environ.get("OUT") or programs / "report")
    options = parser.parse_args()
    if not os.access(options.robmask, os.X_OK):
        print(f"gpu-bench: {options.robmask} is missing; make gpu-check-build makes it, where there is nvcc",
              file=sys.stderr)
        return 2
    pathlib.Path(options.out).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, pathlib.Path(folder))
        code = bench.save()
        if code:
            return code
        bench.run()
    name = pathlib.Path(options.out) / f"gpu-bench-{options.model}"
    text = report(bench)
    name.with_suffix(".txt").write_text(text)
    name.with_suffix(".json").write_text(json.dumps(as_json(bench), indent=1) + "\n")
    print(text, end="")
    return 1 if any(a.ours and a.trouble for a in bench.arms) else 0


if __name__ == "__main__":
    sys.exit(main())
