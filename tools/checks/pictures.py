#!/usr/bin/python3
"""Writes pictures in every form of PNG, JPEG, BMP and PNM that we read, and compares the pixels
that `robmask` makes of them with Pillow's convert("RGB"): at most 3 levels apart. (Of 16-bit gray,
where Pillow clips, with the high byte.) Then damages each: what Pillow refuses, we must refuse.

Pictures of EXIF's orientations must be seen as Pillow turns them.

    ROBMASK=build/robmask tools/checks/pictures.py        needs python3-pil; Error 77: there is none
"""

import io
import json
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile
import warnings
import zlib

from evaluated import read_npy, robmask

try:
    from PIL import Image, ImageOps
except ImportError:
    print("pictures.py: no python3-pil here")
    sys.exit(77)

MOST, SIDES = 3, (16, 23, 40)
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
         (0, 1, 1, 2))


def packed(samples, bits):
    """Big-endian samples of 1 to 16 bits, filled up to whole bytes."""
    text = "".join(f"{s:0{bits}b}" for s in samples)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big") if text else b""


def png(side, kind, bits, draw, interlaced=False, extra=()):
    """Kinds as in IHDR: 0 gray, 2 colour, 3 palette, 4 and 6 with alpha. Row filters 0 and 1."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
    step = max(1, channels * bits // 8)
    pixels = [[[draw(1 << bits, x, y, c) for c in range(channels)] for x in range(side)]
              for y in range(side)]
    data = b""
    for left, top, right, down in ADAM7 if interlaced else ((0, 0, 1, 1),):
        for number, row in enumerate(pixels[top::down]):
            line = packed([s for pixel in row[left::right] for s in pixel], bits)
            if line and number % 2:
                left_bytes = bytes(step) + line
                line = bytes(b - left & 255 for b, left in zip(line, left_bytes))
            data += bytes([number % 2]) + line if line else b""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(
            ">I", zlib.crc32(name + content))
    head = struct.pack(">IIBBBBB", side, side, bits, kind, 0, 0, interlaced)
    colours = bytes(random.randrange(256) for _ in range(3 << bits))
    palette = [(b"PLTE", colours)] if kind == 3 else []
    chunks = [(b"IHDR", head), *extra[:1], *palette, *extra[1:], (b"IDAT", zlib.compress(data)),
              (b"tEXt", b"Comment\0" + data[:9]), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*c) for c in chunks) + b"appended"


def bmp(side, bits, draw, from_top=False, masks=(), os2=False, head=40, colours=None):
    colours = (colours or 1 << bits) if bits <= 8 else 0
    rows = []
    for y in range(side):
        if bits <= 8:
            row = packed([draw(colours, x, y, 0) for x in range(side)], bits)
        elif bits == 24:
            row = bytes(draw(256, x, y, c) for x in range(side) for c in range(3))
        else:
            row = b"".join(draw(1 << bits, x, y, 0).to_bytes(bits // 8, "little")
                           for x in range(side))
        rows.append(row + bytes(-len(row) % 4))
    entry = 3 if os2 else 4
    palette = bytes(random.randrange(256) for _ in range(entry * colours))
    shape = struct.pack("<IHHHH", 12, side, side, 1, bits) if os2 else struct.pack(
        "<IiiHHIIiiII", head, side, -side if from_top else side, 1, bits, 3 if masks else 0, 0, 0,
        0, colours if colours != 1 << bits else 0, 0)
    between = b"".join(struct.pack("<I", m) for m in masks)
    between += bytes(max(0, head - 40 - len(between))) + palette
    start = 14 + len(shape) + len(between)
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, start) + shape + between + b"".join(rows)


def pnm(side, kind, highest, draw):
    channels = 3 if kind in (3, 6) else 1
    values = [[draw(highest + 1, x, y, c) for x in range(side) for c in range(channels)]
              for y in range(side)]
    head = f"P{kind}\n# a comment\n{side} {side}\n" + (f"{highest}\n" if kind not in (1, 4) else "")
    if kind <= 3:
        return (head + "\n".join(" ".join(map(str, row)) for row in values) + "\n").encode()
    bits = 1 if kind == 4 else 8 if highest < 256 else 16
    return head.encode() + b"".join(packed(row, bits) for row in values)


def without_adobe(data):
    at = data.index(b"\xff\xee")
    return data[:at] + data[at + 2 + int.from_bytes(data[at + 2:at + 4], "big"):]


def as_ycck(data):
    at = data.index(b"Adobe")
    return data[:at + 11] + b"\2" + data[at + 12:]


def jpegs(side, draw):
    picture = Image.new("RGB", (side, side))
    picture.putdata([tuple(draw(256, x // 3, y // 3, c) for c in range(3))
                     for y in range(side) for x in range(side)])

    def saved(mode, **settings):
        file = io.BytesIO()
        picture.convert(mode).save(file, "JPEG", **settings)
        return file.getvalue()
    for sampling in 0, 1, 2:
        for progressive in False, True:
            for quality in 30, 95:
                yield (f"rgb-444,422,420 {sampling} {progressive} {quality}",
                       saved("RGB", subsampling=sampling, progressive=progressive, quality=quality))
    for progressive in False, True:
        four = saved("CMYK", progressive=progressive, quality=90)
        yield f"gray {progressive}", saved("L", progressive=progressive) + b"\0 appended \xff\xd9"
        yield f"cmyk {progressive}", four
        yield f"cmyk, no Adobe {progressive}", without_adobe(four)
        yield f"ycck {progressive}", as_ycck(four)
    turned = struct.pack(">HHHIHHI", 1, 0x112, 3, 1, 6, 0, 0)
    yield "turned by EXIF", saved("RGB", exif=b"Exif\0\0MM\0*\0\0\0\x08" + turned)
    yield "optimized", saved("RGB", optimize=True)


def pictures(side, draw):
    """Format, name, bytes."""
    for kind, bits in [(0, b) for b in (1, 2, 4, 8, 16)] + [(3, b) for b in (1, 2, 4, 8)] + [
            (k, b) for k in (2, 4, 6) for b in (8, 16)]:
        clear = {0: b"\0\1", 2: b"\0\1\0\1\0\1", 3: b"\0\x80"}.get(kind)
        for interlaced in False, True:
            name = f"kind {kind} {bits} {interlaced}"
            yield "PNG", name, png(side, kind, bits, draw, interlaced)
            if clear and bits != 16:
                yield "PNG", name + " tRNS", png(side, kind, bits, draw, interlaced,
                                                 ((b"gAMA", b"\0\0\xb1\x8f"), (b"tRNS", clear)))
    profile = b"x\0\0" + zlib.compress(b"none")
    yield "PNG", "bad iCCP", png(side, 2, 8, draw, extra=[(b"iCCP", profile)])
    for name, data in jpegs(side, draw):
        yield "JPEG", name, data
    for bits in 1, 4, 8, 16, 24, 32:
        for from_top in False, True:
            yield "BMP", f"{bits} {from_top}", bmp(side, bits, draw, from_top)
        if bits not in (16, 32):
            yield "BMP", f"{bits} OS/2", bmp(side, bits, draw, os2=True)
    yield "BMP", "few colours", bmp(side, 8, draw, colours=5)
    yield "BMP", "565", bmp(side, 16, draw, masks=(0xf800, 0x7e0, 0x1f))
    yield "BMP", "RGBA", bmp(side, 32, draw, masks=(0xff, 0xff00, 0xff0000, 0xff000000), head=108)
    for kind in 1, 4:
        yield "PNM", f"P{kind}", pnm(side, kind, 1, draw)
    for kind in 2, 3, 5, 6:
        for highest in 1, 15, 100, 255, 256, 1000, 65535:
            yield "PNM", f"P{kind} {highest}", pnm(side, kind, highest, draw)


def of_pillow(data):
    """Its pixels, or None if it refuses."""
    try:
        picture = Image.open(io.BytesIO(data))
        picture.load()
    except Exception:  # of many kinds
        return None
    if picture.mode.startswith("I"):
        return [v for value in picture.getdata() for v in 3 * [value >> 8]]
    return [v for pixel in picture.convert("RGB").getdata() for v in pixel]


def ending(kind):
    return kind.lower().replace("jpeg", "jpg")


def evaluate(network, folder, *more):
    return subprocess.run(
        [os.environ["ROBMASK"], "evaluate", "--from", network, "--data", f"folder:{folder}",
         "--attack", "clean", "--checks", "off", "--quiet", "--out", folder, *more],
        capture_output=True, text=True)


def compare(side, folder):
    rng = random.Random(side)
    table = {}
    seeds = [rng.random() for _ in range(4)]
    cases = list(pictures(side, lambda n, x, y, c: int(n * (seeds[c] * (x + 2 * y + 1) % 1))))
    for split in "test/a", "train/a":
        (folder / split).mkdir(parents=True)
    for number, (kind, _, data) in enumerate(cases):
        (folder / "test/a" / f"{number:03}.{ending(kind)}").write_bytes(data)
    (folder / "train/a/first.png").write_bytes(cases[0][2])
    robmask("train", "--data", f"folder:{folder}", "--width", 4, "--epochs", 1, "--batch", 1,
            "--out", folder / "run")
    done = evaluate(folder / "run", folder, "--save-adversarial", folder / "x.npy")
    assert done.returncode == 0, done.stderr
    ours = read_npy(folder / "x.npy")
    assert len(ours) == len(cases), f"{len(ours)} of {len(cases)} pictures came back"
    for (kind, name, data), planes in zip(cases, ours):
        theirs, area = of_pillow(data), side * side
        if theirs is None:
            print(f"{kind} {name}: refused by Pillow")
            continue
        worst = max(abs(round(255 * planes[i % 3 * area + i // 3]) - v)
                    for i, v in enumerate(theirs))
        table.setdefault(kind, []).append(worst)
        if worst > MOST:
            print(f"{kind} {name} at {side}x{side}: {worst} levels from Pillow's")
    return table, cases


def compare_damaged(network, cases, folder):
    """Every file with a bit turned over, and cut short: counts what Pillow refuses and we take."""
    rng, count = random.Random(1), {}
    (folder / "test/a").mkdir(parents=True)
    for number, (kind, name, data) in enumerate(cases):
        at = rng.randrange(len(data) - 10)
        flipped = data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1:]
        for what, garbled in ("flip", flipped), ("cut", data[:at]):
            place = folder / "test/a" / f"{number:03}{what}.{ending(kind)}"
            place.write_bytes(garbled)
            count[f"{number:03}{what}"] = (kind, what, of_pillow(garbled) is None)
    done = evaluate(network, folder, "--broken-images", "skip")
    skipped = {pathlib.Path(path).stem for path in re.findall("skipped (.*?): ", done.stderr)}
    print(f"{len(count)} damaged files: exit code {done.returncode}")
    failed = []
    for kind in "PNG", "JPEG", "BMP", "PNM":
        for what in "flip", "cut":
            theirs = {name: t for name, (k, w, t) in count.items() if (k, w) == (kind, what)}
            missed = sorted(name for name, t in theirs.items() if t and name not in skipped)
            failed += missed
            print(f"  {kind:5} {what:5} {len(theirs):4} files, refused by us "
                  f"{len(skipped & set(theirs)):4}, by Pillow {sum(theirs.values()):4}, "
                  f"by Pillow alone {len(missed)}")
    return done.returncode == 0 and not failed


def compare_turned(network, folder):
    """Pictures of EXIF's eight orientations: predict takes each for what Pillow makes of it."""
    rng, failed = random.Random(2), 0
    folder.mkdir()
    pixels = bytes(rng.randrange(256) for _ in range(3 * 24 * 40))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        for kind in "jpg", "png":
            turned, upright = folder / f"{orientation}.{kind}", folder / f"{orientation}.{kind}.png"
            Image.frombytes("RGB", (40, 24), pixels).save(turned, exif=exif)
            ImageOps.exif_transpose(Image.open(turned)).save(upright)
            done = robmask("predict", "--from", network, turned, upright, "--json")
            ours, theirs = [picture["predictions"] for picture in json.loads(done)["pictures"]]
            failed += ours != theirs
    print(f"16 pictures of eight orientations, {failed} seen otherwise than by Pillow")
    return failed == 0


def main():
    random.seed(0)
    warnings.simplefilter("ignore")  # Pillow's opinion on palettes
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        total, cases = {}, []
        for side in SIDES:
            table, some = compare(side, folder / str(side))
            cases += some
            for kind, worst in table.items():
                total.setdefault(kind, []).extend(worst)
        for kind, worst in total.items():
            print(f"{kind:5} {len(worst):4} pictures, at most {max(worst)} levels from Pillow's")
        network = folder / str(SIDES[0]) / "run"
        fine = compare_turned(network, folder / "turned")
        fine &= compare_damaged(network, cases, folder / "damaged")
    return 0 if fine and all(max(worst) <= MOST for worst in total.values()) else 1


sys.exit(main())
