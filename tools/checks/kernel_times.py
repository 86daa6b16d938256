#!/usr/bin/env python3
"""kernel_times.py CSV: the time of each kernel, by its number of blocks, in the last iteration
that ncu looked at, the longest first.

CSV is what `ncu --csv --print-units base --metrics gpu__time_duration.sum,lts__t_bytes.sum,dram__bytes.sum`
printed of a program that repeats an iteration; the program's own lines may lie between."""

import collections
import csv
import re
import sys

TIME, L2, MEMORY = "gpu__time_duration.sum", "lts__t_bytes.sum", "dram__bytes.sum"
LONGEST = 60


def readable(name):
    return re.sub(r"void |robmask::|cuda::|gpu::|\(anonymous namespace\)::|<unnamed>::", "", name)[:200]


def launches(lines):
    """In order, the kernel's name with its blocks, and its metrics."""
    found = {}
    for row in csv.DictReader(line for line in lines if line.startswith('"')):
        name = f"{readable(row['Kernel Name'])} {row['Grid Size']}"
        _, metrics = found.setdefault(row["ID"], (name, {}))
        metrics[row["Metric Name"]] = float(row["Metric Value"].replace(",", "") or 0)
    return list(found.values())


def last_iteration(all_launches):
    """The longest end of the list that equals what is before it: what came first is another thing."""
    names = [name for name, _ in all_launches]
    for length in range(len(names) // 2, 0, -1):
        if names[-length:] == names[-2 * length:-length]:
            return all_launches[-length:]
    return all_launches


def main():
    with open(sys.argv[1], encoding="utf-8", errors="replace") as file:
        iteration = last_iteration(launches(file))
    if not iteration:
        sys.exit("kernel_times: ncu saw no kernel")
    sums = collections.defaultdict(collections.Counter)
    for name, metrics in iteration:
        sums[name].update({**metrics, "launches": 1})
    total = sum(s[TIME] for s in sums.values())
    print(f"{len(iteration)} launches, {total / 1e3:.1f} us")
    for name, s in sorted(sums.items(), key=lambda item: -item[1][TIME])[:LONGEST]:
        rate = s[MEMORY] / s[TIME] if s[TIME] else 0  # bytes a nanosecond: GB a second
        print(f"{s[TIME] / 1e3:9.1f} us {100 * s[TIME] / (total or 1):5.1f} % {s['launches']:4} x "
              f"{s[L2] / 1e6:8.1f} MB of L2 {s[MEMORY] / 1e6:8.1f} MB of memory {rate:5.2f} GB/s  {name}")


if __name__ == "__main__":
    main()
