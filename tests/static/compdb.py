# SPDX-License-Identifier: Apache-2.0
"""What make compiles, and how: read from its own dry run, so that no list of sources or flags is kept twice."""

import functools
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
OUT = ROOT / "build/static"

# Area: what its objects begin with.
AREAS = {
    "hyp": "build/release/hyp/",
    "firmware": "build/release/firmware/",
    "tools": "build/tool/",
    "guests": "build/release/guest/",
}

# Flags of gcc that clang doesn't know; none changes what the source means.
GCC_ONLY = re.compile(r"-mcmodel=|-mstrict-align|-mno-outline-atomics|-fstack-usage|-Wframe-larger-than=")


@dataclass(frozen=True)
class Unit:
    """One compilation."""
    area: str
    source: str   # relative to ROOT
    object: str
    argv: tuple   # without -c, the source, -o and what writes dependencies

    def gcc(self, *more):
        return [*self.argv, *more, "-c", self.source]

    def clang_flags(self):
        """The flags alone, for anything that is built on clang's parser."""
        return ["--target=aarch64-linux-gnu", *(a for a in self.argv[1:] if not GCC_ONLY.match(a))]


def dry_run(*targets):
    """The commands of make for these, one a line."""
    run = subprocess.run(["make", "-nB", "V=1", *targets], cwd=ROOT, check=False, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if run.returncode:
        sys.exit(f"static: make -n {' '.join(targets)}: {run.stderr}")
    return run.stdout.replace("\\\n", " ").splitlines()


def _unit(words):
    source = words[words.index("-c") + 1:words.index("-c") + 2] if "-c" in words else []
    if not source or "-o" not in words:
        return None
    source = [w for w in words if w.endswith((".c", ".S"))]
    made = words[words.index("-o") + 1]
    area = [name for name, prefix in AREAS.items() if made.startswith(prefix)]
    if len(source) != 1 or not area:
        return None
    drop = {"-c", "-MMD", "-MP", "-o", made, source[0]}
    return Unit(area[0], source[0], made, tuple(w for w in words if w not in drop))


@functools.cache
def units():
    """All of them, the assembly sources too, in make's order."""
    found = []
    for line in dry_run("all", "tool", "guests"):
        if " -c " in line and (unit := _unit(shlex.split(line))):
            found.append(unit)
    missing = [area for area in AREAS if not any(u.area == area for u in found)]
    if missing:
        sys.exit(f"static: make -n shows nothing compiled for {', '.join(missing)}")
    return found


def c_units(*areas):
    return [u for u in units() if u.source.endswith(".c") and u.area in (areas or AREAS)]
