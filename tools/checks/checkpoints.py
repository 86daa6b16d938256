#!/usr/bin/env python3
"""checkpoints.py ROBMASK, make weights-check: the table of docs/weights.md, made anew. Needs torch
and numpy.

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
from dataclasses import dataclass
from typing import Any, Sequence

import numpy
import torch

sys.dont_write_bytecode = True
sys.path.insert(0, "tests/golden")
import models

CONVERT = "tools/convert/pt_to_safetensors.py"
RESNET, WIDE, DEEPMIND = ("resnet18", "--width", "4"), ("wrn-10-1",), ("dm-wrn-10-1",)
SCRATCH = tempfile.TemporaryDirectory()
FOLDER = pathlib.Path(SCRATCH.name)
MEAN, STD = PIXELS = [0.5, 0.25, 0.125], [0.25, 0.5, 1.0]
DEEPMINDS = [0.4914, 0.4822, 0.4465], [0.2471, 0.2435, 0.2616]
UNSAID = "does not say how pixels are normalized"

torch.manual_seed(0)
net = models.build("resnet18", 4).float()
state = net.state_dict()
wide, deepmind = (models.build(name).float().state_dict() for name in WIDE + DEEPMIND)
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


class Named(torch.nn.Module):
    """The weights under their names, as modules that TorchScript takes."""

    def __init__(self):
        super().__init__()
        for name, t in state.items():
            *layers, last = name.split(".")
            module = self
            for layer in layers:
                if not hasattr(module, layer):
                    module.add_module(layer, torch.nn.Module())
                module = getattr(module, layer)
            module.register_buffer(last, t)


def scripted():
    return torch.jit.script(Named())


scored = {"epoch": 3, "best_acc1": torch.tensor(71.2), "optimizer": trained()}
madry = {**under("module.model."), **under("module.attacker.model.")}
for layer in ("module.normalizer.", "module.attacker.normalize."):
    madry.update(pixels(layer + "new_mean", layer + "new_std", (3, 1, 1)))
torchvision = {n.replace("shortcut", "downsample").replace("linear", "fc"): t
               for n, t in state.items()}
floats = {n: t.float().reshape(1) if n.endswith("tracked") else t for n, t in state.items()}
half = {n: t.half() if t.is_floating_point() else t for n, t in state.items()}


@dataclass
class Case:
    what: str
    made: Any  # what torch.save gets, or what writes the file
    name: str = "x.pt"
    pixels: Sequence = ()  # mean and std that belong to the weights
    classes: str = ""  # the folder of its class
    options: Sequence = ()  # of the script
    model: Sequence = RESNET
    plain: Any = None  # the weights as they are loaded; None: those of resnet18


CONVERTED = [
    Case("a state dict", state),
    Case("of PyTorch before 1.6", old, "x.pth"),
    Case("kuangliu/pytorch-cifar: `net`, `acc`", {"net": under("module."), "acc": 95.1},
         "ckpt.pth"),
    Case("pytorch/examples: `state_dict`, `best_acc1`, `optimizer`",
         {"state_dict": under("module."), **scored}, "x.pth.tar"),
    Case("`model_state_dict`", {"model_state_dict": state, **scored}),
    Case("Lightning: `state_dict` of `net.`",
         {"state_dict": under("net."), "optimizer_states": [trained()]}, "x.ckpt"),
    Case("timm: `state_dict` and `state_dict_ema`", {"state_dict": state, "state_dict_ema": other},
         "x.pth.tar"),
    Case("`ema`, in which `module`", {"ema": {"module": state, "decay": 0.999}}),
    Case("two sets of other names", {"student": state, "teacher": other}),
    Case("torch.compile: `_orig_mod.`", under("_orig_mod.")),
    Case("and DataParallel: `_orig_mod.module.`", under("_orig_mod.module.")),
    Case("SWA: `n_averaged`, `module.`", under("module.", n_averaged=torch.tensor(3))),
    Case("torchvision's `fc`, `downsample`", torchvision),
    Case("RobustBench: `mu`, `sigma`, `model.`",
         {**pixels("mu", "sigma", (1, 3, 1, 1)), **under("model.")}, pixels=PIXELS),
    Case("nn.Sequential(normalize, net): `0.mean`, `1.conv1`",
         {**pixels("0.mean", "0.std"), **under("1.")}, pixels=PIXELS),
    Case("MadryLab/robustness: `model.`, `attacker.model.`", {"model": madry, **scored},
         pixels=PIXELS),
    Case("F16", half),
    Case("counters as floats", floats),
    Case("a score of NumPy's", {"state_dict": state, "acc": numpy.float64(95.1)}),
    Case("a whole model, its class at hand", net, classes="tests/golden"),
    Case("a whole model, its class elsewhere", net),
    Case("TorchScript", lambda path: scripted().save(str(path))),
    Case("TRADES' Wide ResNet, with `sub_block1`",
         {**under("module.", wide), "module.sub_block1.layer.0.bn1.weight": torch.ones(16)},
         model=WIDE, plain=wide),
    Case("DeepMind's Wide ResNet, whose class normalizes pixels", {"model_state_dict": deepmind},
         pixels=DEEPMINDS, model=DEEPMIND, plain=deepmind),
    Case("`model.` and another `ema.` in one dict", {**under("model."), **under("ema.", other)}),
    Case("and one of them by `--key model`", {**under("model."), **under("ema.", other)},
         options=["--key", "model"]),
    Case("an optimizer's tensors beside `model.`",
         under("model.", **{"optimizer.0": torch.ones(3)})),
    Case("another network", {n.replace("conv1", "stem"): t for n, t in state.items()}),
    Case("another width", models.build("resnet18", 8).float().state_dict()),
    Case("a negative variance", changed("bn1.running_var", torch.full((4,), -1.0))),
    Case("NaN", changed("bn1.weight", torch.full((4,), numpy.nan))),
    Case("no weights, only scores", {"epoch": 3, "acc": torch.tensor(95.1)}),
    Case("garbage", lambda path: path.write_text("garbage")),
    Case("a zip archive of other things", zipped),
    Case("a NumPy array", npy, "x.npy"),
    Case("a folder", lambda path: path.mkdir()),
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
    lines = re.sub(r"(robmask|pt_to_safetensors): (warning: )?", "", done.stderr).splitlines()
    said = " ".join("; ".join(line for line in lines if UNSAID not in line).split())
    return done.returncode, said.replace(str(FOLDER) + "/", "")


def convert(source, target, *options, path=""):
    return run(sys.executable, CONVERT, source, target, *options, path=path)


def logits(weights, model, *options):
    array = FOLDER / "logits.npy"
    code, said = run(sys.argv[1], "predict", "--from", weights, "--model", *model, *options,
                     "--data", "synthetic", "--limit-test", 10, "--logits", array,
                     "--device", "cpu", "--quiet")
    return numpy.load(array) if code == 0 else None, said


def expected(case):
    """The logits of the weights as they are, of pixels normalized as the case says."""
    source, target = FOLDER / "plain.pt", FOLDER / "plain.safetensors"
    torch.save(state if case.plain is None else case.plain, source)
    mean, std = (",".join(map(str, v)) for v in case.pixels or ([0, 0, 0], [1, 1, 1]))
    convert(source, target, "--meta", f"mean={mean}", "--meta", f"std={std}")
    values = logits(target, case.model)[0]
    source.unlink(), target.unlink()
    return values


def outcome(case):
    source, target = FOLDER / case.name, FOLDER / "x.safetensors"
    is_writer = callable(case.made) and case.made is not net
    case.made(source) if is_writer else torch.save(case.made, source)
    before = sorted(FOLDER.iterdir())
    code, said = convert(source, target, *case.options, path=case.classes)
    if code != 0:
        assert sorted(FOLDER.iterdir()) == before and code == 1 and said, said
        source.rmdir() if source.is_dir() else source.unlink()
        return f"the script: {said}"
    got, word = logits(target, case.model, "--normalize", "none")
    for file in (source, target):
        file.unlink()
    if got is None:
        return f"robmask: {word}"
    near = numpy.allclose(got, expected(case), atol=0.01 if case.made is half else 0)
    assert near, f"{case.what}: other logits"
    notes = "; ".join(filter(None, (said, word)))
    return "**loads**" + (f"; {notes}" if notes else "")


def main():
    rows = [(case.what, outcome(case)) for case in CONVERTED]
    for what, name, make in GIVEN:
        make(FOLDER / name)
        rows.append((f"{what}, given to robmask itself",
                     f"robmask: {logits(FOLDER / name, RESNET)[1]}"))
    table = [f"| {what} | {came} |" for what, came in rows]
    print(*table, sep="\n")
    page = pathlib.Path("docs/weights.md").read_text()
    missing = [row for row in table if row not in page]
    for row in missing:
        print("not in docs/weights.md:", row, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
