#!/usr/bin/env python3
"""usage: tests/fuzz/commands.py ROBMASK FINDINGS SECONDS [SEED [NUMBER]]

Damages one file of a small run and lets a command read it, again and again for some seconds: it
must end within some more, by 0, 1 or 2, with few lines on standard error and no internal error. What
is done depends on SEED and the number alone; with NUMBER, that one case is done and told. Findings
are the damaged runs, in the folder FINDINGS; the exit code is 1 if there are any.
"""

import collections
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

LONGEST = 60  # seconds of a command
MOST_LINES = 12  # of standard error
ODD = [b"", b"0", b"-1", b"1e999", b"nan", b"null", b"[]", b"{}", b"\"x\"", b"99999999999999999999",
       b"2147483648", b"\xff", b"\n", b"0.5", b"true"]
FEW = ["--limit-test", "4", "--threads", "1"]
TRAIN = [*FEW, "--limit-train", "16", "--batch", "8"]
ATTACK = ["--attack", "fgsm", "--eps", "8/255"]
COMMANDS = {  # RUN is the damaged run
    "info": ["info", "--from", "RUN"],
    "evaluate": ["evaluate", "--from", "RUN", *FEW, "--attack", "clean"],
    "resumed evaluate": ["evaluate", "--from", "RUN", *FEW, *ATTACK, "--resume"],
    "paired evaluate": ["evaluate", "--from", "RUN", *FEW, *ATTACK, "--against", "RUN/images.csv"],
    "interpolate": ["interpolate", "--first", "RUN", "--second", "RUN", "--p", "0.5", *FEW,
                    "--attack", "clean"],
    "predict": ["predict", "--from", "RUN", *FEW, "--logits", "/dev/null"],
    "export": ["export", "--from", "RUN", "--out", "RUN/plain.safetensors"],
    "resumed train": ["train", "--out", "RUN", "--resume", "--threads", "1"],
    "begun train": ["train", "--init", "RUN/model.safetensors", "--width", "1", *TRAIN, "--steps",
                    "1", "--out", "RUN/new"],
    "finetune": ["finetune", "--from", "RUN", *TRAIN, "--steps", "1", "--out", "RUN/tuned"],
    "report": ["report", "RUN", *FEW, "--images", "1", "--masks", "0", "--attack-steps", "1"],
}


def run(robmask, words):
    return subprocess.run([robmask, *map(str, words)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LONGEST)


def make_run(robmask, folder):
    done = run(robmask, ["train", "--width", 1, *TRAIN, "--epochs", 2, "--steps", 3,
                         "--out", folder])
    assert done.returncode == 0, done.stderr
    evaluate = ["evaluate", "--from", folder, *FEW, *ATTACK]
    assert run(robmask, [*evaluate, "--per-image", folder / "images.csv"]).returncode == 0
    with open("/dev/full", "w") as full:  # the evaluation ends before its journal is removed
        subprocess.run([robmask, *map(str, evaluate)], stdout=full, stderr=subprocess.DEVNULL)
    assert (folder / "evaluation.journal").exists()


def other_number(content, chance):
    numbers = list(re.finditer(rb"-?\d+(\.\d+)?", content))
    if not numbers:
        return content
    at = chance.choice(numbers)
    return content[:at.start()] + chance.choice(ODD) + content[at.end():]


def other_header(content, chance):
    """A safetensors file with one word of its JSON changed, and the right length before it."""
    length = int.from_bytes(content[:8], "little")
    header, data = content[8:8 + length], content[8 + length:]
    words = list(re.finditer(rb'"[^"]*"|\d+', header))
    if not words:
        return content
    at = chance.choice(words)
    by = chance.choice(ODD + [chance.choice(words).group()])
    header = header[:at.start()] + by + header[at.end():]
    return len(header).to_bytes(8, "little") + header + data


def other_json(content, chance):
    """A setting less, or one of another's value."""
    try:
        settings = json.loads(content)
        name = chance.choice(list(settings))
        if chance.random() < 0.3:
            del settings[name]
        else:
            settings[name] = settings[chance.choice(list(settings))]
        return json.dumps(settings).encode()
    except (ValueError, KeyError):  # lines of JSON
        return other_number(content, chance)


def damaged(content, kind, chance):
    how = chance.randrange(6)
    place = chance.randrange(len(content) + 1)
    if how == 0:
        return content[:place]
    if how == 1:
        return content[:place] + bytes([chance.randrange(256)]) + content[place + 1:]
    if how == 2:
        return content[:place] + content[place:][:chance.randrange(200)] + content[place:]
    if how == 3:
        return content[:place] + content[place + chance.randrange(200):]
    if kind == ".safetensors":
        return other_header(content, chance)
    return other_json(content, chance) if kind == ".json" else other_number(content, chance)


def complaint(done):
    """What is wrong with how a command ended; empty if nothing is."""
    errors = done.stderr.decode(errors="replace")
    if done.returncode not in (0, 1, 2):
        return f"exit code {done.returncode}: {errors[-500:]}"
    if "internal error" in errors or "json.exception" in errors or "Sanitizer" in errors or \
            "runtime error" in errors:
        return errors.strip()
    if errors.count("\n") > MOST_LINES:
        return f"{errors.count(chr(10))} lines on standard error"
    if done.returncode == 2 and "robmask: " not in errors:
        return "no message"
    return ""


def case(robmask, whole, work, seed, number):
    """Does one case in `work`; returns the command, its words, how it ended and what is wrong."""
    chance = random.Random(f"{seed} {number}")
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(whole, work)
    file = chance.choice(sorted(path for path in work.iterdir() if path.is_file()))
    file.write_bytes(damaged(file.read_bytes(), file.suffix, chance))
    name = chance.choice(list(COMMANDS))
    words = [word.replace("RUN", str(work)) for word in COMMANDS[name]]
    try:
        done = run(robmask, words)
        return name, words, done.returncode, complaint(done)
    except subprocess.TimeoutExpired:
        return name, words, "none", f"it took longer than {LONGEST} seconds"


def main():
    robmask, findings, seconds = sys.argv[1], pathlib.Path(sys.argv[2]), float(sys.argv[3])
    seed = sys.argv[4] if len(sys.argv) > 4 else "0"
    only = int(sys.argv[5]) if len(sys.argv) > 5 else None
    ends, found, began = collections.Counter(), 0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        whole, work = pathlib.Path(folder, "whole"), pathlib.Path(folder, "run")
        make_run(robmask, whole)
        number = only or 0
        while only is not None or time.monotonic() - began < seconds:
            name, words, code, wrong = case(robmask, whole, work, seed, number)
            ends[code] += 1
            if wrong or only is not None:
                kept = findings / f"{seed}-{number}"
                shutil.rmtree(kept, ignore_errors=True)
                shutil.copytree(work, kept)
                print(f"  {name}: {wrong or code}\n  again: {sys.argv[0]} {robmask} {findings} 0 "
                      f"{seed} {number}, which leaves the run in {kept}")
                found += bool(wrong)
            if only is not None:
                break
            number += 1
    print(f"{'commands':<12} {sum(ends.values()):>10} {'':>8} {found or 'none':>9} "
          f"{time.monotonic() - began:>8.0f}   exit codes "
          + ", ".join(f"{code}: {count}" for code, count in sorted(ends.items(), key=str)))
    sys.exit(found > 0)


if __name__ == "__main__":
    main()
