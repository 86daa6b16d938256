#!/usr/bin/env python3
"""mutations.py TABLE OBJECT...: puts each mistake of the table into a copy of its file, compiles the
objects that it concerns, links them in place of the right ones with the OBJECTs of the emulated tests, and
runs the tests that must find it. Says for each which test found it, and what the emulator or ThreadSanitizer
said of it, if they did, with the source lines they named. Fails if something was not found, or a file not
named that the table wants named.

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
# However the file was found by the compiler; what is kept of it.
KERNEL_LINE = re.compile(r"\S*\bengine/cuda/([\w.]+:\d+)")

# ThreadSanitizer, as `make test-races` has it.
DETECTOR = ["-fsanitize=thread"]
DETECTED = ["setarch", "-R", "env", "OMP_NUM_THREADS=1", "TSAN_OPTIONS=halt_on_error=1"]


def read_table(path):
    """The lines of the table as lists of six and who must name which file: [] if nobody must. `\\|` stands
    for a bar inside a column."""
    for line in pathlib.Path(path).read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            columns = [c.strip().replace("\\|", "|") for c in re.split(r"(?<!\\)\|", line)]
            naming = columns.pop().split() if len(columns) == 7 else []
            if len(columns) != 6 or (naming and (len(naming) != 2 or naming[0] not in ("emulator", "races"))):
                sys.exit(f"{path}: expected six columns and perhaps `emulator FILE` or `races FILE`: {line}")
            yield columns + [naming]


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


def build(scratch, file, text, units, objects, detector):
    """The tests with the mistake, which the detector looks at alone. Its objects come first: of two copies
    of an inline function the linker takes the first."""
    mutant = scratch / SOURCES / file
    mutant.parent.mkdir(parents=True)
    mutant.write_text(text)
    wrong = []
    for unit in units:
        source = scratch / SOURCES / f"{unit}.cu"
        if not source.exists():
            source = SOURCES / f"{unit}.cu"
        wrong.append(scratch / f"{unit}.o")
        # -iquote goes before the -I of the flags.
        subprocess.run(command("COMPILE", *detector, "-iquote", scratch, "-x", "c++", "-c", source, "-o",
                               wrong[-1]), check=True)
    right = [o for o in objects if not any(o.endswith(f"emulated/objects/{SOURCES}/{u}.o") for u in units)]
    program = scratch / "tests"
    libraries = shlex.split(os.environ["LIBS"])
    subprocess.run(command("LINK", *detector, "-o", program, *wrong, *right, *libraries), check=True)
    return program


def explanation(output):
    """What the emulator or ThreadSanitizer said, or None; and the lines of kernels that were named."""
    report = output.partition("WARNING: ThreadSanitizer: ")[2]
    if report:  # a paragraph for each of the two accesses, its innermost line first
        named = [l.group(1) for l in map(KERNEL_LINE.search, report.split("\n\n")[:2]) if l]
        return f"{report.split(' (')[0]} at {' and '.join(named) or 'unknown lines'}", named
    for line in output.splitlines():
        if line.startswith("GPU emulator:"):
            return KERNEL_LINE.sub(r"\1", line), KERNEL_LINE.findall(line)
    return None, []


def run(words, tests):
    """Runs the tests: what they said, or None if they passed; and the lines that were named."""
    try:
        done = subprocess.run([*words, f"--gtest_filter={tests}"], capture_output=True, text=True,
                              errors="replace", timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return "does not end", []
    output = done.stdout + done.stderr
    if done.returncode == 0:
        if " 0 tests" in output:
            raise ValueError(f"no test is called {tests}")
        return None, []
    failed = re.findall(r"^\[  FAILED  \] ([^\s,]+)", output, re.M)
    begun = re.findall(r"^\[ RUN      \] (\S+)", output, re.M)
    said, named = explanation(output)
    if said or not failed:
        return f"{begun[-1]}: {said or f'exit code {done.returncode}'}", named
    return f"{failed[0]} fails; no line is named", named


def main():
    table, *objects = sys.argv[1:]
    found = missed = 0
    for file, number, old, new, units, tests, naming in read_table(table):
        name = f"{file}: {old} -> {new or 'nothing'}"
        if os.environ.get("ONLY", "") not in name:
            continue
        races = naming[:1] == ["races"]
        with tempfile.TemporaryDirectory() as folder:
            text = mutate((SOURCES / file).read_text(), number, old, new)
            program = build(pathlib.Path(folder), file, text, units.split(), objects,
                            DETECTOR if races else [])
            said, named = run([*(DETECTED if races else []), program], tests)
        good = said and (not naming or any(line.startswith(f"{naming[1]}:") for line in named))
        found, missed = found + bool(good), missed + (not good)
        print(f"{'found    ' if good else 'NOT NAMED' if said else 'NOT FOUND'}  {name}\n"
              f"           {said or tests}", flush=True)
    print(f"mutations: {found} found, {missed} not found or not named")
    return 1 if missed or not found else 0


if __name__ == "__main__":
    sys.exit(main())
