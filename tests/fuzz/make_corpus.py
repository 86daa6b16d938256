#!/usr/bin/env python3
"""usage: tests/fuzz/make_corpus.py ROBMASK

Writes tests/fuzz/corpus anew, but for what findings left there (finding-…): small files of every
kind that a reader reads, most of them valid, by robmask itself or by hand. To be called again when a
format changes, so that fuzzing starts behind the reader's door.
"""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

CORPUS = pathlib.Path(__file__).parent / "corpus"


def put(reader, name, content):
    path = CORPUS / reader / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def safetensors(header, data):
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


def npy(descr, shape, data):
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def record(data):
    def checked(part):
        crc = 0xffffffff
        for byte in part:
            crc ^= byte
            for _ in range(8):
                crc = crc >> 1 ^ (crc & 1) * 0x82f63b78
        crc ^= 0xffffffff
        return part + struct.pack("<I", ((crc >> 15 | crc << 17) + 0xa282ead8) & 0xffffffff)
    return checked(struct.pack("<Q", len(data))) + checked(data)


def png(width, height, depth, colour, rows, chunks=()):
    def chunk(name, content):
        checksum = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    lines = b"".join(b"\x00" + row for row in rows)
    middle = b"".join(chunk(name, content) for name, content in chunks)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + middle +
            chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))


