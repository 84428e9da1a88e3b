#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How many lines of the pure code the host unit tests run.

Pure is what links into a unit test: the commands of `make unit-build` name it. Each source is compiled once for each set
of flags, with gcov's counters and without sanitizers; a test's processes add to the same counters.
"""

import gzip
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proof"))

import compdb  # noqa: E402
from rig import Rig  # noqa: E402

OUT = compdb.OUT / "coverage"
PRODUCT = ("hyp/", "firmware/", "tools/")
LEAST = 90        # per cent of all lines
LEAST_FILE = 80   # a file below is named
TIMEOUT_S = 900   # a loaded host is slow, and that is no failure


@dataclass(frozen=True)
class Test:
    name: str
    flags: tuple
    sources: tuple
    libraries: tuple


def tests():
    found = []
    for line in compdb.dry_run("unit-build"):
        words = shlex.split(line) if "-lcmocka" in line else []
        if not words:
            continue
        made = words[words.index("-o") + 1]
        drop = {"-MMD", "-MP", "-MF", words[words.index("-MF") + 1], "-o", made}
        sources = tuple(w for w in words[1:] if w.endswith(".c"))
        flags = tuple(w for w in words[1:] if w not in drop and w not in sources and not w.startswith(("-l", "-fsan",
                      "-fno-sanitize", "-O")))
        found.append(Test(Path(made).name, flags, sources, tuple(w for w in words if w.startswith("-l"))))
    return found


def object_of(source, flags):
    variant = hashlib.sha256(" ".join(flags).encode()).hexdigest()[:8]
    return OUT / variant / (source.removesuffix(".c") + ".o")


def run(argv, **more):
    done = subprocess.run(argv, cwd=compdb.ROOT, check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **more)
    return done.returncode, done.stdout


def compile_one(source, flags):
    """"" or what went wrong. Kept from a run before if nothing that it read is newer."""
    made = object_of(source, flags)
    made.parent.mkdir(parents=True, exist_ok=True)
    read = made.with_suffix(".d")
    if made.exists() and read.exists():
        words = read.read_text().replace("\\\n", " ").split()[1:]
        times = [Path(compdb.ROOT, w).stat().st_mtime for w in words if Path(compdb.ROOT, w).exists()]
        if times and len(times) == len(words) and max(times) < made.stat().st_mtime:
            return ""
    status, text = run(["gcc", *flags, "-w", "-O0", "--coverage", "-MMD", "-c", source, "-o",
                        str(made)])
    return text if status else ""


def run_test(test):
    """"" or what went wrong."""
    program = OUT / test.name
    to_linker = [flag for flag in test.flags if flag.startswith("-Wl,")]
    status, text = run(["gcc", "--coverage", *to_linker, *(str(object_of(s, test.flags)) for s in test.sources), *test.libraries,
                        "-o", str(program)])
    if status:
        return f"{test.name}: {text}"
    try:
        status, text = run([str(program)], timeout=TIMEOUT_S, env=dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP"))
    except subprocess.TimeoutExpired:
        return f"{test.name}: no end after {TIMEOUT_S} s"
    return f"{test.name}: status {status}: {text[-500:]}" if status else ""


def lines_of(made):
    """{file: {line: times run}} of one object."""
    counts = made.with_suffix(".gcda")
    if not counts.exists():
        counts = made.with_suffix(".gcno")   # linked into nothing that ran
    done = subprocess.run(["gcov", "--json-format", "--stdout", str(counts)], cwd=compdb.ROOT, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    text = gzip.decompress(done.stdout) if done.stdout[:2] == b"\x1f\x8b" else done.stdout
    found = {}
    for file in json.loads(text)["files"]:
        name = os.path.relpath(file["file"], compdb.ROOT) if os.path.isabs(file["file"]) else file["file"]
        lines = found.setdefault(name, defaultdict(int))
        for line in file["lines"]:
            lines[line["line_number"]] += line["count"]
    return found


def measure(jobs):
    """({file of the product: {line: times run}}, what went wrong)"""
    status, text = run(["make", "-s", "unit-data"])
    if status:
        return {}, [text]
    todo = tests()
    wanted = {(s, t.flags) for t in todo for s in t.sources}
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.rglob("*.gcda"):
        old.unlink()
    with ThreadPoolExecutor(jobs) as pool:
        wrong = [w for w in pool.map(lambda a: compile_one(*a), sorted(wanted)) if w]
        wrong = wrong or [w for w in pool.map(run_test, todo) if w]
        sums = defaultdict(lambda: defaultdict(int))
        if not wrong:
            product = [object_of(*w) for w in sorted(wanted) if w[0].startswith(PRODUCT)]
            for found in pool.map(lines_of, product):
                for name, lines in found.items():
                    for line, count in lines.items():
                        sums[name][line] += count
    # A file pure in itself; what a header adds to a test alone is not.
    pure = {s for s, _ in wanted if s.startswith(PRODUCT)}
    return {name: lines for name, lines in sums.items()
            if name in pure or (name.endswith(".h") and name.startswith(PRODUCT))}, wrong


def per_cent(lines):
    return 100 * sum(c > 0 for c in lines.values()) / len(lines) if lines else 100.0


def missed(lines):
    """1-3, 7: the lines that nothing ran."""
    spans, code = [], sorted(lines)
    for at, line in enumerate(code):
        if lines[line]:
            continue
        if spans and at and spans[-1][1] == code[at - 1]:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    return ", ".join(f"{a}-{b}" if a != b else f"{a}" for a, b in spans)


def not_pure(measured):
    """Sources of the product that no unit test has."""
    return sorted({u.source for u in compdb.c_units("hyp", "firmware", "tools")} - set(measured))


def points(rig, jobs, table):
    """The figures; prints the table and says to the rig what's proven."""
    measured, wrong = measure(jobs)
    rig.point(not wrong, "coverage: unit tests build and pass with counters", "\n".join(wrong))
    every = {(name, line): count for name, lines in measured.items() for line, count in lines.items()}
    whole = per_cent(every)
    for name, lines in sorted(measured.items(), key=lambda item: (per_cent(item[1]), item[0])):
        low = per_cent(lines) < LEAST_FILE
        if table or low:
            rig.note(f"{per_cent(lines):5.1f} % of {len(lines):4} lines  {name}" + (f": not {missed(lines)}" if low else ""))
    if table:
        rig.note("not linked into any unit test (hardware, or glue):")
        for name in not_pure(measured):
            rig.note(f"        {name}")
    rig.point(measured and whole >= LEAST, f"coverage: at least {LEAST} % of the pure code's lines",
              f"{whole:.1f} % of {len(every)} lines")
    return f"{whole:.1f} % of {len(every)} lines in {len(measured)} files"


def main():
    rig = Rig("coverage", __doc__)
    rig.parser.add_argument("--clean", action="store_true", help="compile all of it anew")
    args = rig.parse()
    if args.clean:
        shutil.rmtree(OUT, ignore_errors=True)
    return rig.end(points(rig, args.jobs, True))


if __name__ == "__main__":
    sys.exit(main())
