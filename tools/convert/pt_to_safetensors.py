#!/usr/bin/env python3
"""Converts weights between PyTorch's files and safetensors, both ways, by the names of the files.

    pt_to_safetensors.py weights.pt weights.safetensors [--meta model=resnet18 --meta masks=1 …]
    pt_to_safetensors.py weights.safetensors weights.pt

PyTorch's file (.pt, .pth, .pth.tar, .ckpt, .bin) may hold a state dict, a whole model, also of
TorchScript, or a dict with one of these under some key: `state_dict` comes before others, and --key
takes another; or, where one dict has several models, those names that begin with it.

Tensors keep their names: robmask finds a model's under prefixes such as `module.`, and the pixels'
normalization in tensors such as `mu` and `sigma`. A line says which there are. The numbers that
DeepMind's Wide ResNets normalize by and do not store go into the metadata, unless --meta says them.

A file of tensors alone is read without running anything; where it holds other objects, reading it
runs the code inside, and a line says so: only convert files you trust. Needs torch 1.13 or newer,
and numpy."""

import argparse
import json
import math
import os
import pathlib
import pickle
import struct
import sys
import warnings

try:
    import torch
except ImportError as missing:
    sys.exit(f"pt_to_safetensors: needs PyTorch, Debian's python3-torch: {missing}")

DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8,
    "U8": torch.uint8, "BOOL": torch.bool,
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
PIXELS = {"mu": "sigma", "mean": "std", "new_mean": "new_std"}  # training/contents.cpp
# Which RobustBench's dm_wide_resnet.py keeps out of its state dict, by the number of classes.
DEEPMINDS = {10: ("CIFAR-10", "0.4914,0.4822,0.4465", "0.2471,0.2435,0.2616"),
             100: ("CIFAR-100", "0.5071,0.4865,0.4409", "0.2673,0.2564,0.2762")}
UNSAID = ("does not say how pixels are normalized: say it to robmask by --normalize, which is none "
          "for a model of pixels from 0 to 1, or here by --meta mean=… --meta std=…")
FIRST = ("state_dict", "model_state_dict", "model", "net", "weights")  # where several hold weights


def say(message):
    print("pt_to_safetensors:", " ".join(message.split()), file=sys.stderr)


def fail(message):
    sys.exit("pt_to_safetensors: " + " ".join(message.split()))


def listed(keys):
    names = list(map(str, keys))
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def read_torch(path):
    """What torch.save wrote; nothing in it is run where it is of tensors alone."""
    if not os.path.isfile(path):
        fail(f"{path}: expected a file, got {'a folder' if os.path.isdir(path) else 'none'}")
    warnings.simplefilter("ignore")
    try:
        try:
            return torch.load(path, map_location="cpu", weights_only=True)
        except RuntimeError as error:
            if "TorchScript" not in str(error):
                raise
            return torch.jit.load(path, map_location="cpu")
        except pickle.UnpicklingError:
            loaded = torch.load(path, map_location="cpu", weights_only=False)
            say(f"{path}: holds other objects than tensors; their code was run to read it")
            return loaded
    except (ImportError, AttributeError) as error:
        fail(f"{path}: holds an object of a class that is not here ({error}): name its folder in "
             "PYTHONPATH, or save model.state_dict() where it is")
    except Exception as error:
        fail(f"{path}: expected a file that torch.save wrote; torch says: {str(error)[:200]}")


def state_of(value):
    """A model's state dict, with the pixels' normalization that it may lack; all else as it is."""
    if not isinstance(value, torch.nn.Module):
        return value
    buffers = dict(value.named_buffers())
    names = [name for pair in normalizations_in(buffers) for name in pair]
    return {**value.state_dict(), **{name: buffers[name] for name in names}}


def normalizations_in(tensors):
    """The names of each pair of tensors that hold pixels' mean and standard deviation."""
    pairs = []
    for mean in tensors:
        layer, dot, last = mean.rpartition(".")
        std = layer + dot + PIXELS.get(last, "")
        if std in tensors and all(torch.is_tensor(tensors[t]) and tensors[t].numel() == 3
                                  for t in (mean, std)):
            pairs.append((mean, std))
    return pairs


def prefix_of(tensors):
    """What the names of all weights begin with: "module.model."."""
    names = [name.split(".")[:-2] for name, t in tensors.items() if t.dim() > 1 and t.numel() > 3]
    return "".join(part + "." for part in os.path.commonprefix(names))


def has_weights(value):
    """Does this dict name tensors of two axes or more as a model's layers are named?"""
    return any(torch.is_tensor(t) and t.dim() > 1 and isinstance(name, str) and "." in name
               for name, t in value.items())


def holders(state):
    """{key: dict} of what holds weights inside a dict, itself or further inside."""
    inner = {key: state_of(value) for key, value in state.items()}
    return {key: value for key, value in inner.items()
            if isinstance(value, dict) and (has_weights(value) or holders(value))}


def begin_with(key, names):
    return [name for name in names if str(name).startswith(key + ".")]


