#!/usr/bin/env python3
"""Computes the golden numbers of this folder: every *.json, in double precision, with torch alone."""

import json
import pathlib
import sys

sys.dont_write_bytecode = True

import torch
import torch.nn.functional as F

import formula
import models
from recipes import MEAN, STD, Recipe, Trainer, segment

HERE = pathlib.Path(__file__).parent
BATCH, ITERATIONS, WIDTH = 8, 5, 4

MODELS = {  # name: (width, images, size, classes)
    "resnet18": (16, 4, 32, 10),
    "preact18": (16, 4, 32, 10),
    "densenet121": (64, 3, 16, 10),
    "resnext29": (64, 3, 16, 10),
    "resnet18-imagenet": (64, 2, 64, 10),
    "wrn-10-1": (64, 3, 16, 10),
    "wrn-16-2": (64, 3, 16, 10),
    "dm-wrn-10-1": (64, 3, 16, 10),
    "dm-wrn-16-2-relu": (64, 3, 16, 10),
}

EPS = 8 / 255
ROBMASK = dict(method="robmask", masks=2)
RECIPES = {
    "standard": Recipe(),
    "pgd": Recipe(method="pgd"),
    "pgd-random-start": Recipe(method="pgd", start="random"),
    "pgd-l2": Recipe(method="pgd", norm="l2", eps=0.5),
    "pgd-bn-train-frozen": Recipe(method="pgd", attack_bn="train-frozen"),
    "pgd-bn-train": Recipe(method="pgd", attack_bn="train"),
    "finetune-pgd": Recipe(method="pgd", tune=("gamma", "beta", "stats")),
    "finetune-affine": Recipe(tune=("gamma", "beta")),
    "trades": Recipe(method="trades"),
    "advprop": Recipe(method="advprop", masks=2, pairs=2, aux_eps=[EPS]),
    "advprop-two": Recipe(method="advprop", masks=3, pairs=3, aux_eps=[EPS / 2, EPS]),
    "robmask": Recipe(**ROBMASK),
    "robmask-split": Recipe(**ROBMASK, pairs=2),
    "robmask-adv": Recipe(**ROBMASK, robmask_loss="adv"),
    "robmask-three": Recipe(method="robmask", masks=3),
    "robmask-three-split": Recipe(method="robmask", masks=3, pairs=2),
    "robmask-nearest": Recipe(method="robmask", masks=3, code="nearest"),
    "robmask-per-image": Recipe(**ROBMASK, strength="per-image"),
    "robmask-per-image-split": Recipe(**ROBMASK, pairs=2, strength="per-image"),
    "robmask-attack-max": Recipe(**ROBMASK, pairs=2, attack_mask="max"),
    "robmask-attack-clean": Recipe(**ROBMASK, pairs=2, attack_mask="clean"),
    "robmask-bn-train": Recipe(**ROBMASK, pairs=2, attack_bn="train"),
    "robmask-random-start": Recipe(**ROBMASK, start="random"),
    "pgd-bn-train-shards": Recipe(method="pgd", attack_bn="train", shards=4),
    "robmask-shards": Recipe(**ROBMASK, start="random", shards=2),
    "robmask-per-image-shards": Recipe(**ROBMASK, pairs=2, strength="per-image", shards=4),
}


def fill(net):
    """Every floating tensor of the state dict from its own name."""
    norms = {name for name, m in net.named_modules()
             if isinstance(m, (models.MaskedNorm, models.ExtraMask))}
    for name, tensor in net.state_dict().items():
        if not tensor.is_floating_point():
            continue
        values = formula.tensor_values(name, tuple(tensor.shape), name.rsplit(".", 1)[0] in norms)
        tensor.copy_(torch.from_numpy(values).reshape(tensor.shape))
    return net


def images(first, count, size=32):
    """Images `first` … `first + count − 1` of the golden data, in [0,1], and their labels."""
    pixels = formula.pixels(first + count, size)[first:]
    return (torch.from_numpy(pixels).to(torch.float64) / 255,
            torch.from_numpy(formula.labels(first + count)[first:]))


