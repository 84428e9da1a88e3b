# SPDX-License-Identifier: Apache-2.0
"""What a check found, and the comments that explain why it stays.

    /* static: CHECK[, CHECK]: why it's right as it is */

on the line of the finding, or above it (a comment on its own speaks for the next line of code; of a function, for
what is said about the function). CHECK is the name in the tool's own brackets. A comment without a reason is a
finding itself; one that explains nothing that is found is told of.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import compdb

COMMENT = re.compile(r"/\*\s*static:\s*(.*?)\*/", re.DOTALL)
WORDS = re.compile(r"([\w.-]+(?:,\s*[\w.-]+)*):\s+(\S.*)", re.DOTALL)
LEAST_REASON = 15   # characters; less isn't one


@dataclass(frozen=True, order=True)
class Finding:
    file: str
    line: int
    check: str
    text: str

    def __str__(self):
        return f"{self.file}:{self.line}: {self.text} [{self.check}]"


@dataclass
class Explanation:
    file: str
    line: int       # of the comment
    covers: range   # the lines of code
    checks: tuple
    reason: str
    used: set = field(default_factory=set)


def explanations_of(file, text):
    """(explanations, findings about comments that are none)"""
    good, bad = [], []
    for match in COMMENT.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        words = WORDS.fullmatch(match[1].replace("\n", " ").strip())
        reason = re.sub(r"[\s*]+", " ", words[2]).strip() if words else ""
        if len(reason) < LEAST_REASON:
            bad.append(Finding(file, line, "explanation", "no reason: /* static: CHECK: why */"))
            continue
        checks = tuple(re.split(r",\s*", words[1]))
        good.append(Explanation(file, line, _covers(text, match), checks, reason))
    return good, bad


def _covers(text, match):
    """The line of code that a comment speaks of; the whole of a macro's definition."""
    before = text[text.rfind("\n", 0, match.start()) + 1:match.start()]
    if before.strip():
        first = text.count("\n", 0, match.start())
    else:
        rest = re.match(r"(?:\s|/\*.*?\*/)*", text[match.end():], re.DOTALL)
        first = text.count("\n", 0, match.end() + rest.end())
    lines, last = text.split("\n"), first
    while lines[last].endswith("\\"):
        last += 1
    return range(first + 1, last + 2)


class Explanations:
    """All of the tree's."""

    def __init__(self, files):
        self.all, self.by_place, self.bad = [], {}, []
        for file in files:
            good, bad = explanations_of(file, Path(compdb.ROOT, file).read_text())
            self.bad += bad
            for e in good:
                self.all.append(e)
                for line in e.covers:
                    self.by_place.setdefault((e.file, line), []).append(e)

    def unexplained(self, found):
        """Those findings that no comment explains; the comments are marked as used."""
        left = []
        for f in sorted(set(found)):
            said = [e for e in self.by_place.get((f.file, f.line), ()) if f.check in e.checks]
            for e in said:
                e.used.add(f.check)
            if not said:
                left.append(f)
        return left

    def stale(self):
        """After all checks have run."""
        return [Finding(e.file, e.line, "explanation", f"explains {check}, which isn't found here")
                for e in self.all for check in e.checks if check not in e.used]
