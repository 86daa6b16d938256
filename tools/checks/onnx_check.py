#!/usr/bin/env python3
"""Exports small networks as ONNX graphs, runs them in onnxruntime, and compares with what
`robmask predict` says of the same images.

    ROBMASK=build/robmask tools/checks/onnx_check.py FOLDER

Weights are those of one training step, with masks and statistics that are then made to differ. Where
python3-onnx is installed, its checker reads each graph, too. Packages of npm go to FOLDER/npm. Exit
codes: 0 all is well, 1 something is not, 77 there is no Node or no onnxruntime for it here."""

import array
import json
import math
import pathlib
import random
import shutil
import struct
import subprocess
import sys

from evaluated import read_npy, robmask

RUNTIME = "onnxruntime-node@1.20.1"  # of 2024; runs on Node 16 to 22 and has the CPU's part in it
LIMIT = 1e-5  # relative, of all logits of a mask
APART = 1e-2  # by which masks must differ, so that a wrong one would show
IMAGES, SIDE = 6, 32
STRENGTHS = (0, 0.3, 1)
CASES = (
    ("resnet18", "--width 8 --method robmask --masks 2"),
    ("resnet18", "--width 8 --method robmask --masks 3 --code nearest"),
    ("resnet18", "--width 8 --method advprop --aux-eps 4/255,8/255"),
    ("preact18", "--width 8 --method robmask --masks 3 --bn-stats split"),
    ("densenet121", "--method robmask --masks 2"),
    ("resnext29", "--method robmask --masks 2 --bn-stats split"),
    ("resnet18-imagenet", "--method robmask --masks 3"),
    ("wrn-10-2", "--method robmask --masks 2"),
    ("dm-wrn-10-2", "--method robmask --masks 3 --bn-stats split"),
)


def install(folder):
    """The runtime; without scripts, which would fetch what GPUs need. False where that cannot be."""
    if not shutil.which("node") or not shutil.which("npm"):
        print("onnx_check: no node and npm here; apt-get install nodejs npm")
        return False
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund",
                           "--prefix", ".", RUNTIME], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        print(f"onnx_check: npm cannot install {RUNTIME}:\n{done.stderr.strip()}")
    return done.returncode == 0


def disturb(path):
    """Makes masks and running statistics differ from each other and from what they began with."""
    data = bytearray(path.read_bytes())
    start = 8 + struct.unpack_from("<Q", data)[0]
    header = json.loads(data[8:start])
    drawn = random.Random(1)
    change = {"weight": lambda v: v * drawn.uniform(0.6, 1.4),
              "bias": lambda v: v + drawn.uniform(-0.3, 0.3),
              "running_mean": lambda v: v + drawn.uniform(-0.1, 0.1),
              "running_var": lambda v: v * drawn.uniform(0.5, 2)}
    for name, entry in header.items():
        kind = name.rsplit(".", 1)[-1]
        if name == "__metadata__" or len(entry["shape"]) != 1 or kind not in change:
            continue
        begin, end = (start + offset for offset in entry["data_offsets"])
        values = array.array("f", data[begin:end])
        data[begin:end] = array.array("f", map(change[kind], values)).tobytes()
    path.write_bytes(data)


def write_npy(path, kind, shape, values):
    header = str({"descr": kind, "fortran_order": False, "shape": tuple(shape)}).ljust(117) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + values)


def make_images(folder):
    """Noise of bytes: as an array that predict reads, and as mere floats in [0,1]."""
    drawn, shape = random.Random(2), [IMAGES, 3, SIDE, SIDE]
    values = bytes(drawn.randrange(256) for _ in range(math.prod(shape)))
    write_npy(folder / "images.npy", "|u1", shape, values)
    write_npy(folder / "labels.npy", "|u1", [IMAGES], bytes(IMAGES))
    (folder / "images.f32").write_bytes(array.array("f", (v / 255 for v in values)).tobytes())
    return shape


