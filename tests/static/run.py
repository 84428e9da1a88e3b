#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Static checks: three analysers, stack depth, budgets, layers, scripts, and the coverage of the unit tests.

One point for each check and area. A finding is a fault unless a comment at its place says why it's right (findings.py).
--print shows the deepest chains and the table of coverage, too.
"""

import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proof"))

import analyzers  # noqa: E402
import compdb  # noqa: E402
import coverage  # noqa: E402
import findings  # noqa: E402
import selftest  # noqa: E402
import size  # noqa: E402
import stack  # noqa: E402
from rig import Rig  # noqa: E402

STACK_POINTS = {
    "frames": "every frame has a fixed size, and gcc's is what the code takes",
    "pointers": "every call through a pointer has known targets",
    "whole": "every function that is linked is reached from a root",
    "recursion": "no recursion without a bound",
    "depth": f"the deepest chain leaves {stack.MARGIN} bytes of each stack",
}


def tracked(*suffixes):
    files = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=compdb.ROOT, check=True,
                           text=True, stdout=subprocess.PIPE).stdout.split()
    return [f for f in files if f.endswith(suffixes) and Path(compdb.ROOT, f).exists()]


def c_files():
    return [f for f in tracked(".c", ".h") if not f.startswith("tests/static/planted/")]


def interpreter(file):
    with open(Path(compdb.ROOT, file), errors="replace") as f:
        return f.readline() if f.readable() else ""


def scripts(pattern, *suffixes):
    """Files with such a first line, or such a suffix."""
    return [f for f in tracked("") if f.endswith(suffixes or ("\0",)) or re.match(pattern, interpreter(f))]


def report(rig, name, left):
    rig.point(not left, name, "\n".join(map(str, left)))


def analyse(rig, explained):
    """All tools over all areas, in one queue so that no CPU idles between them."""
    todo = [(tool, unit) for tool in analyzers.TOOLS for unit in compdb.c_units()]
    found = {}
    for (tool, unit), result in rig.run(todo, lambda item: analyzers.run(*item)):
        found.setdefault((tool, unit.area), set()).update(result)
    for (tool, area), several in sorted(found.items()):
        report(rig, f"{tool}: {area}", explained.unexplained(several))
    return len(todo)


def stacks(rig, show):
    """The deepest chain of all, for the last line."""
    worst = []
    for program in stack.PROGRAMS:
        found = stack.analyse(program, rig.args.jobs)
        for kind, what in STACK_POINTS.items():
            report(rig, f"stack: {program.area}: {what}", found.faults[kind])
        for line in found.report if show else ():
            rig.note(f"{program.area}: {line}")
        worst += [f"{program.area} {used} of {size_}" for used, size_ in found.deepest()]
    return ", ".join(worst)


def command(rig, name, argv):
    done = subprocess.run(argv, cwd=compdb.ROOT, check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    rig.point(done.returncode == 0, name, done.stdout)


def main():
    rig = Rig("static", __doc__)
    rig.parser.add_argument("--print", action="store_true", help="the deepest chains and the whole table of coverage")
    rig.parser.add_argument("--no-coverage", action="store_true", help="without running the unit tests")
    args = rig.parse()
    command(rig, "the tree builds", ["make", "-s", f"-j{args.jobs}", "all", "tool", "guests"])
    for good, what, why in selftest.run():
        rig.point(good, what, why)
    files = c_files()
    explained = findings.Explanations(files)
    looked = analyse(rig, explained)
    report(rig, f"no function over {size.FUNCTION} lines without a reason", explained.unexplained(size.check(files)))
    report(rig, "every explanation has a reason", explained.bad)
    # No fault: what gcc's analyser follows changes with the code around.
    for stale in explained.stale():
        rig.note(stale)
    for lines, file in size.long_files(files) if args.print else ():
        rig.note(f"{lines} lines: {file}")
    depth = stacks(rig, args.print)
    command(rig, "include rule and headers of hyp, firmware and tools", ["make", "-s", f"-j{args.jobs}", "hyp-checks"])
    command(rig, "shellcheck", ["shellcheck", "-x", *scripts(r"#!/bin/(?:ba|busybox )?sh")])
    command(rig, "pyflakes", ["/usr/bin/python3", "-m", "pyflakes", *scripts(r"#!/usr/bin/python3", ".py")])
    covered = "coverage not measured" if args.no_coverage else "pure code " + coverage.points(rig, args.jobs, args.print)
    return rig.end(f"{looked} compilations analysed, {len(explained.all)} findings explained, {rig.failed} missed, "
                   f"deepest chains: {depth}; {covered}")


if __name__ == "__main__":
    sys.exit(main())
