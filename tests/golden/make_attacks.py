#!/usr/bin/env python3
"""Computes attacks.json: traces of the official AutoAttack (https://github.com/fra31/auto-attack) on a small
network, in double precision. The path of a checkout of it is the argument. README.md says what is in it."""

import json
import math
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])

import numpy as np
import torch
import torch.nn.functional as F
from autoattack.autopgd_base import APGDAttack, APGDAttack_targeted
from autoattack.fab_projections import projection_l2, projection_linf
from autoattack.fab_pt import FABAttack_PT
from autoattack.square import SquareAttack

import formula

HERE = pathlib.Path(__file__).parent
SIZE, CLASSES, IMAGES = 10, 10, 4
EPS = {"linf": 0.1, "l2": 0.9}
OFFICIAL = {"linf": "Linf", "l2": "L2"}
ATTACK_START, SQUARE = 8, 9  # engine/random.h, Purpose
APGD_CE, APGD_DLR, APGD_T, RANDOM_FAB, SQUARE_STARTS = 4, 5, 6, 100, 200

torch.set_default_dtype(torch.float64)
torch.Tensor.float = torch.Tensor.double  # the original converts images to single precision


def weights(name, shape):
    return torch.tensor(2 * formula.signed(name, math.prod(shape)).reshape(shape) / math.sqrt(math.prod(shape[1:])))


CONV1, CONV2 = weights("attacked.conv1", (8, 3, 3, 3)), weights("attacked.conv2", (12, 8, 3, 3))
LINEAR = 4 * weights("attacked.linear", (CLASSES, 12))


class Network:
    """conv 3×3, ReLU, conv 3×3 with stride 2, ReLU, mean over the map, linear. Notes what it is asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, x):
        self.asked.append(x.detach().clone())
        y = F.relu(F.conv2d(x, CONV1, padding=1))
        y = F.relu(F.conv2d(y, CONV2, padding=1, stride=2))
        return y.mean(dim=(2, 3)) @ LINEAR.T


def images():
    return torch.tensor(formula.pixels(IMAGES, SIZE) / 255.0)


X = images()
Y = Network()(X).argmax(1)


def nhwc(values):
    """Elements in the engine's order as an image {1, 3, H, W}."""
    return torch.tensor(values).reshape(1, SIZE, SIZE, 3).permute(0, 3, 1, 2)


def boundary_start(norm, kind, image, eps, run=0):
    """attacks/starts.h"""
    count = 3 * SIZE * SIZE
    if norm == "linf":
        v = 2 * formula.philox_doubles(count, ATTACK_START, kind, image, branch=run) - 1
        v /= np.abs(v).max()
    else:
        v = formula.philox_normals(count, ATTACK_START, kind, image, branch=run)
        v /= np.linalg.norm(v)
    return nhwc(eps * v)


def trace(points):
    """Of each point {n, 3, H, W}, for each image: the fingerprint's norm and two projections of x_adv − x."""
    return [[formula.fingerprint((p[n] - X[n]).numpy())[:3] for n in range(p.shape[0])] for p in points]


def apgd(norm, loss, kind, iterations, target_rank=None):
    network, eps = Network(), EPS[norm]
    common = dict(n_iter=iterations, norm=OFFICIAL[norm], eps=eps, device="cpu")
    if target_rank:
        attack = APGDAttack_targeted(network, **common)
        attack.y_target = network(X).sort(dim=1)[1][:, -target_rank]
    else:
        attack = APGDAttack(network, loss=loss, **common)
    attack.init_hyperparam(X)
    start = X + torch.cat([boundary_start(norm, kind, i, eps) for i in range(IMAGES)])
    network.asked.clear()
    _, standing, best, _ = attack.attack_single_run(X, Y, x_init=start)
    return dict(norm=norm, loss=loss, kind=kind, iterations=iterations, eps=eps, points=trace(network.asked),
                best=best.tolist(), standing=standing.tolist())


def fab(norm, targeted, iterations):
    network = Network()
    attack = FABAttack_PT(network, norm=OFFICIAL[norm], n_iter=iterations, eps=EPS[norm], targeted=targeted,
                          device="cpu")
    attack.target_class = 2
    adversarial = attack.attack_single_run(X, Y, is_targeted=targeted)
    points = network.asked[2 if targeted else 1:]  # gradient, check, gradient, check, …
    return dict(norm=norm, targeted=targeted, iterations=iterations, points=trace(points),
                found=trace([adversarial])[0])


