#!/usr/bin/python3
"""What `robmask pack` makes of a run (docs/library.md): sizes, the time to the first answer, and how many
pictures are named otherwise than by `robmask predict`.

    ROBMASK=build/robmask tools/bench/packed.py RUN PICTURES [MASKS]      MASKS: 0, or 0,0.5,1
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 21


def printed(*words):
    return subprocess.run([str(w) for w in words], check=True, stdout=subprocess.PIPE, text=True).stdout


def first_answer(*words):
    """The median in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        printed(*words)
        times.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times)


def likeliest(text):
    """Of each mask, each picture's class."""
    pictures = [picture["predictions"] for picture in json.loads(text)["pictures"]]
    return [[mask["classes"][0]["class"] for mask in masks] for masks in zip(*pictures)]


def main(run, pictures, masks="0"):
    robmask = os.environ["ROBMASK"]
    asked = (pictures, "--mask", masks, "--json", "--quiet")
    one = next(path for path in sorted(Path(pictures).rglob("*")) if path.is_file())
    expected = printed(robmask, "predict", "--device", "cpu", "--from", run, *asked)
    with tempfile.TemporaryDirectory() as folder:
        for weights in "f32", "bf16":
            program = Path(folder) / weights
            made = json.loads(printed(robmask, "pack", "--device", "cpu", "--from", run, "--weights",
                                      weights, "--out", program, "--json", "--quiet"))
            got = printed(program, *asked)
            changed = [sum(a != b for a, b in zip(*both))
                       for both in zip(likeliest(got), likeliest(expected))]
            print(f"{weights}: {made['bytes'] / 1e6:.1f} MB, {made['program_bytes'] / 1e6:.1f} of them the program; "
                  f"first answer in {first_answer(program, one, '--quiet'):.0f} ms; named otherwise: "
                  f"{', '.join(map(str, changed))}; the same bytes: {'yes' if got == expected else 'no'}")


if not 3 <= len(sys.argv) <= 4:
    sys.exit(__doc__)
main(*sys.argv[1:])
