#!/usr/bin/env python3
"""mutations.py TABLE OBJECT...: puts each mistake of the table into a copy of its file, compiles the
objects that it concerns, links them in place of the right ones with the OBJECTs of the emulated tests, and
runs the tests that must find it. Says for each what found it; fails if something was not found.

Environment: COMPILE and LINK, the commands without their files; LIBS; ONLY, to run the lines that hold
this text. `make mutations` sets them."""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

SOURCES = pathlib.Path("engine/cuda")
SECONDS = 120  # tests that take longer do not end


def read_table(path):
    """The lines of the table as lists of six; `\\|` stands for a bar inside a column."""
    for line in pathlib.Path(path).read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            columns = [c.strip().replace("\\|", "|") for c in re.split(r"(?<!\\)\|", line)]
            if len(columns) != 6:
                sys.exit(f"{path}: expected six columns, got {len(columns)}: {line}")
            yield columns


def mutate(text, number, old, new):
    """`text` with occurrence `number` of `old` replaced by `new`."""
    start = -1
    for _ in range(int(number)):
        start = text.find(old, start + 1)
        if start < 0:
            raise ValueError(f'occurrence {number} of "{old}" is not there; the table is out of date')
    return text[:start] + new + text[start + len(old):]


def command(variable, *words):
    return shlex.split(os.environ[variable]) + [str(w) for w in words]


def build(scratch, file, text, units, objects):
    """The tests with the mistake. Its objects come first: of two copies of an inline function the linker
    takes the first."""
    mutant = scratch / SOURCES / file
    mutant.parent.mkdir(parents=True)
    mutant.write_text(text)
    wrong = []
    for unit in units:
        source = scratch / SOURCES / f"{unit}.cu"
        if not source.exists():
            source = SOURCES / f"{unit}.cu"
        wrong.append(scratch / f"{unit}.o")
        subprocess.run(command("COMPILE", f"-I{scratch}", "-I.", "-x", "c++", "-c", source, "-o", wrong[-1]),
                       check=True)
    right = [o for o in objects if not any(o.endswith(f"emulated/objects/{SOURCES}/{u}.o") for u in units)]
    program = scratch / "tests"
    subprocess.run(command("LINK", "-o", program, *wrong, *right) + shlex.split(os.environ["LIBS"]), check=True)
    return program


def verdict(program, tests):
    """What the tests said first, or None if they passed."""
    try:
        done = subprocess.run([program, "--gtest_brief=1", f"--gtest_filter={tests}"], capture_output=True,
                              text=True, errors="replace", timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return "does not end"
    output = done.stdout + done.stderr
    if done.returncode == 0:
        if " 0 tests" in output:
            raise ValueError(f"no test is called {tests}")
        return None
    said = [l for l in output.splitlines() if l.startswith("GPU emulator:")]
    failed = [l for l in output.splitlines() if l.startswith("[  FAILED  ]") and "." in l]
    return (said or failed or [f"exit code {done.returncode}"])[0]


def main():
    table, *objects = sys.argv[1:]
    found = missed = 0
    for file, number, old, new, units, tests in read_table(table):
        name = f"{file}: {old} -> {new or 'nothing'}"
        if os.environ.get("ONLY", "") not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            text = mutate((SOURCES / file).read_text(), number, old, new)
            program = build(pathlib.Path(folder), file, text, units.split(), objects)
            said = verdict(program, tests)
        found, missed = found + bool(said), missed + (not said)
        print(f"{'found    ' if said else 'NOT FOUND'}  {name}\n           {said or tests}", flush=True)
    print(f"mutations: {found} found, {missed} not found")
    return 1 if missed or not found else 0


if __name__ == "__main__":
    sys.exit(main())
