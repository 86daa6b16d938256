#!/usr/bin/env python3
"""kernel_report.py FILE.cu…: what the compiler made of each kernel, as a Markdown table.

Compiles the files, from the root of the repository, for sm_90a and sm_80. Registers, stack and spilled
bytes are what `ptxas -v` says. Of a kernel with tensor cores the inner loop for sm_90a is counted too: of
the instructions between a backward branch and its target, those that hold most HMMA. Not every toolkit has
a disassembler, so the few opcodes (the lowest 12 bits of an instruction of 16 bytes) are listed here. Then
how many loads and stores of device memory there are for sm_90a, by their bytes. A kernel that streams
through maps in packs of 16 bytes must move them at once: if one does not, the exit status is 1.
"""

import re
import struct
import subprocess
import sys
import tempfile

NVCC = ("nvcc -std=c++20 -O3 -DNDEBUG --expt-relaxed-constexpr -DFMT_USE_CONSTEXPR=1 -I. -cubin "
        "-Xptxas -v").split()
OPCODES = {0x23C: "HMMA", 0x83B: "LDSM", 0xFAE: "LDGSTS", 0x984: "LDS", 0x388: "STS", 0x981: "LDG",
           0x986: "STG", 0x983: "LDL", 0x387: "STL", 0xB1D: "BAR"}
LOAD, STORE, BRANCH = 0x981, 0x986, 0x947
WIDTHS = (1, 1, 2, 2, 4, 8, 16)  # bytes, by bits 73 to 75 of a load or store
# Walks over maps in packs of more than one channel.
STREAMS = re.compile(r"(?:ApplyMask|MapGradients|PieceSums|PieceMoments|Combine|AveragePool\w*|MaxPool\w*)"
                     r"<([a-z0-9, ]*), (?!1\b)\d+\b")
NO_LOAD = 0xFF0984  # LDS RZ, [RZ], which ptxas puts behind LDGSTS; with the register in bits 16 to 23


def resources(architecture, source, cubin):
    """{mangled kernel: (registers, bytes of stack, of spill stores, of spill loads)}"""
    command = NVCC + ["-arch=" + architecture, "-o", cubin, source]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode:
        sys.exit(run.stdout)
    pattern = (r"Compiling entry function '(\w+)'.*?(\d+) bytes stack frame, (\d+) bytes spill stores, "
               r"(\d+) bytes spill loads.*?Used (\d+) registers")
    return {name: (int(registers), int(stack), int(stores), int(loads))
            for name, stack, stores, loads, registers in re.findall(pattern, run.stdout, re.S)
            if "3gpu3runI" in name}  # a kernel of gpu.h, as its name is mangled


def instructions(cubin):
    """{mangled kernel: pairs of words}, from the .text.* sections of the ELF file"""
    with open(cubin, "rb") as file:
        data = file.read()
    table, = struct.unpack_from("<Q", data, 0x28)
    size, count, names = struct.unpack_from("<HHH", data, 0x3A)
    headers = [struct.unpack_from("<IIQQQQ", data, table + i * size) for i in range(count)]
    strings = headers[names][4]
    code = {}
    for name, _, _, _, offset, length in headers:
        text = data[strings + name:data.index(b"\0", strings + name)].decode()
        if text.startswith(".text."):
            code[text[6:]] = list(struct.iter_unpack("<QQ", data[offset:offset + length]))
    return code


def target(index, low, high):
    """Where a branch goes: a signed number of quarters of an instruction from the next one, its lowest 8
    bits in bits 16 to 23, the others in bits 34 to 81."""
    quarters = (low >> 34 | (high & 0x3FFFF) << 30) << 8 | (low >> 16 & 0xFF)
    if quarters >> 55:
        quarters -= 1 << 56
    return index + 1 + quarters // 4


def inner_loop(code):
    """How often each known opcode, and any, stands in the loop with most HMMA; in words."""
    loops = []
    for i, (low, high) in enumerate(code):
        if low & 0xFFF == BRANCH and 0 <= (first := target(i, low, high)) < i:
            ops = [low & 0xFFF for low, _ in code[first:i + 1] if low & 0xFF0FFF != NO_LOAD]
            loops.append({name: ops.count(op) for op, name in OPCODES.items()} | {"all": len(ops)})
    best = max(loops, key=lambda loop: (loop["HMMA"], -loop["all"]), default={"HMMA": 0})
    return ", ".join(f"{n} {op}" for op, n in best.items() if n) if best["HMMA"] else ""


def moved(code, opcode):
    """{bytes: how many instructions of that opcode move so many}"""
    widths = [WIDTHS[high >> 9 & 7] for low, high in code if low & 0xFFF == opcode]
    return {width: widths.count(width) for width in sorted(set(widths))}


def narrowest(types):
    """The bytes that a stream moves at least: 16, or 8 where another type of half the width is beside it."""
    return 16 if types in ("bf16", "bf16, bf16", "float", "float, float") else 8


def tile(match):
    """The tile of a block, and by how many warps if not by four."""
    rows, columns, warp_rows, warp_columns = (int(n) for n in match.groups())
    warps = rows // warp_rows * (columns // warp_columns)
    return f"{rows}×{columns}" + ("" if warps == 4 else f"/{warps}")


def readable(name):
    """The kernel's type; tiles as rows×columns, sources without what they repeat."""
    text = subprocess.run(["c++filt", name], stdout=subprocess.PIPE, text=True).stdout.strip()
    text = re.search(r"run<(.*)>\(", text).group(1).strip()
    text = re.sub(r"robmask::|cuda::|\(anonymous namespace\)::", "", text).replace(" >", ">")
    text = re.sub(r"WarpTile<(\d+), (\d+), (\d+), (\d+)>", tile, text)
    text = re.sub(r"(?:Tap|Pixel)(Chunks|Elements)<\w+, \d+×[\d/]+(?:, (true|false))?>",
                  lambda m: m[1] + (" transposed" if m[2] == "true" else ""), text)
    return text


def main():
    print("| kernel | registers sm_90a, sm_80 | stack | spilled | loads × bytes | stores × bytes | inner loop |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    narrow = []
    for source in sys.argv[1:]:
        with tempfile.NamedTemporaryFile(suffix=".cubin") as cubin:
            ampere = resources("sm_80", source, cubin.name)
            hopper = resources("sm_90a", source, cubin.name)
            code = instructions(cubin.name)
        for name, (registers, *of_hopper) in sorted(hopper.items(), key=lambda k: readable(k[0])):
            others, *of_ampere = ampere[name]
            stack, stores, loads = (max(pair) for pair in zip(of_hopper, of_ampere))
            read, written = moved(code[name], LOAD), moved(code[name], STORE)
            words = [", ".join(f"{n} × {width}" for width, n in side.items()) for side in (read, written)]
            print(f"| `{readable(name)}` | {registers}, {others} | {stack} | {stores + loads} "
                  f"| {words[0]} | {words[1]} | {inner_loop(code[name])} |")
            if (stream := STREAMS.match(readable(name))) and min(*read, *written) < narrowest(stream[1]):
                narrow.append(readable(name))
    if narrow:
        sys.exit("moves less at once than it could: " + ", ".join(narrow))


if __name__ == "__main__":
    main()