def statistics(net):
    return {name: t for name, t in net.state_dict().items() if "running_" in name}


def fingerprints(tensors):
    return {name: formula.fingerprint(t.detach().numpy()) for name, t in tensors.items()}


def model_golden(name):
    """A forward pass in eval mode, then one forward and backward pass in train mode."""
    width, count, size, classes = MODELS[name]
    net = fill(models.build(name, width, classes))
    x, y = images(0, count, size)
    x.requires_grad_()
    trainer, recipe = Trainer(Recipe(), net), Recipe()
    eval_logits = trainer.logits(x, [segment(recipe, count, "eval", [0.0])])
    (eval_gradient,) = torch.autograd.grad(F.cross_entropy(eval_logits, y), x)
    logits = trainer.logits(x, [segment(recipe, count, "train", [0.0])])
    loss = F.cross_entropy(logits, y)
    loss.backward()
    return {
        "model": name, "width": width, "classes": classes, "images": count, "size": size,
        "mean": MEAN, "std": STD,
        "parameters": sum(p.numel() for p in net.parameters()),
        "eval_logits": eval_logits.tolist(),
        "eval_loss": float(F.cross_entropy(eval_logits, y)),
        "eval_image_gradient": formula.fingerprint(eval_gradient.numpy()),
        "train_logits": logits.tolist(),
        "train_loss": float(loss),
        "train_image_gradient": formula.fingerprint(x.grad.numpy()),
        "gradients": fingerprints({k: p.grad for k, p in net.named_parameters()}),
        "statistics": fingerprints(statistics(net)),
    }


def trajectory(recipe, disturbance=0.0):
    """Trains on consecutive batches; returns the losses, the updates of all tensors, the net."""
    net = fill(models.build("resnet18", WIDTH, masks=recipe.masks, pairs=recipe.pairs))
    before = {k: t.clone() for k, t in net.state_dict().items() if t.is_floating_point()}
    if disturbance:
        torch.manual_seed(1)
        for p in net.parameters():
            p.data *= 1 + disturbance * torch.randn_like(p)
    trainer, losses = Trainer(recipe, net), []
    for i in range(ITERATIONS):
        x, y = images(i * BATCH, BATCH)
        losses.append(trainer.step(i, list(range(i * BATCH, (i + 1) * BATCH)), x, y))
    after = net.state_dict()
    return losses, {k: after[k] - t for k, t in before.items()}, net


def recipe_golden(recipe):
    losses, updates, net = trajectory(recipe)
    return {
        "model": "resnet18", "width": WIDTH, "batch": BATCH, "iterations": ITERATIONS,
        "options": vars(recipe), "losses": losses,
        "tracked": models.norm_layers(net)[0].updates,
        "updates": fingerprints(updates),
    }


def stability(recipe):
    """The largest relative change of a tensor's update when weights change by 1e-13 of themselves."""
    _, plain, _ = trajectory(recipe)
    _, disturbed, _ = trajectory(recipe, disturbance=1e-13)
    return max(float((disturbed[k] - u).norm() / u.norm()) for k, u in plain.items() if u.any())


def write(path, value):
    """JSON with one tensor a line; fingerprints have 10 significant digits, all else has every one."""
    lines = []
    for key, item in value.items():
        text = json.dumps(item)
        if key in ("gradients", "statistics", "updates"):
            rows = [f"  {json.dumps(name)}: [{', '.join(f'{v:.10g}' for v in numbers)}]"
                    for name, numbers in item.items()]
            text = "{\n" + ",\n".join(rows) + "\n}"
        lines.append(f"{json.dumps(key)}: {text}")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for name in MODELS:
        write(HERE / f"model-{name}.json", model_golden(name))
        print(f"model-{name}.json", flush=True)
    for name, recipe in RECIPES.items():
        change = stability(recipe)
        assert change < 1e-8, f"{name} changes by {change:.1e}: choose a stabler configuration"
        write(HERE / f"recipe-{name}.json", recipe_golden(recipe))
        print(f"recipe-{name}.json   a change of 1e-13 grows to {change:.1e}", flush=True)


if __name__ == "__main__":
    main()
