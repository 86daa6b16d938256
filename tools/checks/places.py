#!/usr/bin/env python3
"""Are the lines that a page names still those that it quotes?

usage: places.py [--mend] PAGE.md...

A row `| [path:12](../path#L12) | `code` | …` says that line 12 of path is `code`, or holds it. Where it
does not, the row is named, and the line that does; --mend writes that one's number into the page.
"""

import pathlib
import re
import sys

ROW = re.compile(r"^\| \[(?P<path>[^\]:]+):(?P<line>\d+)\]\((?P<up>[./]+)(?P<again>[^)#]+)#L\d+\) \| `+ ?(?P<code>.+?) ?`+ \|")


def main():
    mend = "--mend" in sys.argv
    faults, rows = 0, 0
    for page in [pathlib.Path(name) for name in sys.argv[1:] if name != "--mend"]:
        lines = page.read_text().splitlines()
        for number, text in enumerate(lines):
            row = ROW.match(text)
            if not row:
                continue
            rows += 1
            source = (page.parent / row["up"] / row["path"]).read_text().splitlines()
            found = [i for i, line in enumerate(source, 1) if row["code"] in line]
            line = int(row["line"])
            if row["path"] == row["again"] and line in found and f"#L{line})" in text:
                continue
            if mend and found:
                best = min(found, key=lambda i: abs(i - line))
                lines[number] = text.replace(f":{line}]", f":{best}]").replace(f"#L{line})", f"#L{best})")
                continue
            faults += 1
            where = f"stands at line {', '.join(map(str, found))}" if found else "is not there any more"
            print(f"{page}:{number + 1}: `{row['code']}` {where} of {row['path']}, not at {line}", file=sys.stderr)
        if mend:
            page.write_text("\n".join(lines) + "\n")
    if rows == 0:
        sys.exit("places.py: no rows that name places")
    print(f"places: {rows - faults} of {rows} lines stand where the page says")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
