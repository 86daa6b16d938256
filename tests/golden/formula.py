"""Numbers that this script and the C++ tests (hash.h) compute alike: weights, images and projections
from an integer hash, and the engine's generator (engine/random.h). README.md states the formulas."""

import math

import numpy as np

GOLDEN_RATIO = np.uint64(0x9E3779B97F4A7C15)
PROJECTIONS = 8


def fnv1a(name):
    """The 64-bit FNV-1a hash of a name."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return np.uint64(value)


def uniform(name, count):
    """Elements 0 … count − 1 of the stream `name`, uniform in [0, 1): splitmix64, top 53 bits."""
    with np.errstate(over="ignore"):
        z = fnv1a(name) + GOLDEN_RATIO * np.arange(1, count + 1, dtype=np.uint64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def signed(name, count):
    """The same stream in [−1, 1)."""
    return 2 * uniform(name, count) - 1


def tensor_values(name, shape, norm_layer):
    """The values of the checkpoint tensor `name`, in row-major order of `shape`."""
    count, leaf = math.prod(shape), name.rsplit(".", 1)[1]
    if leaf == "running_mean":
        return 0.1 * signed(name, count)
    if leaf == "running_var":
        return 1 + 0.2 * signed(name, count)
    if norm_layer:
        return (1 if leaf == "weight" else 0) + 0.2 * signed(name, count)
    if leaf == "bias":
        return 0.1 * signed(name, count)
    return signed(name, count) / math.sqrt(math.prod(shape[1:]))


def pixels(count, size):
    """`count` images of bytes, [count, 3, size, size]."""
    total = count * 3 * size * size
    return np.floor(256 * uniform("image", total)).astype(np.uint8).reshape(count, 3, size, size)


def labels(count, classes=10):
    return np.floor(classes * uniform("label", count)).astype(np.int64)


_directions = {}


def direction(j, count):
    """The j-th direction that tensors are projected on, grown as longer tensors ask for it."""
    if j not in _directions or len(_directions[j]) < count:
        _directions[j] = signed(f"projection/{j}", count)
    return _directions[j][:count]


def fingerprint(values):
    """[‖t‖₂, Σ r_0 t, …, Σ r_7 t] of a tensor in row-major order."""
    flat = np.asarray(values, dtype=np.float64).reshape(-1)
    projected = [float(direction(j, flat.size) @ flat) for j in range(PROJECTIONS)]
    return [float(np.linalg.norm(flat))] + projected


# ---- the engine's generator: Philox4x32-10, keyed by (seed, purpose, branch, step, image) -------------

START, STRENGTH = 3, 4  # engine/random.h, Purpose


def philox_doubles(count, purpose, step, image, seed=0, branch=0):
    """Elements 0 … count − 1 of a stream, uniform in [0, 1) with 53 bits."""
    blocks = (count + 1) // 2
    c = np.zeros((4, blocks), dtype=np.uint64)
    c[0], c[1], c[2], c[3] = np.arange(blocks), image, step, (purpose << 16) | branch
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    low = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        high_a, high_b = a >> np.uint64(32), b >> np.uint64(32)
        c = np.stack([high_b ^ c[1] ^ np.uint64(k0), b & low, high_a ^ c[3] ^ np.uint64(k1), a & low])
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    bits = np.stack([c[0] << np.uint64(32) | c[1], c[2] << np.uint64(32) | c[3]], axis=1).reshape(-1)
    return (bits[:count] >> np.uint64(11)).astype(np.float64) * 2.0**-53


def philox_normals(count, purpose, step, image, seed=0, branch=0):
    """Standard normals by Box and Muller: element i takes uniforms 2i and 2i + 1."""
    u = philox_doubles(2 * count, purpose, step, image, seed, branch)
    return np.sqrt(-2 * np.log(1 - u[0::2])) * np.cos(2 * np.pi * u[1::2])
