"""The training recipes in plain torch, one iteration at a time: attack, loss, torch's own SGD.

A recipe is a list of branches over the same images, run as one batch of row segments."""

import math
from dataclasses import dataclass
from typing import Sequence

import numpy as np
import torch
import torch.nn.functional as F

import formula
from models import Segment, norm_layers

MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
STEPS, EPS = 7, 8 / 255


@dataclass
class Recipe:
    """Options as `robmask train` names them."""

    method: str = "standard"
    masks: int = 1
    pairs: int = 1
    eps: float = EPS
    norm: str = "linf"
    start: str = "zero"
    attack_bn: str = "eval"
    attack_mask: str = "loss"
    code: str = "hat"
    strength: str = "random"
    robmask_loss: str = "mixed"
    aux_eps: Sequence = ()
    beta: float = 6.0
    tune: Sequence = ()  # finetuning: gamma, beta, stats
    shards: int = 1


ATTACK_MODES = {"eval": "eval", "train-frozen": "frozen", "train": "train"}


@dataclass
class Branch:
    attacked: bool
    eps: Sequence = (0.0,)  # of the batch or of each image
    attack_mask: Sequence = (0.0,)  # p
    loss_mask: Sequence = (0.0,)
    pair: int = 0


def encode(p, k, code="hat"):
    """The code of strength p over k knots j/(k − 1)."""
    if k == 1:
        return [1.0]
    place = p * (k - 1)
    if code == "nearest":
        return [1.0 if j == math.floor(place + 0.5) else 0.0 for j in range(k)]
    return [max(0.0, 1 - abs(place - j)) for j in range(k)]


def codes(p, k, code="hat"):
    return torch.tensor([encode(x, k, code) for x in p])


def segment(recipe, images, mode, p, pair=0):
    own_pairs = recipe.pairs == recipe.masks
    pair_code = codes(p, recipe.pairs, recipe.code if own_pairs else "hat")
    return Segment(images, mode, codes(p, recipe.masks, recipe.code), pair_code, pair)


def per_image(values):
    return torch.as_tensor(values).reshape(-1, 1, 1, 1)


def draw_strength(recipe, step, ids):
    """p of a step, as the engine draws it for seed 0."""
    if recipe.strength == "random":
        return formula.philox_doubles(1, formula.STRENGTH, step, 0)
    if recipe.strength == "per-image":
        draws = [formula.philox_doubles(1, formula.STRENGTH, step, i) for i in ids]
        return np.concatenate(draws)
    return np.array([float(recipe.strength)])


def branches(recipe, step, ids):
    if recipe.method == "standard":
        return [Branch(False)]
    if recipe.method == "pgd":
        return [Branch(True, [recipe.eps])]
    if recipe.method == "advprop":
        count = len(recipe.aux_eps)
        knots = [[a / count] for a in range(1, count + 1)]
        return [Branch(False)] + [Branch(True, [e], knot, knot, a)
                                  for a, (e, knot) in enumerate(zip(recipe.aux_eps, knots), 1)]
    p = draw_strength(recipe, step, ids)
    through = {"loss": p, "max": [1.0], "clean": [0.0]}[recipe.attack_mask]
    adversarial = Branch(True, p * recipe.eps, through, p, recipe.pairs - 1)
    return [Branch(False), adversarial] if recipe.robmask_loss == "mixed" else [adversarial]


