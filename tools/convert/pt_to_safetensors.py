#!/usr/bin/env python3
"""Converts weights between PyTorch's .pt files and safetensors, both ways, by the names of the files.

    pt_to_safetensors.py weights.pt weights.safetensors [--meta model=resnet18 --meta masks=1 …]
    pt_to_safetensors.py weights.safetensors weights.pt

A .pt may hold the state dict itself or keep it under state_dict, net or model; prefixes `module.`
and `model.` are dropped. Reading a .pt runs the pickle inside it: only convert files you trust. Needs
torch and numpy only."""

import argparse
import json
import os
import pathlib
import struct
import sys

import torch

DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8,
    "U8": torch.uint8, "BOOL": torch.bool,
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
WRAPPERS = ("state_dict", "net", "model")
PREFIXES = ("module.", "model.")


def fail(message):
    sys.exit(f"pt_to_safetensors: {message}")


def unwrapped(loaded, path):
    """The state dict inside what torch.load returned, under plain names."""
    while isinstance(loaded, dict) and not any(torch.is_tensor(v) for v in loaded.values()):
        inner = [loaded[w] for w in WRAPPERS if isinstance(loaded.get(w), dict)]
        if not inner:
            fail(f"{path}: expected tensors, or a dict under {', '.join(WRAPPERS)}; found {list(loaded)}")
        loaded = inner[0]
    if not isinstance(loaded, dict):
        fail(f"{path}: expected a state dict, got {type(loaded).__name__}: save model.state_dict()")
    tensors = {}
    for name, value in loaded.items():
        plain = name
        while plain.startswith(PREFIXES):
            plain = plain.split(".", 1)[1]
        if not torch.is_tensor(value):
            print(f"pt_to_safetensors: left out {name}: not a tensor", file=sys.stderr)
        elif plain in tensors:
            fail(f"{path}: two tensors are called {plain} once prefixes are dropped")
        else:
            tensors[plain] = value.detach().cpu().contiguous()
    return tensors


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
    header, tensors = json.loads(data[8:8 + length]), {}
    body = memoryview(data)[8 + length:]
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        if entry["dtype"] not in DTYPES:
            fail(f"{path}: {name} has the unknown type {entry['dtype']}")
        tensor = torch.empty(entry["shape"], dtype=DTYPES[entry["dtype"]])
        if not 0 <= begin <= end <= len(body) or end - begin != size_in_bytes(tensor):
            fail(f"{path}: {name} of shape {entry['shape']} does not fit bytes {begin} to {end}: "
                 "a damaged file")
        if end > begin:
            flat = torch.frombuffer(bytearray(body[begin:end]), dtype=tensor.dtype)
            tensor = flat.reshape(entry["shape"])
        tensors[name] = tensor
    return tensors


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--meta", action="append", default=[], metavar="KEY=VALUE",
                        help="metadata of the safetensors file")
    options = parser.parse_args()
    target, to_pt = options.target, options.target.endswith((".pt", ".pth"))
    if to_pt == options.source.endswith((".pt", ".pth")):
        parser.error("expected one .pt or .pth file and one .safetensors file")
    if not all("=" in m for m in options.meta):
        parser.error("--meta takes KEY=VALUE")
    temporary = f"{target}.{os.getpid()}.tmp"
    try:
        if to_pt:
            torch.save(read_safetensors(options.source), temporary)
        else:
            tensors = unwrapped(torch.load(options.source, map_location="cpu"), options.source)
            write_safetensors(temporary, tensors, dict(m.split("=", 1) for m in options.meta))
        os.replace(temporary, target)
    except OSError as error:
        fail(str(error))
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


if __name__ == "__main__":
    main()
