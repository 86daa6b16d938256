#!/usr/bin/env python3
"""checkpoints.py ROBMASK: the table of docs/weights.md, made anew. Needs torch and numpy.

Writes one small network's weights as others save theirs, converts each file, and asks robmask for
its logits, which must be those of the plain weights; or takes the line that says why not. Prints
the table; the exit code is 1 if a row is not in the page."""

import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile

import numpy
import torch

sys.dont_write_bytecode = True
sys.path.insert(0, "tests/golden")
import models

CONVERT = "tools/convert/pt_to_safetensors.py"
MODEL = ["--model", "resnet18", "--width", "4"]
SCRATCH = tempfile.TemporaryDirectory()
FOLDER = pathlib.Path(SCRATCH.name)
PLAIN = FOLDER / "plain.safetensors"
MEAN, STD = [0.5, 0.25, 0.125], [0.25, 0.5, 1.0]

torch.manual_seed(0)
net = models.build("resnet18", 4).float()
state = net.state_dict()
other = models.build("resnet18", 4).float().state_dict()


def under(prefix, tensors=state, **beside):
    return {**{prefix + name: t for name, t in tensors.items()}, **beside}


def changed(name, value):
    return {**state, name: value}


def pixels(mean, std, shape=(3,)):
    return {mean: torch.tensor(MEAN).reshape(shape), std: torch.tensor(STD).reshape(shape)}


def trained():
    """The state of an optimizer that has stepped."""
    sgd = torch.optim.SGD(net.parameters(), 0.0, momentum=0.9)
    for p in net.parameters():
        p.grad = torch.zeros_like(p)
    sgd.step()
    return sgd.state_dict()


def zipped(path):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("notes.txt", "no weights")


def tarred(path):
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as file:
        for name in ("sys_info", "pickle"):
            file.add(__file__, name)


def npy(path):
    with open(path, "wb") as file:
        numpy.save(file, numpy.zeros((4, 3)))


def old(path):
    torch.save(state, path, _use_new_zipfile_serialization=False)


scored = {"epoch": 3, "best_acc1": torch.tensor(71.2), "optimizer": trained()}
madry = {**under("module.model."), **under("module.attacker.model.")}
for layer in ("module.normalizer.", "module.attacker.normalize."):
    madry.update(pixels(layer + "new_mean", layer + "new_std", (3, 1, 1)))
torchvision = {n.replace("shortcut", "downsample").replace("linear", "fc"): t
               for n, t in state.items()}
floats = {n: t.float().reshape(1) if n.endswith("tracked") else t for n, t in state.items()}
half = {n: t.half() if t.is_floating_point() else t for n, t in state.items()}