class Trainer:
    def __init__(self, recipe, net):
        self.recipe, self.net = recipe, net
        affine = {id(t): part for layer in norm_layers(net)
                  for part, t in (("gamma", layer.weight), ("beta", layer.bias))}
        trained = [p for p in net.parameters() if not recipe.tune or affine.get(id(p)) in recipe.tune]
        self.sgd = torch.optim.SGD(trained, lr=0.1, momentum=0.9, weight_decay=5e-4)

    def logits(self, images, context):
        mean, std = (torch.tensor(v).reshape(1, 3, 1, 1) for v in (MEAN, STD))
        return self.net((images - mean) / std, context)

    def start(self, x, draw):
        """x + draw(image id), from elements in the engine's order: height, width, channel."""
        n, c, h, w = x.shape
        noise = [np.asarray(draw(i, c * h * w)).reshape(h, w, c).transpose(2, 0, 1) for i in self.ids]
        return x + torch.from_numpy(np.stack(noise))

    def pgd(self, x, x_adv, eps, objective):
        """ℓ∞: δ += α·sign(∇); ℓ2: δ += α·∇/‖∇‖; project, then clip to [0,1]; the last iterate."""
        eps = per_image(eps)
        alpha = eps / 5
        for _ in range(STEPS):
            x_adv = x_adv.detach().requires_grad_()
            (g,) = torch.autograd.grad(objective(x_adv), x_adv)
            if self.recipe.norm == "linf":
                delta = x_adv.detach() + alpha * g.sign() - x
                delta = torch.maximum(torch.minimum(delta, eps), -eps)
            else:
                delta = x_adv.detach() + alpha * g / per_image(g.flatten(1).norm(dim=1)) - x
                length = per_image(delta.flatten(1).norm(dim=1))
                delta = delta * torch.clamp(eps / length, max=1)
            x_adv = (x + delta).clamp(0, 1)
        return x_adv.detach()

    def attack(self, x, y, branch, number, step):
        recipe, x_adv = self.recipe, x
        if recipe.start == "random":
            radius = dict(zip(self.ids, np.broadcast_to(branch.eps, len(self.ids))))
            x_adv = self.start(x, lambda i, count: radius[i] * (2 * formula.philox_doubles(
                count, formula.START, step, i, branch=number) - 1)).clamp(0, 1)
        mode = ATTACK_MODES[recipe.attack_bn]
        mode = self.train_mode if mode == "train" else mode
        context = [segment(recipe, len(x), mode, branch.attack_mask, branch.pair)]
        return self.pgd(x, x_adv, branch.eps,
                        lambda z: F.cross_entropy(self.logits(z, context), y, reduction="sum"))

    def branch_loss(self, x, y, step):
        """Mean cross entropy over all branches, each a segment of one batch, clean first."""
        mode = "eval" if self.recipe.tune and "stats" not in self.recipe.tune else self.train_mode
        rows, context = [], []
        for number, b in enumerate(branches(self.recipe, step, self.ids)):
            rows.append(self.attack(x, y, b, number, step) if b.attacked else x)
            context.append(segment(self.recipe, len(x), mode, b.loss_mask, b.pair))
        return F.cross_entropy(self.logits(torch.cat(rows), context), y.repeat(len(rows)))

    def trades_loss(self, x, y, step):
        """CE(clean) + β·KL(clean ‖ adversarial); the attack starts at x + 0.001·N(0,1)."""
        recipe, n = self.recipe, len(x)
        divergence = torch.nn.KLDivLoss(reduction="sum")
        in_eval = [segment(recipe, n, "eval", [0.0])]
        with torch.no_grad():
            clean = self.logits(x, in_eval).softmax(1)
        x_adv = self.start(x, lambda i, count: 0.001 * formula.philox_normals(
            count, formula.START, step, i)).clamp(0, 1)
        x_adv = self.pgd(x, x_adv, [recipe.eps],
                         lambda z: divergence(self.logits(z, in_eval).log_softmax(1), clean))
        logits = self.logits(torch.cat([x, x_adv]), 2 * [segment(recipe, n, self.train_mode, [0.0])])
        kl = divergence(logits[n:].log_softmax(1), logits[:n].softmax(1)) / n
        return F.cross_entropy(logits[:n], y) + recipe.beta * kl

    def step(self, step, ids, x, y):
        """One iteration; the loss before the update. Of shards as DistributedDataParallel computes them:
        each on its own, gradients averaged, running statistics those of the first one, whose buffers
        all have at the beginning of a step: so that one goes last here."""
        loss_of = self.trades_loss if self.recipe.method == "trades" else self.branch_loss
        self.sgd.zero_grad()
        total, size = 0.0, len(x) // self.recipe.shards
        for first in reversed(range(0, len(x), size)):
            self.ids, self.train_mode = ids[first:first + size], "frozen" if first else "train"
            loss = loss_of(x[first:first + size], y[first:first + size], step) / self.recipe.shards
            loss.backward()
            total += float(loss)
        self.sgd.step()
        return total
