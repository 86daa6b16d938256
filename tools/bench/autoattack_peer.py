#!/usr/bin/env python3
"""AutoAttack by `robmask evaluate` beside the official program, on the same weights and images.

    git clone https://github.com/fra31/auto-attack
    autoattack_peer.py --official auto-attack --from runs/pgd --data .data/cifar10 --images 200

`robmask export` writes the weights at mask p, which PyTorch then runs as a network of one mask. Both
sides get the same test images, threads and ε, one side after the other, and print robust accuracy and
seconds after each attack, and on how many images they differ in the end. Noise differs (ours is drawn
per image, theirs per batch), so a few images may too. --flags writes who broke what, an image a line.
Weights are frozen for PyTorch, which spares it their gradients; our checks of the evaluation are off,
since the official program has none that cost anything."""

import argparse
import contextlib
import importlib.util
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve()
ROOT = HERE.parents[2]
RECORD, CLASSES = 3073, 10  # CIFAR-10: a label, then planes of 32×32 bytes
BATCH = 250


def load_module(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def test_images(folder, count):
    import numpy
    import torch

    path = next(p for p in (folder / "test_batch.bin", folder / "cifar-10-batches-bin/test_batch.bin")
                if p.exists())
    records = numpy.fromfile(path, numpy.uint8).reshape(-1, RECORD)[:count]
    pixels = torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).copy()).float() / 255
    return pixels, torch.from_numpy(records[:, 0].astype(numpy.int64))


def metadata_of(weights):
    data = weights.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    return json.loads(data[8:8 + length])["__metadata__"]


def plain_network(weights):
    """The exported weights as a torch module from pixels to logits."""
    import torch

    models = load_module(ROOT / "tests/golden/models.py")
    tensors = load_module(ROOT / "tools/convert/pt_to_safetensors.py").read_safetensors(weights)
    info = metadata_of(weights)
    net = models.build(info["model"], int(info["width"]), CLASSES)
    net.load_state_dict(tensors)
    context = [models.Segment(0, "eval", torch.ones(1, 1), torch.ones(1, 1))]
    mean, std = (torch.tensor([float(v) for v in info[name].split(",")]).reshape(1, 3, 1, 1)
                 for name in ("mean", "std"))

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, x):
            return self.net((x - mean) / std, context)

    return Network().eval().requires_grad_(False)


def official(options, weights):
    """[(attack, robust images, seconds)], seconds in all, and whom it left robust."""
    import torch

    torch.set_num_threads(options.threads)
    sys.path.insert(0, str(options.official))
    from autoattack import AutoAttack

    x, y = test_images(options.data, options.images)
    net = plain_network(weights)
    lines = []
    with contextlib.redirect_stdout(sys.stderr):
        judge = AutoAttack(net, norm="Linf", eps=options.eps / 255, version="standard", device="cpu",
                           seed=0)
        judge.logger.log = lambda text: (lines.append(text), print("official:", text))
        begin = time.perf_counter()
        broken = judge.run_standard_evaluation(x, y, bs=BATCH)
        seconds = time.perf_counter() - begin
    with torch.no_grad():
        robust = net(broken).argmax(1).eq(y).tolist()
        clean = net(x).argmax(1).eq(y).sum().item()
    stages, before = [("clean", clean, 0.0)], 0.0
    for line in lines:
        found = re.match(r"robust accuracy after (\S+): ([\d.]+)% \(total time ([\d.]+) s\)", line)
        if found:
            until = float(found[3])
            stages.append((found[1].lower(), round(float(found[2]) * len(x) / 100), until - before))
            before = until
    return stages, seconds, robust


def ours(options, flags):
    command = [options.robmask, "evaluate", "--from", options.run, "--mask", options.mask, "--data",
               f"cifar10:{options.data}", "--limit-test", options.images, "--attack", "autoattack",
               "--eps", f"{options.eps}/255", "--batch", BATCH, "--threads", options.threads,
               "--device", "cpu", "--precision", "fp32", "--checks", "off", "--out", flags.parent,
               "--per-image", flags, "--json"]
    begin = time.perf_counter()
    text = subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE).stdout
    seconds = time.perf_counter() - begin
    result = json.loads(text)["results"][0]
    count = lambda share: round(share * result["n"])
    stages = [("clean", count(result["clean_accuracy"]), 0.0)]
    for stage in result["stages"]:
        stages.append((stage["attack"], count(stage["robust_accuracy"]), stage["seconds"]))
    header, *rows = (line.split(",") for line in flags.read_text().splitlines())
    return stages, seconds, [row[header.index("robust")] == "1" for row in rows]


def report(theirs, our):
    (their_stages, their_seconds, their_flags), (our_stages, our_seconds, our_flags) = theirs, our
    print(f"{'after':10} {'official':>8} {'seconds':>9} {'robmask':>8} {'seconds':>9} {'ratio':>6}")
    their_by_name = {name: (robust, seconds) for name, robust, seconds in their_stages}
    nothing_left = (their_stages[-1][1], 0.0)  # the official program stops where no image stands
    for name, robust, seconds in our_stages:
        their_robust, their_time = their_by_name.get(name, nothing_left)
        ratio = f"{their_time / seconds:6.2f}" if seconds and their_time else ""
        print(f"{name:10} {their_robust:8d} {their_time:9.1f} {robust:8d} {seconds:9.1f} {ratio}")
    print(f"{'in all':10} {'':8} {their_seconds:9.1f} {'':8} {our_seconds:9.1f} "
          f"{their_seconds / our_seconds:6.2f}")
    print(f"difference: {sum(our_flags) - sum(their_flags):+d} of {len(our_flags)} images robust; "
          f"verdicts differ on {sum(a != b for a, b in zip(our_flags, their_flags))}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--official", type=pathlib.Path, required=True, help="fra31/auto-attack's folder")
    parser.add_argument("--robmask", default=str(ROOT / "build/robmask"))
    parser.add_argument("--from", dest="run", type=pathlib.Path, required=True, help="a run's folder")
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder of CIFAR-10's files")
    parser.add_argument("--mask", default="0")
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--eps", type=float, default=8, help="in 255ths")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--flags", type=pathlib.Path, help="write the two sides' verdicts here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        weights, per_image = (pathlib.Path(folder) / name for name in ("w.safetensors", "images.csv"))
        subprocess.run([options.robmask, "export", "--from", options.run, "--mask", options.mask,
                        "--out", weights, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        our = ours(options, per_image)
        theirs = official(options, weights)
        report(theirs, our)
        if options.flags:
            verdicts = per_image.read_text().splitlines()
            options.flags.write_text("\n".join(
                [verdicts[0] + ",official_robust"]
                + [f"{line},{int(flag)}" for line, flag in zip(verdicts[1:], theirs[2])]) + "\n")


if __name__ == "__main__":
    main()
