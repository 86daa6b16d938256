#!/usr/bin/env python3
"""Runs the course: every block of code in docs/course must compile, run, or stand in the sources.

usage: course.py FOLDER [LESSON.md...]     programs are built in FOLDER; without lessons, all of them
       course.py --write 3-1 FILE.cpp      the first program of lesson 3
CXX_COMMAND compiles, LIBRARY and EMULATED are what programs are linked with.

  ```cpp               Blocks are a notebook. One with a main is run, after all blocks above it in its
                       lesson that have none. Programs of lesson 8 run on the emulated GPU.
  ```cpp engine/x.cpp  An excerpt: its lines stand in that file, in this order; `…` leaves some out.
  ```sh                Each line runs in the repository; `make TARGET` need only be a target. Blocks run side by
                       side, so what needs another command stands in its block.
  ```text              What the program or the commands above it print, byte for byte; lines may be left out by `…`, and
                       in a line … is anything.
Blocks of math are not looked at; there are no others. Links into the repository lead somewhere.
"""

import concurrent.futures
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Block:
    def __init__(self, lesson, line, info):
        words = info.split()
        self.lesson, self.line = lesson, line
        self.language = words[0] if words else ""
        self.file = words[1] if len(words) > 1 else None
        self.lines = []
        self.expected = None  # the block of text behind it

    @property
    def text(self):
        return "\n".join(self.lines) + "\n"

    @property
    def place(self):
        return f"{self.lesson.relative_to(ROOT)}:{self.line}"

    @property
    def is_program(self):
        return self.language == "cpp" and not self.file and any(line.startswith("int main(") for line in self.lines)


def blocks_of(lesson):
    blocks, inside = [], None
    for number, line in enumerate(lesson.read_text().splitlines(), 1):
        if inside is None and line.startswith("```"):
            inside = Block(lesson, number, line[3:])
        elif inside is not None and line == "```":
            if inside.language == "text" and blocks:
                blocks[-1].expected = inside
            blocks.append(inside)
            inside = None
        elif inside is not None:
            inside.lines.append(line)
    return blocks


def find_excerpt(block):
    """An error, or None: lines of the block stand in its file one behind the other."""
    path = ROOT / block.file
    if not path.exists():
        return f"there is no {block.file}"
    source = [line.strip() for line in path.read_text().splitlines()]
    wanted = [line.strip() for line in block.lines if line.strip()]
    at, jump = 0, True
    for line in wanted:
        if line in ("…", "// …"):
            jump = True
            continue
        try:
            found = source.index(line, at)
        except ValueError:
            return f"{block.file} has no line `{line}`" + (" behind those before it" if at else "")
        if not jump and any(source[at:found]):
            return f"in {block.file} `{line}` does not follow the line before it"
        at, jump = found + 1, False
    return None


def matches(printed, expected):
    """Whether the text is what was printed; a line of … stands for any lines, … in a line for anything."""
    pattern = ""
    for line in expected.splitlines():
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += r"[^\n]*?".join(map(re.escape, line.rstrip().split("…"))) + r"[ ]*\n"
    return re.fullmatch(pattern, printed) is not None


def compare(block, printed):
    if block.expected and not matches(printed, block.expected.text):
        return f"printed\n{printed}instead of the text at line {block.expected.line}"
    return None


def program_of(blocks, block):
    """The notebook above a block, then the block; errors of the compiler name the lesson's lines."""
    parts = []
    for other in blocks[: blocks.index(block) + 1]:
        if other.language == "cpp" and not other.file and (other is block or not other.is_program):
            parts.append(f'#line {other.line + 1} "{other.lesson}"\n{other.text}')
    return "".join(parts)