# What it is, what torch.save gets or what writes the file, its name, whether it normalizes pixels,
# where its class is.
CONVERTED = [
    ("a state dict", state, "x.pt"),
    ("of PyTorch before 1.6", old, "x.pth"),
    ("kuangliu/pytorch-cifar: `net`, `acc`", {"net": under("module."), "acc": 95.1}, "ckpt.pth"),
    ("pytorch/examples: `state_dict`, `best_acc1`, `optimizer`",
     {"state_dict": under("module."), **scored}, "x.pth.tar"),
    ("`model_state_dict`", {"model_state_dict": state, **scored}, "x.pt"),
    ("Lightning: `state_dict` of `net.`",
     {"state_dict": under("net."), "optimizer_states": [trained()]}, "x.ckpt"),
    ("timm: `state_dict` and `state_dict_ema`", {"state_dict": state, "state_dict_ema": other},
     "x.pth.tar"),
    ("`ema`, in which `module`", {"ema": {"module": state, "decay": 0.999}}, "x.pt"),
    ("two sets of other names", {"student": state, "teacher": other}, "x.pt"),
    ("torch.compile: `_orig_mod.`", under("_orig_mod."), "x.pt"),
    ("and DataParallel: `_orig_mod.module.`", under("_orig_mod.module."), "x.pt"),
    ("SWA: `n_averaged`, `module.`", under("module.", n_averaged=torch.tensor(3)), "x.pt"),
    ("torchvision's `fc`, `downsample`", torchvision, "x.pt"),
    ("RobustBench: `mu`, `sigma`, `model.`",
     {**pixels("mu", "sigma", (1, 3, 1, 1)), **under("model.")}, "x.pt", True),
    ("nn.Sequential(normalize, net): `0.mean`, `1.conv1`",
     {**pixels("0.mean", "0.std"), **under("1.")}, "x.pt", True),
    ("MadryLab/robustness: `model.`, `attacker.model.`", {"model": madry, **scored}, "x.pt", True),
    ("F16", half, "x.pt"),
    ("counters as floats", floats, "x.pt"),
    ("a score of NumPy's", {"state_dict": state, "acc": numpy.float64(95.1)}, "x.pt"),
    ("a whole model, its class at hand", net, "x.pt", False, "tests/golden"),
    ("a whole model, its class elsewhere", net, "x.pt"),
    ("`model.` and another `ema.` in one dict", {**under("model."), **under("ema.", other)},
     "x.pt"),
    ("an optimizer's tensors beside `model.`", under("model.", **{"optimizer.0": torch.ones(3)}),
     "x.pt"),
    ("another network", {n.replace("conv1", "stem"): t for n, t in state.items()}, "x.pt"),
    ("another width", models.build("resnet18", 8).float().state_dict(), "x.pt"),
    ("a negative variance", changed("bn1.running_var", torch.full((4,), -1.0)), "x.pt"),
    ("NaN", changed("bn1.weight", torch.full((4,), numpy.nan)), "x.pt"),
    ("no weights, only scores", {"epoch": 3, "acc": torch.tensor(95.1)}, "x.pt"),
    ("garbage", lambda path: path.write_text("garbage"), "x.pt"),
    ("a zip archive of other things", zipped, "x.pt"),
    ("a NumPy array", npy, "x.npy"),
    ("a folder", lambda path: path.mkdir(), "x.pt"),
]
GIVEN = [  # to robmask as they are
    ("x.pt", "x.pt", lambda path: torch.save(state, path)),
    ("x.pth.tar", "x.pth.tar", lambda path: torch.save(state, path)),
    ("x.pth of PyTorch before 1.6", "x.pth", old),
    ("a tar archive", "x.pth.tar", tarred),
]


def run(*command, path=""):
    """The exit code, and what was said without folders and the program's name."""
    done = subprocess.run(list(map(str, command)), stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True,
                          env={"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"})
    said = " ".join(done.stderr.split()).replace(str(FOLDER) + "/", "")
    return done.returncode, re.sub(r"(robmask|pt_to_safetensors): (warning: )?", "", said)


def convert(source, target, *options, path=""):
    return run(sys.executable, CONVERT, source, target, *options, path=path)


def logits(weights, *options):
    array = FOLDER / "logits.npy"
    code, said = run(sys.argv[1], "predict", "--from", weights, *MODEL, *options,
                     "--data", "synthetic", "--limit-test", 10, "--logits", array,
                     "--device", "cpu", "--quiet")
    return numpy.load(array) if code == 0 else None, said


def outcome(made, name, normalizes=False, path=""):
    source, target = FOLDER / name, FOLDER / "x.safetensors"
    is_writer = callable(made) and made is not net
    made(source) if is_writer else torch.save(made, source)
    before = sorted(FOLDER.iterdir())
    code, said = convert(source, target, path=path)
    if code != 0:
        assert sorted(FOLDER.iterdir()) == before and code == 1 and said, said
        source.rmdir() if source.is_dir() else source.unlink()
        return f"the script: {said}"
    got, word = logits(target, "--normalize", "none")
    expected = logits(PLAIN, "--normalize", "none")[0]
    if normalizes:
        convert(PLAIN.with_suffix(".pt"), target, "--meta", "mean=0.5,0.25,0.125",
                "--meta", "std=0.25,0.5,1")
        expected = logits(target)[0]
    for file in (source, target):
        file.unlink()
    if got is None:
        return f"robmask: {word}"
    assert numpy.allclose(got, expected, atol=0.01 if made is half else 0), f"{name}: other logits"
    notes = " ".join(filter(None, (said, word)))
    return "**loads**" + (f"; {notes}" if notes else "")


def main():
    torch.save(state, PLAIN.with_suffix(".pt"))
    convert(PLAIN.with_suffix(".pt"), PLAIN)
    rows = [(what, outcome(*rest)) for what, *rest in CONVERTED]
    for what, name, make in GIVEN:
        make(FOLDER / name)
        rows.append((f"{what}, given to robmask itself", f"robmask: {logits(FOLDER / name)[1]}"))
    table = [f"| {what} | {came} |" for what, came in rows]
    print(*table, sep="\n")
    page = pathlib.Path("docs/weights.md").read_text()
    missing = [row for row in table if row not in page]
    for row in missing:
        print("not in docs/weights.md:", row, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
