"""What `robmask evaluate` and `predict` say of images, read without numpy."""

import array
import ast
import csv
import math
import os
import subprocess

SIDE, CHANNELS = 32, 3


def robmask(*words):
    """What it prints."""
    return subprocess.run([os.environ["ROBMASK"], *map(str, words), "--device", "cpu", "--quiet"],
                          check=True, stdout=subprocess.PIPE, text=True).stdout


def read_npy(path):
    """The rows of an array of 32-bit floats."""
    data = path.read_bytes()
    start = 10 + int.from_bytes(data[8:10], "little")
    shape = ast.literal_eval(data[10:start].decode())["shape"]
    values, row = array.array("f", data[start:]), math.prod(shape[1:])
    return [values[i * row:(i + 1) * row] for i in range(shape[0])]


def evaluated(run, mask, terms, folder):
    """Image by image: the pixels that the attack handed out, H·W·3 in [0,1], and the row of --per-image."""
    images, rows = folder / "evaluated.npy", folder / "evaluated.csv"
    robmask("evaluate", "--from", run, "--mask", mask, *terms, "--save-adversarial", images,
            "--per-image", rows, "--out", folder)
    pixels = SIDE * SIDE
    interleaved = [[planes[c * pixels + i] for i in range(pixels) for c in range(CHANNELS)]
                   for planes in read_npy(images)]
    with open(rows, newline="") as file:
        return list(zip(interleaved, csv.DictReader(file)))


def probabilities(run, mask, pictures, folder):
    """What a run makes of pictures, H·W·3 bytes each: a list of the classes' probabilities for each."""
    data = folder / "pictures"
    data.mkdir(exist_ok=True)
    records = [bytes([0] + [v for c in range(CHANNELS) for v in p[c::CHANNELS]]) for p in pictures]
    (data / "test_batch.bin").write_bytes(b"".join(records))
    robmask("predict", "--from", run, "--mask", mask, "--data", f"cifar10:{data}",
            "--logits", folder / "logits.npy")
    exponentials = [[math.exp(v - max(z)) for v in z] for z in read_npy(folder / "logits.npy")]
    return [[v / sum(e) for v in e] for e in exponentials]
