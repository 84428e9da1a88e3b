#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fuzz what takes input from guests, firmware and files (tests/fuzz/target_*.c), by libFuzzer.

usage: tests/fuzz/run.py [--time TIME | --runs N | --short] [-j N] [TARGET...]
       tests/fuzz/run.py --minimise | --report [TARGET...]

Each target begins with what is kept in the tree (corpus/, regressions/, seeds/) and goes on with what it has come upon
before (build/fuzz/found-before/). A finding stays in build/fuzz/findings/, and its base64 line, with a comment that says
what it was, goes to regressions/TARGET.txt. --minimise puts what covers most in least back into corpus/; --report shows
the functions of the code under test that no input reaches.
"""

import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "proof"))

from rig import ROOT, Rig  # noqa: E402

BUILD = ROOT / "build" / "fuzz"
COVERAGE = ROOT / "build" / "fuzz-coverage"
SHORT_S = 3  # of each target in make check
BUDGET = 32768  # bytes of corpus that a target has in the tree
SLOW_S = 60  # an input that takes longer is a finding; a loaded host is slow, too
# Longer inputs do no more: a sequence of calls ends at a length that fuzz_*.c set.
MAX_LEN = {"hostdt": 8192, "partial": 4096, "config": 2048, "hypercalls": 512}
USUAL_MAX_LEN = 256  # reaches as many edges as longer ones, sooner


def targets(wanted=()):
    every = sorted(p.stem.removeprefix("target_") for p in HERE.glob("target_*.c"))
    if unknown := sorted(set(wanted) - set(every)):
        sys.exit(f"fuzz: no such target: {', '.join(unknown)}; there are {', '.join(every)}")
    return list(wanted) or every


def unpack(file):
    """The inputs that a file of base64 lines keeps, as a folder. '#' begins a comment."""
    folder = BUILD / file.parent.name / file.stem
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, line in enumerate(file.read_text().splitlines()):
        if line and not line.startswith("#"):
            (folder / f"{number + 1}").write_bytes(base64.b64decode(line, validate=True))
    return folder


def kept(target):
    """Folders with inputs that are in the tree, or made from it."""
    files = [HERE / folder / f"{target}.txt" for folder in ("corpus", "regressions")]
    folders = [unpack(f) for f in files if f.exists()]
    seeds = BUILD / "seeds" / target, HERE / "seeds" / target
    return folders + [f for f in seeds if f.is_dir() and not any(f.glob("*.dts"))]


class Run:
    """One fuzzer under way: where it is, what it has found."""

    def __init__(self, target, limit, corpus):
        self.target = target
        self.executions = self.coverage = 0
        self.found = BUILD / "findings"
        self.found.mkdir(parents=True, exist_ok=True)
        corpus.mkdir(parents=True, exist_ok=True)
        argv = [BUILD / target, *limit, f"-timeout={SLOW_S}", "-print_final_stats=1", "-entropic=0",
                f"-max_len={MAX_LEN.get(target, USUAL_MAX_LEN)}", f"-artifact_prefix={self.found}/{target}-"]
        if (words := HERE / "dict" / f"{target}.dict").exists():
            argv.append(f"-dict={words}")
        self.argv = [*map(str, argv), str(corpus), *map(str, kept(target))]

    def go(self, on_line=None):
        """Runs to the end. None, or what it said of a finding."""
        tail = []
        env = dict(os.environ, UBSAN_OPTIONS="print_stacktrace=1", ASAN_OPTIONS="allocator_may_return_null=1")
        with subprocess.Popen(self.argv, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, text=True, errors="replace",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as fuzzer:
            for line in fuzzer.stdout:
                self._read(line)
                tail = [*tail[-99:], line]
                if on_line:
                    on_line()
        if fuzzer.returncode == 0 and self.executions:
            return None
        marks = [i for i, t in enumerate(tail) if re.search(r"==fuzz==|ERROR:|runtime error:", t)]
        return f"exit status {fuzzer.returncode}\n" + "".join(tail[marks[0] if marks else -20:][:40])

    def _read(self, line):
        if match := re.match(r"#(\d+)\t.*?cov: (\d+)", line):
            self.executions, self.coverage = int(match.group(1)), int(match.group(2))
        elif match := re.match(r"stat::number_of_executed_units:\s*(\d+)", line):
            self.executions = int(match.group(1))


def count_text(n):
    return f"{n / 1e6:.1f}M" if n >= 1e6 else f"{n / 1e3:.0f}k" if n >= 1e4 else str(n)


def limit_of(args, count):
    if args.runs:
        return [f"-runs={args.runs}"]
    if args.short:
        return [f"-max_total_time={SHORT_S}", "-seed=1"]
    return [f"-max_total_time={max(1, int(args.time * args.jobs / count) - 2)}"]


def fuzz(rig, args):
    names = targets(args.targets)
    rig.plan(len(names))
    total, lock = {}, threading.Lock()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        def one(target):
            corpus = Path(scratch) / target if args.short else BUILD / "found-before" / target
            run = Run(target, limit_of(args, len(names)), corpus)

            def show():
                with lock:
                    total[target] = run.executions
                rig.progress(f"{target} {count_text(run.executions)}, {run.coverage} edges; "
                             f"{count_text(sum(total.values()))} in all, {rig.failed} findings")
            return run.go(show), run

        for target, (why, run) in rig.run(names, one):
            total[target] = run.executions
            rig.point(not why, f"{target}: {run.executions} executions, {run.coverage} edges", why)
    figures = ", ".join(f"{t} {count_text(total[t])}" for t in names)
    return rig.end(f"{count_text(sum(total.values()))} executions ({figures}), {rig.failed} findings")


def minimise(names):
    for target in names:
        keep, size = [], 0
        with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
            # By edges alone: how often each is taken would keep ten times as much.
            subprocess.run([str(BUILD / target), "-merge=1", "-use_counters=0", "-max_len=1048576", scratch,
                            str(BUILD / "found-before" / target), *map(str, kept(target))],
                           cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
            for data in sorted((f.read_bytes() for f in Path(scratch).iterdir()), key=lambda d: (len(d), d)):
                if size + len(data) <= BUDGET:
                    size += len(data)
                    keep.append(base64.b64encode(data).decode())
        (HERE / "corpus").mkdir(exist_ok=True)
        (HERE / "corpus" / f"{target}.txt").write_text("\n".join(keep) + "\n")
        print(f"{target}: {len(keep)} inputs, {size} bytes")


# What a target is for, of all that is linked to it.
FOCUS = {
    "cmdline": ("boot/cmdline", "suspend/faults"), "config": ("dormouse/config", "dormouse/spec"),
    "devices": ("virt/vuart", "virt/vrtc", "virt/vgpio", "virt/vmmio", "virt/trap."),
    "hostdt": ("hyp/boot",), "hypercalls": ("virt/hypercall", "virt/grant", "virt/evtchn", "core/p2m"),
    "journal": ("suspend/journal", "dormouse/journal"), "partial": ("boot/passthrough", "boot/domudt"),
    "psci": ("virt/vpsci", "core/domain_power", "suspend/"), "sysregs": ("virt/sysregs", "virt/idregs", "virt/vtimer"),
    "vgic_v2": ("virt/vgic",), "vgic_v3": ("virt/vgic",),
}


def functions_of(target, data):
    """(name, lines, lines never reached) of each function in its .c files."""
    text = subprocess.run(["llvm-cov", "report", "-show-functions", f"-instr-profile={data}", COVERAGE / target,
                           *(str(ROOT / d) for d in ("hyp", "tools"))], check=True, cwd=ROOT,
                          stdout=subprocess.PIPE, text=True).stdout
    wanted = False
    for line in text.splitlines():
        if line.startswith("File '"):
            wanted = line.endswith(".c':") and any(f in line for f in FOCUS[target])
        elif wanted and (match := re.match(r"(\S+)\s+\d+\s+\d+\s+[\d.]+%\s+(\d+)\s+(\d+)\s", line)):
            if match.group(1) != "TOTAL":
                yield match.group(1).split(":")[-1], int(match.group(2)), int(match.group(3))


def report(names):
    subprocess.run(["make", "-s", "-j2", "fuzz-build", "FUZZ_COVERAGE=1"], cwd=ROOT, check=True, stdout=sys.stderr)
    for target in names:
        raw, data = COVERAGE / f"{target}.profraw", COVERAGE / f"{target}.profdata"
        subprocess.run([str(COVERAGE / target), "-runs=0", str(BUILD / "found-before" / target), *map(str, kept(target))],
                       cwd=ROOT, check=True, stderr=subprocess.DEVNULL, env=dict(os.environ, LLVM_PROFILE_FILE=raw))
        subprocess.run(["llvm-profdata", "merge", "-o", data, raw], check=True)
        functions = list(functions_of(target, data))
        lines, missed = sum(f[1] for f in functions), sum(f[2] for f in functions)
        print(f"{target}: {100 - 100 * missed / lines:.1f} % of {lines} lines; never reached: "
              + (", ".join(name for name, all_of_it, not_reached in functions if all_of_it == not_reached) or "none"))


def main():
    rig = Rig("fuzz", __doc__, time=600)
    rig.parser.add_argument("--runs", type=int, help="so many executions of each target")
    rig.parser.add_argument("--short", action="store_true", help=f"what is kept, and {SHORT_S} s of each target")
    rig.parser.add_argument("--minimise", action="store_true", help="keep in the tree what was found")
    rig.parser.add_argument("--report", action="store_true", help="functions that no input reaches")
    rig.parser.add_argument("targets", nargs="*", metavar="TARGET")
    args = rig.parse()
    if args.short:
        subprocess.run(["make", "-s", f"-j{args.jobs}", "fuzz-build"], cwd=ROOT, check=True, stdout=sys.stderr)
    if args.minimise or args.report:
        (minimise if args.minimise else report)(targets(args.targets))
        return 0
    return fuzz(rig, args)


if __name__ == "__main__":
    sys.exit(main())
