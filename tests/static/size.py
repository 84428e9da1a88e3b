# SPDX-License-Identifier: Apache-2.0
"""Functions and files over the budgets of CONTRIBUTING.md."""

import re
from pathlib import Path

import compdb
from findings import Finding

FUNCTION = 60   # lines, from the one with its name to its closing brace
FILE = 500

# The style has a function's braces alone in the first column; its name is on the first line behind a blank, a comment,
# a directive or another's end.
HEAD = re.compile(r"^[A-Za-z_][^;{}]*?\)[^;{}()]*\n\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"(\w+)\(")


def functions(file, text):
    """(name, first line, lines) of each."""
    for match in HEAD.finditer(text):
        head = text[match.start():match.start(1)]
        skipped = len(head) - len(head.lstrip())
        first = text.count("\n", 0, match.start() + skipped) + 1
        name = NAME.search(head)
        yield name[1] if name else "?", first, match[0].count("\n") + 1


def check(files):
    found = []
    for file in files:
        for name, line, length in functions(file, Path(compdb.ROOT, file).read_text()):
            if length > FUNCTION:
                found.append(Finding(file, line, "function-length", f"{name}() has {length} lines, over {FUNCTION}"))
    return found


def long_files(files):
    """(lines, file) of those over the budget, the longest first: a note, no fault."""
    lines = ((Path(compdb.ROOT, f).read_text().count("\n"), f) for f in files)
    return sorted((pair for pair in lines if pair[0] > FILE), reverse=True)
