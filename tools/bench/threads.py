#!/usr/bin/env python3
"""What the threads of engine/threads.h gain, and what they cost on busy cores.

    threads.py --other OLDER/robmask    idle: steps of two builds, two threads each
    threads.py --load 8                 beside eight endless loops: two threads and one

The two sides take turns, a process each. Prints seconds and the ratio of the pairs: median (smallest to
largest)."""

import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import tempfile
import time

IDLE = ((64, 64, 2), (16, 64, 6), (4, 8, 40))  # width, batch, repeats


def spread(values):
    return f"{statistics.median(values):.3f} ({min(values):.3f}–{max(values):.3f})"


def in_turns(pairs, sides):
    """The results of calling both sides `pairs` times; which goes first alternates."""
    results = ([], [])
    for pair in range(pairs):
        for side in (0, 1) if pair % 2 == 0 else (1, 0):
            results[side].append(sides[side]())
    return results


def compare(name, first, second):
    ratios = [b / a for a, b in zip(first, second)]
    print(f"{name}: {spread(first)} s, {spread(second)} s, second / first {spread(ratios)}", flush=True)


def steps(robmask, workloads, width, batch, repeats, threads):
    command = [robmask, "bench", "--workload", workloads, "--width", str(width), "--batch", str(batch),
               "--repeats", str(repeats), "--threads", str(threads), "--device", "cpu", "--json", "--quiet"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def training(robmask, threads):
    """Wall and processor seconds of a small training."""
    with tempfile.TemporaryDirectory() as folder:
        begin, before = time.monotonic(), os.times()
        subprocess.run([robmask, "train", "--data", "synthetic", "--width", "8", "--augment", "none",
                        "--method", "standard", "--batch", "25", "--limit-train", "150", "--limit-test", "25",
                        "--epochs", "2", "--threads", str(threads), "--device", "cpu", "--quiet",
                        "--out", folder + "/run"], stdout=subprocess.DEVNULL, check=True)
        wall, after = time.monotonic() - begin, os.times()
        return wall, sum(after[2:4]) - sum(before[2:4])


def idle(options):
    for width, batch, repeats in IDLE:
        both = in_turns(options.pairs, [lambda robmask=robmask: steps(
            robmask, "train,pgd", width, batch, repeats, 2) for robmask in (options.other, options.robmask)])
        for step in ("train_step_seconds", "pgd_step_seconds"):
            compare(f"width {width}, N = {batch}, {step}", *([run[step] for run in side] for side in both))


def loaded(options):
    def on(threads):
        return training(options.robmask, threads), \
            steps(options.robmask, "train", 32, 32, 3, threads)["train_step_seconds"]
    both = in_turns(options.pairs, (lambda: on(1), lambda: on(2)))
    compare("training, wall", *([wall for (wall, _), _ in side] for side in both))
    compare("training, CPU", *([cpu for (_, cpu), _ in side] for side in both))
    compare("width 32, N = 32, training step", *([step for _, step in side] for side in both))


def endless():
    while True:
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--robmask", default="build/robmask")
    parser.add_argument("--other", help="another build, idle")
    parser.add_argument("--load", type=int, default=0, help="endless loops beside")
    parser.add_argument("--pairs", type=int, default=10)
    options = parser.parse_args()
    if bool(options.other) == bool(options.load) or options.pairs < 1:
        parser.error("expected --other ROBMASK or --load N, and at least one pair")
    if options.other:
        return idle(options)
    loops = [multiprocessing.Process(target=endless, daemon=True) for _ in range(options.load)]
    for loop in loops:
        loop.start()
    loaded(options)


if __name__ == "__main__":
    main()