def error(found, expected):
    """‖found − expected‖₂ / ‖expected‖₂ of all rows."""
    pairs = [(f, e) for row, due in zip(found, expected) for f, e in zip(row, due)]
    return math.sqrt(sum((f - e) ** 2 for f, e in pairs) / sum(e ** 2 for _, e in pairs))


def rows_of(path, count):
    values = array.array("f", path.read_bytes())
    width = len(values) // count
    return [values[i * width:(i + 1) * width] for i in range(count)]


def check_case(number, model, words, shape, folder):
    """The errors of one network: of plain graphs, of the one with all masks, of a p each image; and
    how far apart its masks 0 and 1 are."""
    here = folder / str(number)
    shutil.rmtree(here, ignore_errors=True)
    here.mkdir()
    robmask("train", "--model", model, *words.split(), "--data", "synthetic", "--limit-train", 16,
            "--limit-test", 10, "--batch", 16, "--steps", 1, "--attack-steps", 1, "--out", here / "run")
    weights = here / "run" / "model.safetensors"
    disturb(weights)
    due, jobs = {}, []

    def job(graph, p):
        jobs.append({"graph": str(here / graph), "images": str(folder / "images.f32"), "shape": shape,
                     "p": p, "logits": str(here / f"{len(jobs)}.f32")})

    robmask("export", "--from", weights, "--mask", "all", "--out", here / "all.onnx")
    for p in STRENGTHS:
        robmask("predict", "--from", weights, "--mask", p, "--data", f"npy:{folder / 'images.npy'},{folder / 'labels.npy'}",
                "--logits", here / "due.npy")
        due[p] = read_npy(here / "due.npy")
        robmask("export", "--from", weights, "--mask", p, "--out", here / f"{p}.onnx")
        job(f"{p}.onnx", None)
        job("all.onnx", [p])
    mixed = [STRENGTHS[i % len(STRENGTHS)] for i in range(IMAGES)]
    job("all.onnx", mixed)
    (here / "jobs.json").write_text(json.dumps(jobs))
    script = pathlib.Path(__file__).resolve().with_name("onnx_run.mjs")
    subprocess.run(["node", script, (here / "jobs.json").resolve()], cwd=folder / "npm", check=True)
    check_graphs(sorted(here.glob("*.onnx")))

    found = [rows_of(pathlib.Path(j["logits"]), IMAGES) for j in jobs]
    plain = [error(found[2 * i], due[p]) for i, p in enumerate(STRENGTHS)]
    slider = [error(found[2 * i + 1], due[p]) for i, p in enumerate(STRENGTHS)]
    mix = error(found[-1], [due[p][i] for i, p in enumerate(mixed)])
    return plain, slider, mix, error(due[0], due[1])


def check_graphs(files):
    """By ONNX's own checker, where it is installed: types and shapes of every value, too."""
    try:
        import onnx
    except ImportError:
        return
    for file in files:
        onnx.checker.check_model(str(file), full_check=True)


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    if not install(folder / "npm"):
        return 77
    shape, worst, nearest = make_images(folder), 0, math.inf
    print(f"relative L2 error of logits, {RUNTIME} beside robmask predict; at p = "
          f"{', '.join(map(str, STRENGTHS))}")
    print(f"{'network':65} {'one mask':24} {'all masks, p an input':24} {'a p each':9} p = 0 beside 1")
    for number, (model, words) in enumerate(CASES):
        plain, slider, mixed, apart = check_case(number, model, words, shape, folder)
        worst, nearest = max(worst, mixed, *plain, *slider), min(nearest, apart)
        columns = ["  ".join(f"{e:.0e}" for e in errors) for errors in (plain, slider, [mixed])]
        print(f"{model + ' ' + words:65} {columns[0]:24} {columns[1]:24} {columns[2]:9} {apart:.0e}",
              flush=True)
    print(f"worst {worst:.1e}, allowed {LIMIT:.0e}; masks are apart by {nearest:.0e} or more")
    return 0 if worst <= LIMIT and nearest >= APART else 1


if __name__ == "__main__":
    sys.exit(main())
