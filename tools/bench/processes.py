#!/usr/bin/env python3
"""What two processes cost beside two threads: RobMask iterations of ResNet-18 on the same two cores.

    processes.py                          width 64 and batches of 64, width 16 and batches of 128; five rounds
    processes.py --sizes 64:128:2         width 64, batches of 128, two iterations to an epoch
    processes.py --bind none              where something else wants the cores: processes may move

The arms take turns, and each round begins with another:

  processes  two processes of one thread, two shards: gradients travel between them (mpirun)
  shards     one process of two threads, two shards: the same work to the bit, and no message
  plain      one process of two threads, one shard: the batch as a whole, as without any of this

Each run trains two epochs of a few iterations on the embedded data. The second one's seconds in log.csv, by
its iterations, are an iteration's: by then memory has been taken. They hold no tests. Processor seconds are
those of the whole run, with start, tests and probes, of all its processes, so waiting shows in them too.
Prints medians (smallest to largest), and ratios of the pairs of a round; the load of the machine with them."""

import argparse
import csv
import os
import resource
import subprocess
import sys
import tempfile

from threads import spread

SIZES = "64:64:2,16:128:4"  # width, batch, iterations to an epoch
ARMS = {"processes": (2, 2), "shards": (1, 2), "plain": (1, 1)}  # processes, shards


def used():
    both = resource.getrusage(resource.RUSAGE_CHILDREN)
    return both.ru_utime + both.ru_stime


def run(options, arm, width, batch, iterations):
    """Seconds of an iteration, processor seconds of the run, and its last loss."""
    processes, shards = ARMS[arm]
    environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    launcher = ["mpirun", "--oversubscribe", "--bind-to", options.bind, "-n", "2"] if processes > 1 else []
    with tempfile.TemporaryDirectory() as folder:
        before = used()
        subprocess.run(
            [*launcher, options.robmask, "train", "--method", "robmask", "--model", "resnet18", "--width",
             str(width), "--data", "synthetic", "--batch", str(batch), "--shards", str(shards), "--epochs", "2",
             "--limit-train", str(batch * iterations), "--limit-test", "1", "--threads", str(2 // processes),
             "--device", "cpu", "--quiet", "--out", folder + "/run"],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        processor = used() - before
        with open(folder + "/run/log.csv", newline="") as f:
            epochs = list(csv.DictReader(f))
    return float(epochs[1]["seconds"]) / iterations, processor, epochs[1]["train_loss"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--robmask", default="build/robmask")
    parser.add_argument("--sizes", default=SIZES, help="a list of width:batch:iterations")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bind", default="core", choices=("core", "none"), help="processes to a core each")
    options = parser.parse_args()
    for size in options.sizes.split(","):
        width, batch, iterations = (int(number) for number in size.split(":"))
        results, loads = {arm: [] for arm in ARMS}, [os.getloadavg()[0]]
        for turn in range(options.rounds):
            order = list(ARMS)
            for arm in order[turn % 3:] + order[:turn % 3]:
                results[arm].append(run(options, arm, width, batch, iterations))
                print(f"width {width}, round {turn + 1}, {arm}: {results[arm][-1][0]:.3f} s", file=sys.stderr)
            loads.append(os.getloadavg()[0])
        same = {loss for arm in ("processes", "shards") for *_, loss in results[arm]}
        assert len(same) == 1, f"processes and shards differ: {same}"
        print(f"width {width}, N = {batch}, load {min(loads):.1f} to {max(loads):.1f}")
        for arm, runs in results.items():
            print(f"  {arm:10} {spread([s for s, *_ in runs])} s an iteration, "
                  f"{spread([p for _, p, _ in runs])} processor seconds a run")
        for first, second in (("processes", "shards"), ("shards", "plain"), ("processes", "plain")):
            pairs = list(zip(results[first], results[second]))
            print(f"  {first} / {second}: {spread([a[0] / b[0] for a, b in pairs])}, processor "
                  f"{spread([a[1] / b[1] for a, b in pairs])}", flush=True)


if __name__ == "__main__":
    main()
