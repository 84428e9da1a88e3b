#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Run the bare guests and count their tests.

usage: tests/guest/run.py [--on dormouse|firmware|qemu]... [--gic 2|3]... [--cpus N]... [GUEST]...

Each guest runs on each machine of its row in MATRIX below:
  dormouse   under the hypervisor, in the place of Dom0's kernel
  firmware   natively, on our firmware: what hardware answers
  qemu       natively, on QEMU's own PSCI, which lacks much
Without --on: dormouse and firmware. Ends in a line "N passed, N failed"; exit status 1 if one failed.
"""

import argparse
import concurrent.futures
import dataclasses
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclasses.dataclass(frozen=True)
class Row:
    """A guest and the machines that it runs on: one for each GIC, number of CPUs and place."""
    guest: str
    cpus: tuple = (1, 4)
    gics: tuple = (2, 3)
    on: tuple = ("dormouse", "firmware", "qemu")
    vcpus: int = 0  # under Dormouse only: more of them than CPUs
    timeout: int = 90
    cpu: str = "a72"
    firmware: tuple = ()
    icount: bool = False  # time is instructions: the same on any host
    peer: bool = False  # a second domain runs the same guest, with peer=1


MATRIX = (
    Row("gic", cpus=(1, 4, 8), timeout=150),
    Row("hypercall", cpus=(1, 2), on=("dormouse",)),
    Row("memory", cpus=(3,), gics=(3,), on=("dormouse",)),
    Row("psci"),
    Row("suspend", on=("dormouse", "firmware")),
    Row("suspend", cpus=(2,), on=("dormouse",), firmware=("gic=poison",)),
    Row("sysreg", cpus=(1, 2)),
    Row("sysreg", cpus=(2,), on=("dormouse",), cpu="max"),
    Row("sysreg", cpus=(2,), on=("dormouse",), vcpus=6),
    Row("sched", cpus=(4,)),
    Row("sched", cpus=(1, 2), on=("dormouse",), vcpus=8, timeout=120),
    Row("share", cpus=(1,), on=("dormouse",), vcpus=4, icount=True),
    Row("timer"),
    Row("watchdog", cpus=(2,), on=("dormouse", "firmware")),
    Row("control", cpus=(1, 2), on=("dormouse",), timeout=120),
    Row("evtchn", cpus=(1, 2), on=("dormouse",), peer=True),
    Row("evtchn", cpus=(1,), on=("dormouse",), vcpus=3, peer=True),
    Row("races", cpus=(1, 2, 4), on=("dormouse",), timeout=240),
    Row("timer", cpus=(2,), on=("dormouse",), vcpus=4),
)


@dataclasses.dataclass
class Case:
    """One run of one guest."""
    row: Row
    on: str
    gic: int
    cpus: int

    def __str__(self):
        text = f"{self.row.guest} on {self.on}, GICv{self.gic}, {self.cpus} CPUs"
        text += f", {self.row.vcpus} vCPUs" if self.row.vcpus else ""
        text += f", {self.row.cpu}" if self.row.cpu != "a72" else ""
        return text + "".join(f", {f}" for f in self.row.firmware)

    def command(self, build, qemu):
        append = {"dormouse": "dormouse=1", "firmware": "psci=firmware", "qemu": "psci=qemu"}
        words = append[self.on] + (" shared=1" if self.row.vcpus else "")
        guests = build / "guest"
        out = [str(ROOT / "scripts/run"), "--build", str(build), "--gic", str(self.gic),
               "--cpus", str(self.cpus), "--cpu", self.row.cpu, "--mem", "512M",
               "--kernel", str(guests / f"{self.row.guest}.bin"),
               "--initrd", str(guests / "initrd"), "--append", words,
               "--timeout", str(self.row.timeout)]
        if qemu:
            out += ["--qemu", qemu]
        out += ["--icount"] if self.row.icount else []
        for option in self.row.firmware:
            out += ["--firmware", option]
        if self.on == "qemu":
            out += ["--native", "--bios", "none"]
        elif self.on == "firmware":
            out += ["--native"]
        if self.row.peer:
            out += ["--domu", f"name=peer,kernel={guests / self.row.guest}.bin,mem=64M,xen=no-xenstore,"
                    f"initrd={guests / 'initrd'},append=dormouse=1 peer=1"]
        if self.on == "dormouse" and self.row.vcpus:
            out += ["--hyp-append", f"dom0_max_vcpus={self.row.vcpus}"]
        return out


@dataclasses.dataclass
class Result:
    passed: int = 0
    skipped: int = 0
    failures: list = dataclasses.field(default_factory=list)


# A line may carry the console's mark of who speaks, and Dormouse's lines come between.
POINT = re.compile(r"(?:^|[>)\]] |: )(not ok|ok) (\d+) - (.*?)(?: # (SKIP)\b.*)?$")
PLAN = re.compile(r"(?:^|[>)\]] |: )1\.\.(\d+)$")


def parse(text):
    """What a guest's console says: every planned point once, none failed, no bail out."""
    result = Result()
    planned = None
    seen = set()
    for line in text.splitlines():
        line = line.strip()
        if "Bail out!" in line:
            result.failures.append(line[line.index("Bail out!"):])
        elif match := PLAN.search(line):
            if planned is not None:
                result.failures.append("started twice")
            planned = int(match[1])
        elif match := POINT.search(line):
            state, number, name, skip = match.groups()
            if int(number) in seen or planned is None or int(number) > planned:
                result.failures.append(f"unplanned: {line}")
            seen.add(int(number))
            if state == "not ok":
                result.failures.append(f"{number} - {name}")
            elif skip:
                result.skipped += 1
            else:
                result.passed += 1
    if planned is None:
        result.failures.append("no plan: the guest did not start")
    else:
        missing = sorted(set(range(1, planned + 1)) - seen)
        result.failures += [f"{number} - missing" for number in missing]
    return result


