#!/usr/bin/env python3
"""kernel_stalls.py CSV: where the warps of each kernel were when ncu looked, and what they waited for.

CSV is what `ncu --import FILE --page source --csv` printed of a report with the section SourceCounters. The
loop of a kernel reaches from the first to the last of the instructions that were executed most often; what
is executed as often as the first one is no loop."""

import collections
import csv
import sys

from kernel_times import readable

STALL, SAMPLES, EXECUTED = "stall_", "# Samples", "Instructions Executed"


def kernels(rows):
    """Name and instructions of each launch; ncu prints some twice."""
    found, head = [], None
    for row in rows:
        if not row:
            continue
        if row[0] == "Kernel Name":
            found.append((readable(row[1]), []))
            head = None
        elif found and head is None:
            head = row
        elif found and len(row) == len(head):
            found[-1][1].append(dict(zip(head, row)))
    return [launch for i, launch in enumerate(found) if i == 0 or launch != found[i - 1]]


def number(instruction, column):
    text = instruction.get(column, "")
    return int(text) if text.isdigit() else 0


def parts(instructions):
    """Before, in and behind the loop."""
    counts = [number(i, EXECUTED) for i in instructions] or [0]
    most = max(counts)
    first = counts.index(most)
    end = len(counts) - counts[::-1].index(most)
    if most <= counts[0]:
        first = end = 0
    return {"before": instructions[:first], "loop": instructions[first:end], "behind": instructions[end:]}


def main():
    with open(sys.argv[1], encoding="utf-8", errors="replace", newline="") as file:
        launches = kernels(csv.reader(file))
    sums = collections.defaultdict(lambda: collections.defaultdict(collections.Counter))
    for name, instructions in launches:
        for part, some in parts(instructions).items():
            for instruction in some:
                sums[name][part]["all"] += number(instruction, SAMPLES)
                for column in instruction:
                    if column.startswith(STALL) and "(" not in column:
                        sums[name][part][column[len(STALL):]] += number(instruction, column)
    if not sums:
        sys.exit("kernel_stalls: no kernel was looked at")

    def total(name):
        return sum(part["all"] for part in sums[name].values())

    for name in sorted(sums, key=total, reverse=True):
        print(f"{total(name):7} samples  {name}")
        for part, reasons in sums[name].items():
            if not reasons["all"]:
                continue
            share = [f"{reason} {100 * n / reasons['all']:.0f} %"
                     for reason, n in reasons.most_common(6) if n and reason != "all"]
            print(f"{100 * reasons['all'] / total(name):11.0f} % {part}: {', '.join(share)}")


if __name__ == "__main__":
    main()
