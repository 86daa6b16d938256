#!/usr/bin/env python3
"""Prints data/imagenet_classes.inc: ImageNet's 1,000 classes with WordNet's word for each.

    tools/convert/imagenet_classes.py >classes && mv classes data/imagenet_classes.inc

The wnids are those of the file as it is; a wnid's digits are the place of its synset in the database
of WordNet 3.0, Debian's package wordnet-base. The word is the synset's first; where two classes
share it, what both are kinds of tells them apart: "crane (wading bird)"."""

import collections
import pathlib
import re
import sys

NOUNS = pathlib.Path("/usr/share/wordnet/data.noun")
CLASSES = pathlib.Path(__file__).parents[2] / "data/imagenet_classes.inc"


def noun_synsets(lines):
    """Of each synset, by its place: its first word, and the place of what it is a kind of."""
    synsets = {}
    for line in lines:
        place, _, _, words, *fields = line.split(" | ")[0].split()
        pointers = fields[2 * int(words, 16) + 1:]  # behind a word and a number each, and a count
        kinds = [target for symbol, target in zip(pointers[::4], pointers[1::4])
                 if symbol in ("@", "@i")]
        synsets[place] = fields[0].replace("_", " "), kinds[0] if kinds else None
    return synsets


def titles_of(wnids, synsets):
    first = {wnid: synsets[wnid[1:]][0] for wnid in wnids}
    uses = collections.Counter(first.values())
    for wnid, word in first.items():
        kind = synsets[wnid[1:]][1]
        yield wnid, word if uses[word] == 1 else f"{word} ({synsets[kind][0]})"


def main():
    if not NOUNS.exists():
        sys.exit(f"imagenet_classes: {NOUNS}: not there; install Debian's wordnet-base")
    lines = NOUNS.read_text("ascii").splitlines()
    notice = [line[4:].strip() for line in lines if line.startswith("  ")]
    synsets = noun_synsets(line for line in lines if not line.startswith("  "))
    wnids = re.findall(r'"(n\d{8})"', CLASSES.read_text())
    print("// The classes of ImageNet (ILSVRC 2012) in order, with their words in WordNet 3.0; written by")
    print("// tools/convert/imagenet_classes.py. WordNet's notice:\n//")
    for line in notice:
        print(f"// {line}".rstrip())
    print()
    for wnid, title in titles_of(wnids, synsets):
        print(f'{{"{wnid}", "{title}"}},')


main()