def jpeg(components, progressive=False):
    """8×8 gray pixels: a zero difference and the end of the block for each component."""
    def segment(mark, content):
        return bytes([0xFF, mark]) + struct.pack(">H", len(content) + 2) + content

    def scan(first, last, bits):
        chosen = b"".join(bytes([i + 1, 0]) for i in range(components))
        padded = bits + "1" * (-len(bits) % 8)
        return (segment(0xDA, bytes([components]) + chosen + bytes([first, last, 0])) +
                int(padded, 2).to_bytes(len(padded) // 8, "big"))

    one_code = b"\1" + bytes(15) + b"\0"  # the bit 0 stands for symbol 0
    frame = struct.pack(">BHHB", 8, 8, 8, components)
    frame += b"".join(bytes([i + 1, 0x11, 0]) for i in range(components))
    return (b"\xff\xd8" + segment(0xDB, b"\0" + b"\1" * 64) +
            segment(0xC2 if progressive else 0xC0, frame) + segment(0xC4, b"\0" + one_code) +
            segment(0xC4, b"\x10" + one_code) +
            scan(0, 0 if progressive else 63, "0" * components * (1 if progressive else 2)) +
            b"\xff\xd9")


def by_hand():
    two = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
           "b.c": {"dtype": "I64", "shape": [], "data_offsets": [8, 16]},
           "__metadata__": {"format": "pt", "seed": "7"}}
    put("safetensors", "two", safetensors(two, bytes(16)))
    put("safetensors", "none", safetensors({}, b""))
    put("safetensors", "cut-short", safetensors(two, bytes(15)))
    put("safetensors", "pickle", b"\x80\x02" + bytes(20))

    for name, descr, data in [("bytes", "|u1", b"\1\2"), ("longs", "<i8", bytes(16)),
                              ("halves", "<f2", bytes(4)), ("complex", "<c8", bytes(16))]:
        put("npy", name, npy(descr, "(2,)", data))
    images = {"bench.images": {"dtype": "F16", "shape": [1, 32, 32, 3], "data_offsets": [0, 6144]},
              "bench.labels": {"dtype": "I64", "shape": [1], "data_offsets": [6144, 6152]}}
    put("bench", "one", safetensors(images, bytes(6152)))

    put("npy", "images", npy("|u1", "(2, 2, 2, 3)", bytes(range(24))))
    put("npy", "planes", npy("<f4", "(2, 3, 2, 2)", struct.pack("<24f", *[1 / 255] * 24)))
    put("npy", "corruption", npy("|u1", "(5, 32, 32, 3)", bytes(15360)))
    put("npy", "maps", npy("<f4", "(1, 2, 2, 2)", struct.pack("<8f", *range(8))))
    put("npy", "empty", npy("<f4", "(1, 3, 0, 2)", b""))
    put("npy", "fortran", npy("<f4", "(2,)", bytes(8)).replace(b"False", b"True "))

    put("json", "all-kinds", '{"a": [1, -2, 3.5e3, true, null, "\\u00e9\\n"], "b": {"c": {}}}')
    put("json", "number", "17")
    put("json", "twice", '{"a": 1, "a": 2}')
    put("json", "deep", "[" * 70 + "]" * 70)

    log = "epoch,lr,train_loss,loss_clean,loss_adv,train_acc,test_acc,test_acc_mask_max,seconds\n"
    put("csv", "log", log + "0,0.1,2.3,2.3,0,0.1,,,1.5\n1,0.05,2.2,2.2,0,0.2,0.25,0.2,1.5\n")
    put("csv", "quoted", 'epoch,"a ""b"", c",d\r\n1,"x\ny",\r\n2,3')
    put("csv", "uneven", "epoch,lr\n0\n")

    put("record", "two", record(b"brain.Event:2") + record(b""))
    put("record", "torn", record(b"one") + record(b"two")[:-1])

    put("config", "plain", 'method = "pgd"\neps = "4/255"\nmask = [0, 0.5,\n 1]\n# why\nseed = 3\n')
    put("config", "sections",
        '[train]\nlr = 0.01\naux_eps = "4/255,8/255"\n[evaluate]\njson=true\n')
    put("config", "twice", "lr = 0.1\nlr = 0.2\n")
    put("config", "nested", "[train.more]\nlr = 0.1\n")

    for line in ["train --method robmask --masks 2 --width 4 --bn-stats split --strength per-image",
                 "train --method advprop --aux-eps 4/255,8/255 --resume --out x",
                 "finetune --from x --method pgd --tune gamma,beta --mask 0.5",
                 "evaluate --from x --attack pgd,autoattack --eps 4/255,8/255 --mask match",
                 "evaluate --from x --attack square --norm l2 --eps 0.5 --quantize 8 --seed 1",
                 "interpolate --first a --second b --p 0,0.5,1 --affine-only --save c",
                 "predict --from x --logits y.npy --features z.npy --layer bn1 --split test,train",
                 "report a b --masks 0,1 --images 4", "export --from x --mask 0.5 --out y",
                 "bench --workload train,pgd --batch 2", "reproduce table1 --scale small --only a",
                 "info --data cifar10:x --limit-test 3", "train --help", "train --epsilon=1"]:
        put("options", line.split()[0] + f"-{zlib.crc32(line.encode()):08x}",
            "\n".join(line.split()))

    record = bytes(range(256)) * 12
    put("cifar", "ten", b"\7" + record + b"\0" + record)
    put("cifar", "hundred", b"\3\x63" + record)
    put("cifar", "wrong-label", b"\x0a" + record)

    put("folder", "listed", "cat\ndog\n\0cat\0dog")
    put("folder", "alphabetical", "\0b\0a\0.hidden")
    put("folder", "stranger", "cat\n\0dog")
    put("folder", "wnid", "\0n01440764\0n02124075")
    put("folder", "spaced", " cat \r\n\n\tdog\n\0dog")

    put("picture", "rgb.png", png(2, 2, 8, 2, [b"\1\2\3\4\5\6"] * 2))
    put("picture", "gray16.png", png(2, 2, 16, 0, [b"\1\2\3\4"] * 2))
    put("picture", "alpha.png", png(1, 2, 8, 6, [b"\1\2\3\4"] * 2))
    palette = [(b"PLTE", b"\1\2\3\4\5\6"), (b"tRNS", b"\7")]
    put("picture", "palette.png", png(3, 1, 2, 3, [b"\x10"], palette))
    put("picture", "colour.ppm", b"P6 # why\n2 1 255\n" + bytes(6))
    put("picture", "gray.pgm", b"P5\n2 2\n65535\n" + bytes(8))
    for components, name in [(1, "gray"), (3, "colour"), (4, "cmyk")]:
        put("picture", name + ".jpg", jpeg(components))
    put("picture", "progressive.jpg", jpeg(3, progressive=True))
    dib = struct.pack("<IiiHHIIiiII", 40, 2, 2, 1, 24, 0, 16, 0, 0, 0, 0)
    put("picture", "colour.bmp", b"BM" + struct.pack("<IHHI", 70, 0, 0, 54) + dib + bytes(16))

    head = json.dumps({"evaluation": {"seed": 0}})
    images = [[i, False, "pgd", 0, 1, 0.03, 4] for i in range(2)]
    key = "|mask 0|pgd|pgd|eps 0.03137254901960784"
    lines = [head] + [json.dumps({"key": key, "entry": {"seconds": 0.5, "images": [image]}})
                      for image in images]
    put("journal", "whole", "\n".join(lines) + "\n")
    put("journal", "begun", head + "\n")
    put("journal", "torn", "\n".join(lines)[:-9])

    rows = [f"{mask},pgd,linf,8/255,{i},7,{i}" for mask in "01" for i in range(2)]
    put("paired", "two", "\n".join(["mask,attack,norm,eps,image,label,robust"] + rows) + "\n")
    put("paired", "p", "p,mask,attack,norm,eps,image,label,robust\n0.5,0,pgd,linf,8/255,0,7,1\n")

    result = {"n": 500, "clean_accuracy": 0.9, "clean_interval": [0.86, 0.94],
              "robust_accuracy": 0.4, "interval": [0.37, 0.43]}
    put("reproduce", "one", json.dumps({"results": [result]}))
    put("reproduce", "none", json.dumps({"results": []}))


def by_robmask(robmask):
    with tempfile.TemporaryDirectory() as folder:
        def train(name, *more):
            subprocess.run([robmask, "train", "--width", "1", "--limit-train", "16", "--quiet",
                            "--limit-test", "4", "--epochs", "2", "--batch", "8", "--device", "cpu",
                            "--threads", "1", "--attack-steps", "1", "--out", name, *more],
                           cwd=folder, check=True, stdout=subprocess.DEVNULL)
            return pathlib.Path(folder, name)

        run = train("masks", "--method", "robmask", "--steps", "3", "--bn-stats", "split")
        put("weights", "robmask", (run / "model.safetensors").read_bytes())
        run = train("plain", "--method", "standard", "--steps", "3")
        put("weights", "standard", (run / "model.safetensors").read_bytes())
        # The harness's run names other images than ours.
        state = (run / "state.safetensors").read_bytes()
        length = struct.unpack("<Q", state[:8])[0]
        header = json.loads(state[8:8 + length])
        header["__metadata__"]["training_images_fingerprint"] = "feed"
        put("state", "standard", safetensors(header, state[8 + length:]))
        config, log = (run / "config.json").read_bytes(), (run / "log.csv").read_bytes()
        put("stored", "standard", config)
        put("run", "standard", config + b"\0" + log)


def main():
    for old in CORPUS.glob("*/*"):
        if not old.name.startswith("finding-"):
            old.unlink()
    by_hand()
    by_robmask(pathlib.Path(sys.argv[1]).resolve())
    total = sum(path.stat().st_size for path in CORPUS.glob("*/*"))
    print(f"{len(list(CORPUS.glob('*/*')))} files, {total} bytes in {CORPUS}")


if __name__ == "__main__":
    main()