def run(case, args):
    start = time.monotonic()
    try:
        ended = subprocess.run(case.command(args.build, args.qemu), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               timeout=case.row.timeout + 30)
        text, status = ended.stdout.decode("utf-8", "replace"), ended.returncode
    except subprocess.TimeoutExpired as error:
        text, status = (error.stdout or b"").decode("utf-8", "replace"), "no end of scripts/run"
    result = parse(text.replace("\r", ""))
    if status != 0:
        result.failures.append(f"scripts/run ended with {status}")
    return case, result, text, time.monotonic() - start


def cases(args):
    for row in MATRIX:
        if args.guests and row.guest not in args.guests:
            continue
        for on in row.on:
            if on not in (args.on or ("dormouse", "firmware")):
                continue
            for gic in row.gics:
                for cpus in row.cpus:
                    if (not args.gic or gic in args.gic) and (not args.cpus or cpus in args.cpus):
                        yield Case(row, on, gic, cpus)


def main():
    p = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter,
                                description=__doc__)
    p.add_argument("guests", nargs="*", metavar="GUEST", help="only these")
    p.add_argument("--on", action="append", choices=("dormouse", "firmware", "qemu"))
    p.add_argument("--gic", action="append", type=int, choices=(2, 3))
    p.add_argument("--cpus", action="append", type=int)
    p.add_argument("--build", type=Path, default=ROOT / "build/release")
    p.add_argument("--qemu", metavar="PATH", help="another QEMU")
    p.add_argument("--jobs", type=int, default=1, help="so many machines at a time")
    p.add_argument("--logs", type=Path, help="keep each console's text here")
    p.add_argument("--verbose", action="store_true", help="show each console's text")
    args = p.parse_args()
    known = {row.guest for row in MATRIX}
    for guest in set(args.guests) - known:
        p.error(f"no guest {guest}: there are {', '.join(sorted(known))}")
    args.build = args.build.resolve()
    (args.build / "guest").mkdir(parents=True, exist_ok=True)
    (args.build / "guest/initrd").write_text("no file system: guests need none\n")
    return report(args)


def report(args):
    todo = list(cases(args))
    passed = failed = skipped = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for case, result, text, seconds in pool.map(lambda c: run(c, args), todo):
            good = not result.failures
            print(f"{'ok  ' if good else 'FAIL'} {case}: {result.passed} passed, "
                  f"{len(result.failures)} failed, {result.skipped} skipped, {seconds:.1f} s",
                  flush=True)
            for failure in result.failures:
                print(f"       {failure}")
            if args.verbose or not good:
                print("".join(f"     | {line}\n" for line in text.splitlines()), end="")
            if args.logs:
                args.logs.mkdir(parents=True, exist_ok=True)
                name = re.sub(r"[^a-z0-9]+", "-", str(case).lower())
                (args.logs / f"{name}.log").write_text(text)
            passed += result.passed
            failed += len(result.failures)
            skipped += result.skipped
    if not todo:
        print("nothing to run: no guest has such a machine")
        failed = 1
    if skipped:
        print(f"{skipped} skipped")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