def weights_in(loaded, path, key):
    """The state dict inside what torch.load returned."""
    state = state_of(loaded)
    if not isinstance(state, dict):
        fail(f"{path}: expected a state dict, got {type(state).__name__}: save model.state_dict()")
    while inner := holders(state):
        if key and key not in inner and not any(begin_with(key, names) for names in inner.values()):
            fail(f"{path}: --key {key}: expected one of {listed(inner)}")
        taken = key if key in inner else next((k for k in FIRST if k in inner), None)
        if not taken and len(inner) > 1:
            fail(f"{path}: weights stand under {listed(inner)}: choose with --key")
        taken = taken or next(iter(inner))
        if len(inner) > 1 and not key:
            say(f"{path}: took {taken} of {listed(inner)}; --key takes another")
        state, key = inner[taken], None if taken == key else key
    if not has_weights(state):
        fail(f"{path}: expected a model's weights{' under --key ' * bool(key)}{key or ''}, found "
             f"{listed(state) or 'nothing'}: save model.state_dict()")
    if key:
        named = begin_with(key, state)
        if not named:
            fail(f"{path}: --key {key}: expected what names begin with, as in {listed(state)}")
        state = {name: state[name] for name in named}
    left_out = [name for name, value in state.items() if not torch.is_tensor(value)]
    if left_out:
        say(f"{path}: left out, being no tensors: {listed(left_out)}")
    return {name: value.detach().cpu().contiguous()
            for name, value in state.items() if torch.is_tensor(value)}


def metadata_of(tensors, path, said):
    """What --meta says, and what the weights say that robmask could not know. Tells of prefix and
    normalization."""
    prefix, pairs = prefix_of(tensors), normalizations_in(tensors)
    if prefix:
        say(f"{path}: names of weights begin with {prefix!r}, which robmask passes over")
    for mean, std in pairs:
        said_by = [f"{t} " + ", ".join(f"{v:.4g}" for v in tensors[t].flatten().tolist())
                   for t in (mean, std)]
        say(f"{path}: normalizes pixels by {said_by[0]} and {said_by[1]}")
    head = tensors.get(prefix + "logits.bias")
    if pairs or "mean" in said or "std" in said:
        return said
    if head is None or prefix + "init_conv.weight" not in tensors:
        say(f"{path}: {UNSAID}")
        return said
    name, mean, std = DEEPMINDS.get(len(head), DEEPMINDS[10])
    say(f"{path}: DeepMind's Wide ResNet normalizes pixels by numbers that its file does not hold: "
        f"wrote {name}'s mean {mean} and std {std}; --meta mean=… --meta std=… writes others")
    return {**said, "mean": mean, "std": std}


def raw_bytes(tensor):
    """The tensor's memory, through its integers of the same size: numpy knows no bfloat16."""
    if tensor.dtype is torch.bfloat16:
        tensor = tensor.view(torch.int16)
    return tensor.numpy().tobytes()


def size_in_bytes(tensor):
    return tensor.numel() * tensor.element_size()


def write_safetensors(path, tensors, metadata):
    header, at = {}, 0
    if metadata:
        header["__metadata__"] = metadata
    for name, t in tensors.items():
        if t.dtype not in NAMES:
            fail(f"{name}: safetensors has no type for {t.dtype}")
        end = at + size_in_bytes(t)
        header[name] = {"dtype": NAMES[t.dtype], "shape": list(t.shape), "data_offsets": [at, end]}
        at = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for t in tensors.values():
            file.write(raw_bytes(t))


def read_safetensors(path):
    data = pathlib.Path(path).read_bytes()
    length = struct.unpack_from("<Q", data)[0] if len(data) >= 8 else 0
    if not 2 <= length <= len(data) - 8:
        fail(f"{path}: expected a safetensors header, got {len(data)} bytes without one")
    try:
        header, body = json.loads(data[8:8 + length]), memoryview(data)[8 + length:]
        return {name: tensor_of(f"{path}: {name}", body, entry["dtype"], entry["shape"],
                                *entry["data_offsets"])
                for name, entry in header.items() if name != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        fail(f"{path}: expected a safetensors header, got a damaged one: {error!r}")


def tensor_of(what, body, dtype, shape, begin, end):
    if dtype not in DTYPES:
        fail(f"{what} has the unknown type {dtype}")
    size = torch.empty(0, dtype=DTYPES[dtype]).element_size()
    if not 0 <= begin <= end <= len(body) or end - begin != size * math.prod(shape):
        fail(f"{what} of shape {shape} does not fit bytes {begin} to {end}: a damaged file")
    if end == begin:
        return torch.empty(shape, dtype=DTYPES[dtype])
    return torch.frombuffer(bytearray(body[begin:end]), dtype=DTYPES[dtype]).reshape(shape)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--key", help="where in PyTorch's file the weights are: model_ema")
    parser.add_argument("--meta", action="append", default=[], metavar="KEY=VALUE",
                        help="metadata of the safetensors file")
    options = parser.parse_args()
    source, target = options.source, options.target
    to_torch = source.endswith(".safetensors")
    if to_torch == target.endswith(".safetensors"):
        fail(f"expected one file named .safetensors and one of PyTorch, got {source} and {target}")
    if not all("=" in m for m in options.meta):
        fail("--meta takes KEY=VALUE")
    temporary = f"{target}.{os.getpid()}.tmp"
    try:
        if to_torch:
            torch.save(read_safetensors(source), temporary)
        else:
            tensors = weights_in(read_torch(source), source, options.key)
            said = dict(m.split("=", 1) for m in options.meta)
            write_safetensors(temporary, tensors, metadata_of(tensors, source, said))
        os.replace(temporary, target)
    except (OSError, RuntimeError) as error:
        fail(str(error))
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


if __name__ == "__main__":
    main()