class Draws(SquareAttack):
    """Square with the engine's draws (attacks/square.cpp), for one image."""

    def __init__(self, network, image, **options):
        super().__init__(network, **options)
        self.image, self.iteration, self.drawn = image, -1, 0

    def start(self, count):
        u = formula.philox_doubles(self.drawn + count, ATTACK_START, SQUARE_STARTS, self.image)[self.drawn:]
        self.drawn += count
        return u

    def proposal(self, first, count):
        return formula.philox_doubles(first + count, SQUARE, self.iteration, self.image)[first:]

    def p_selection(self, iteration):
        self.iteration, self.offset = iteration, 0
        return super().p_selection(iteration)

    def random_int(self, low=0, high=1, shape=(1,)):
        u = self.proposal(self.offset, 1)
        self.offset += 1
        return torch.tensor(low + (high - low) * u).long()

    def random_choice(self, shape):
        count = math.prod(shape)
        u = self.start(count) if self.iteration < 0 else self.proposal(5, count)
        signs = torch.tensor(np.where(u < 0.5, -1.0, 1.0))
        if self.iteration < 0 and len(shape) == 4 and shape[3] > 1:  # stripes: column by column
            return signs.reshape(shape[3], shape[1]).T.reshape(tuple(shape))
        return signs.reshape(tuple(shape))

    def eta(self, side):
        u = self.start(1) if self.iteration < 0 else self.proposal(4, 1)
        original, torch.rand = torch.rand, lambda shape: torch.tensor([1.0 if u[0] >= 0.5 else 0.0])
        try:
            return super().eta(side)
        finally:
            torch.rand = original


def square(norm, image, queries):
    network = Network()
    attack = Draws(network, image, norm=OFFICIAL[norm], n_queries=queries, eps=EPS[norm] / 4, device="cpu",
                   resc_schedule=False)
    x, y = X[image:image + 1], Y[image:image + 1]
    attack.init_hyperparam(x)
    attack.attack_single_run(x, y)
    points = [formula.fingerprint((p[0] - x[0]).numpy())[:3] for p in network.asked]
    return dict(norm=norm, image=image, queries=queries, eps=EPS[norm] / 4, points=points)


def losses():
    rows = []
    for classes in (3, 4, 10, 100):
        for i in range(4):
            z = torch.tensor(5 * formula.signed(f"logits/{classes}/{i}", classes)).unsqueeze(0).requires_grad_()
            y, t = torch.tensor([i % classes]), torch.tensor([(i + 1) % classes])
            row = dict(classes=classes, row=i)
            attack = APGDAttack_targeted(None, eps=1, n_iter=10)
            attack.y_target = t
            for name, loss in (("dlr", attack.dlr_loss), ("targeted_dlr", attack.dlr_loss_targeted)):
                if name == "targeted_dlr" and classes < 4:
                    continue
                value = loss(z, y)
                (gradient,) = torch.autograd.grad(value.sum(), [z])
                row[name] = dict(value=value.item(), gradient=formula.fingerprint(gradient.numpy()))
            rows.append(row)
    return rows


def projections():
    """Steps to planes through boxes of 27 dimensions; every third has weights of 0 and points at sides."""
    rows, d = [], 27
    for i in range(12):
        t, w = formula.uniform(f"plane/{i}/point", d), formula.signed(f"plane/{i}/normal", d)
        if i % 3 == 0:
            w[::4], t[::5], t[1::5] = 0, 0, 1
        value = [0.0, 1.5, -1.5, 4.0, -4.0, 40.0, -40.0, 0.01, -0.01, 1e-9, 3.0, -3.0][i]
        b = torch.tensor([t @ w - value])
        args = torch.tensor(t).unsqueeze(0), torch.tensor(w).unsqueeze(0), b
        rows.append(dict(value=value, linf=projection_linf(*args)[0].tolist(), l2=projection_l2(*args)[0].tolist()))
    return rows


def schedule():
    attack = SquareAttack(None, eps=1, resc_schedule=False)
    return [[i, attack.p_selection(i)] for i in (0, 10, 11, 50, 51, 200, 201, 500, 501, 1000, 1001, 2000, 2001, 4000,
                                                 4001, 4999, 6001, 8001)]


def bumps():
    attack = SquareAttack(None, norm="L2", eps=1, device="cpu")
    original, torch.rand = torch.rand, lambda shape: torch.zeros(1)
    try:
        return {str(side): attack.eta(side).reshape(-1).tolist() for side in (3, 5, 6)}
    finally:
        torch.rand = original


def main():
    golden = dict(
        size=SIZE, images=IMAGES, labels=Y.tolist(), logits=Network()(X).tolist(), losses=losses(),
        projections=projections(), schedule=schedule(), bumps=bumps(),
        apgd=[apgd("linf", "ce", APGD_CE, 50), apgd("l2", "ce", APGD_CE, 50), apgd("linf", "dlr", APGD_DLR, 30),
              apgd("l2", "dlr", APGD_DLR, 30), apgd("linf", "dlr-targeted", APGD_T, 30, target_rank=2),
              apgd("l2", "dlr-targeted", APGD_T, 30, target_rank=2)],
        fab=[fab(norm, targeted, 12) for norm in ("linf", "l2") for targeted in (True, False)],
        square=[square(norm, image, 60) for norm in ("linf", "l2") for image in (0, 1)])
    (HERE / "attacks.json").write_text(json.dumps(golden) + "\n")


main()