def run_program(folder, blocks, block):
    number = block.lesson.name.split("-")[0]
    stem = folder / f"{number}-{sum(b.is_program for b in blocks[: blocks.index(block)]) + 1}"
    source, binary = stem.with_suffix(".cpp"), stem
    libraries = os.environ["EMULATED" if number == "8" else "LIBRARY"].split()
    text = f"// {os.environ['CXX_COMMAND']}\n" + program_of(blocks, block)  # other flags, another program
    if not source.exists() or source.read_text() != text:
        source.write_text(text)
    made_of = [source] + [ROOT / part for part in libraries if part.endswith((".o", ".a"))]
    if not binary.exists() or any(p.stat().st_mtime > binary.stat().st_mtime for p in made_of):
        command = shlex.split(os.environ["CXX_COMMAND"]) + ["-o", str(binary), str(source)] + libraries
        built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if built.returncode:
            return "does not compile\n" + built.stderr
    ran = subprocess.run([binary], cwd=ROOT, capture_output=True, text=True, timeout=300)
    if ran.returncode:
        return f"ends with {ran.returncode}\n{ran.stdout}{ran.stderr}"
    return compare(block, ran.stdout)


def run_commands(block):
    printed = ""
    for line in block.text.replace("\\\n", "").splitlines():
        words = shlex.split(line, comments=True)
        if not words:
            continue
        if words[0] == "make":
            command = ["make", "-n", "-j1"] + words[1:]
        else:
            command = ["sh", "-c", line]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
        if ran.returncode:
            return f"`{line}` ends with {ran.returncode}\n{ran.stdout}{ran.stderr}"
        printed += ran.stdout if words[0] != "make" else ""
    return compare(block, printed)


def broken_links(lesson):
    prose = re.sub(r"^```.*?^```$|`[^`\n]*`", "", lesson.read_text(), flags=re.M | re.S)
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", prose)
    return [link for link in links if not (lesson.parent / link).exists()]


def check(folder, blocks, block):
    if block.language == "cpp" and block.file:
        return find_excerpt(block)
    if block.is_program:
        return run_program(folder, blocks, block)
    if block.language == "sh":
        return run_commands(block)
    if block.language == "cpp" and not any(b.is_program for b in blocks[blocks.index(block) :]):
        return "no program of the lesson compiles this block"
    if block.language not in ("cpp", "text", "math"):
        return f"a block of `{block.language}` that nothing checks"
    return None


def write_program(name, file):
    number, which = name.split("-")
    for lesson in (ROOT / "docs/course").glob(f"{number}-*.md"):
        blocks = blocks_of(lesson)
        programs = [block for block in blocks if block.is_program]
        if which.isdigit() and 1 <= int(which) <= len(programs):
            text = program_of(blocks, programs[int(which) - 1])
            return pathlib.Path(file).write_text(re.sub(r"^#line .*\n", "", text, flags=re.M))
        sys.exit(f"course.py: lesson {number} has programs {number}-1 to {number}-{len(programs)}, not {name}")
    sys.exit(f"course.py: no lesson {number}")


def main():
    if sys.argv[1:2] == ["--write"]:
        return write_program(*sys.argv[2:])
    folder = pathlib.Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    lessons = [pathlib.Path(p).resolve() for p in sys.argv[2:]] or sorted((ROOT / "docs/course").glob("*.md"))
    if not lessons:
        sys.exit("course.py: no lessons in docs/course")
    failed, done = 0, {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = []
        for lesson in lessons:
            for link in broken_links(lesson):
                failed += 1
                print(f"{lesson.relative_to(ROOT)}: leads to {link}, which is not there", file=sys.stderr)
            blocks = blocks_of(lesson)
            jobs += [(block, pool.submit(check, folder, blocks, block)) for block in blocks]
        for block, job in jobs:
            fault = job.result()
            done[block.language] = done.get(block.language, 0) + 1
            if fault:
                failed += 1
                print(f"{block.place}: {fault}", file=sys.stderr)
    print("course: " + ", ".join(f"{count} blocks of {language}" for language, count in sorted(done.items())))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
