#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Interrupt the machine's suspend and resume once at every point.

usage: tests/proof/wake_sweep.py [--short] [--gic N] [--cpus N] [--source level|edge|key] [--up-stride N] [--down-stride N] [-j N]
       tests/proof/wake_sweep.py --at GIC:CPUS:SOURCE:PART:AT

A bare guest (tests/guest/sweep.c) in the place of Dom0 calls SYSTEM_SUSPEND thousands of times, with the alarm an
instruction later each time; virtual time is instructions (-icount). Each point has to end in one of two ways, aborted
or slept, with the alarm as the reason, and Dom0 has to get its interrupt once. Parts of the path:

  down    from Dom0's call to the row of the phase commit
  commit  from there to the power-off, and a little beyond: every instruction
  gone    around the instruction from which on the interrupt wakes the machine instead of calling the suspend off
  up      from the power-off to Dom0's first instruction; the machine wakes for no reason there

Sources: the alarm as a level and as an edge to Dom0, and a key's release, an edge at the GIC that nobody holds. The key
has no part "up", for a reset of QEMU's machine takes it away.

A point that failed is printed with its --at, which runs that point alone and shows the console.
"""

import dataclasses
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from rig import ROOT, Rig

from dormouse_run import command  # noqa: E402 - rig.py made the path
from dormouse_run.launch import die_with_parent
from dormouse_run.qmp import Qmp, QmpError

SOURCES = ("level", "edge", "key")  # by their numbers in tests/guest/sweep_source.c
INTIDS = {"level": 34, "edge": 34, "key": 39}
CHUNK = 4000  # points that one machine does at most
# The path is not always equally long: by so much at most it differs from machine to machine.
OVERLAP = 400
SILENT_S = 120  # a machine that says nothing for so long hangs
# Part "up": virtual time may jump to the next timer while the machine is reset. A net filter gives it one each
# millisecond, and the reset comes just before the last of them before the alarm.
TICK_US = 1000
UP_TICKS = 1_000_032
RESET_EARLY = 8000
UP_AFTER = (740_000, 960_000)  # ticks after the power's return to the wake-up: the alarm is after all of it, before all
SURVEY_SLEEPS = 23  # that a machine has behind it before its first point

SHORT = ((2, 2, "level"), (3, 1, "edge"), (3, 2, "key"))
SHORT_STRIDES = {"down_stride": 1499, "commit_stride": 283, "up_stride": 1999, "gone": 150, "key_stride": 3499}
STRIDES = {"down_stride": 97, "commit_stride": 1, "up_stride": 199, "gone": 0, "key_stride": 499}


@dataclasses.dataclass(frozen=True)
class Setup:
    """One machine."""
    gic: int
    cpus: int
    source: str

    def __str__(self):
        return f"GICv{self.gic}, {self.cpus} CPU{'s' * (self.cpus > 1)}, {self.source}"


@dataclasses.dataclass(frozen=True)
class Task:
    """What one machine is to do: points of one part, from first to last."""
    setup: Setup
    part: str
    first: int
    last: int
    stride: int
    lead: int = 0  # part "up": ticks from the call to the alarm

    def count(self):
        return (self.last - self.first) // self.stride + 1

    def name(self, at):
        """For --at."""
        lead = f":{self.lead}" if self.lead else ""
        return f"{self.setup.gic}:{self.setup.cpus}:{self.setup.source}:{self.part}:{at}{lead}"

    def guest(self):
        number = SOURCES.index(self.setup.source)
        if self.part == "up":
            return f"source={number} base=0 first={self.lead} count={self.count()}"
        base = ("down", "commit", "gone").index(self.part)
        return f"source={number} base={base} first={self.first} last={self.last} stride={self.stride}"

    def arguments(self):
        """For scripts/run."""
        out = ["--icount", "--gic", str(self.setup.gic), "--cpus", str(self.setup.cpus), "--mem", "256M",
               "--kernel", str(ROOT / "build/release/guest/sweep.bin"), "--initrd", "none",
               "--append", f"dormouse=1 {self.guest()}"]
        if self.part == "up":
            first = self.first - SURVEY_SLEEPS * self.stride
            out += [f"--firmware=wake-after={first}", f"--firmware=wake-step={self.stride}"]
            for word in ("-netdev", "hubport,id=tick,hubid=0",
                         "-object", f"filter-buffer,id=tick0,netdev=tick,interval={TICK_US}"):
                out.append(f"--qemu-arg={word}")
        return out


@dataclasses.dataclass(frozen=True)
class Point:
    """One line of the guest's, see there."""
    at: int
    outcome: str
    irqs: int
    intid: int
    direction: str
    step: str
    offset: int
    from_commit: int

    def complaint(self, task):
        if self.outcome not in "SD":
            return f"the journal says {self.outcome}"
        if self.irqs != 1:
            return f"{self.irqs} interrupts"
        if self.intid != INTIDS[task.setup.source] and not (task.part == "up" and self.intid == -1):
            return f"woken by {self.intid}"
        return ""

    def place(self):
        return f"{self.direction} {self.step}"


POINT = re.compile(r"(?:^|[>)\]] )p (-?\d+) (\S) (\d+) (-?\d+) (\S+) (\S+) (-?\d+) (-?\d+)\s*$", re.M)


def numbers(name, text):
    match = re.search(rf"(?:^|[>)\]] ){name}((?: -?\d+)+)\s*$", text, re.M)
    return [int(n) for n in match[1].split()] if match else []


class Finger(threading.Thread):
    """Presses the power key whenever the guest says so, until the machine ends."""

    def __init__(self, folder, console):
        super().__init__(daemon=True)
        self.folder, self.console = folder, console
        self.start()

    def run(self):
        try:
            qmp = Qmp(self.folder / "qmp")
            with open(self.console, "rb") as file:
                rest = b""
                while not qmp.closed:
                    *lines, rest = (rest + file.read()).split(b"\n")
                    for _ in range(sum(line.rstrip().endswith(b"press") for line in lines)):
                        qmp.command("system_powerdown")
                    time.sleep(0.001)
        except (OSError, ValueError, QmpError):
            pass  # the machine is gone: its end tells


class Run:
    """One machine's run to its end."""

    def __init__(self, task):
        self.task = task
        self.text = self.why = ""
        with tempfile.TemporaryDirectory(prefix="dormouse-sweep-") as folder:
            self._run(Path(folder))
        self.points = [Point(int(m[1]), m[2], int(m[3]), int(m[4]), m[5], m[6], int(m[7]), int(m[8]))
                       for m in POINT.finditer(self.text)]
        self.to_commit, self.length = (numbers("path", self.text) + [0, 0])[:2]
        self.gone = (numbers("gone", self.text) + [0])[0]
        if not self.why and not re.search(r"(?:^|[>)\]] )ok 1 - swept", self.text, re.M):
            self.why = "it ended before its time"

    def _run(self, folder):
        args = command.parser().parse_args(self.task.arguments())
        console = folder / "console"
        argv = command.qemu_command(args, f"file:{console}", f"file:{folder / 'firmware'}")
        if self.task.setup.source == "key":
            argv += ["-qmp", f"unix:{folder / 'qmp'},server=on,wait=off"]
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              preexec_fn=die_with_parent) as qemu:
            size, since = 0, time.monotonic()
            if self.task.setup.source == "key":
                Finger(folder, console)
            while qemu.poll() is None:
                time.sleep(0.1)
                now = console.stat().st_size if console.exists() else 0
                if now != size:
                    size, since = now, time.monotonic()
                elif time.monotonic() - since > SILENT_S:
                    self.why = "it hangs"
                    qemu.kill()
            stderr = qemu.stderr.read().decode(errors="replace")
        self.text = console.read_text(errors="replace").replace("\r", "") if console.exists() else stderr
        self.firmware = (folder / "firmware").read_text(errors="replace") if (folder / "firmware").exists() else ""

    def failures(self):
        """(at, why) of each point that failed, and of the machine if it did."""
        for p in self.points:
            why = p.complaint(self.task)
            if why:
                yield p.at, f"{why} ({p.place()} + {p.offset}, commit + {p.from_commit})"
        if self.why:
            done = self.points[-1].at + self.task.stride if self.points else self.task.first
            yield done, self.why + "\n" + "\n".join((self.text + self.firmware).splitlines()[-12:])


class Tally:
    """What all machines of one setup have seen."""

    def __init__(self):
        self.points = 0
        self.failed = Counter()
        self.places = Counter()
        self.offsets = set()  # from the start of the row of the phase commit
        self.gone = 0
        self.aborted = self.slept = 0

    def add(self, run):
        self.points += len(run.points)
        self.gone = max(self.gone, run.gone)
        for p in run.points:
            self.places[p.place()] += 1
            self.aborted += p.outcome == "D"
            self.slept += p.outcome == "S"
            if run.task.part != "up":
                self.offsets.add(p.from_commit)

    def holes(self):
        """Ranges of offsets from the start of the commit row to the power-off that no point was at."""
        missing = sorted(set(range(self.gone + 1)) - self.offsets)
        ranges = []
        for offset in missing:
            if ranges and offset - ranges[-1][1] <= 16:
                ranges[-1][1] = offset
            else:
                ranges.append([offset, offset])
        return ranges


def chunks(setup, part, first, last, stride):
    at = first
    while at <= last:
        end = min(at + CHUNK * stride, last)
        yield Task(setup, part, at - (OVERLAP if part == "commit" and at > 0 else 0), end, stride)
        at = end + 1


def plan(args, setup, survey):
    """All of one setup's tasks, by what its first machine has measured."""
    if setup.source == "key":
        # The power-off takes the key's release with it, and the points before it are not so sharp.
        yield from chunks(setup, "down", 0, survey.to_commit, args.key_stride)
        yield from chunks(setup, "commit", 0, survey.gone - OVERLAP, args.key_stride)
        return
    yield from chunks(setup, "down", 0, survey.to_commit, args.down_stride)
    yield from chunks(setup, "commit", 0, survey.gone + OVERLAP, args.commit_stride)
    if args.commit_stride > 1:
        yield Task(setup, "gone", -args.gone, args.gone, 1)
    lead = UP_TICKS + survey.to_commit + survey.gone + RESET_EARLY
    yield Task(setup, "up", *UP_AFTER, args.up_stride, lead)


class Sweep:
    """The campaign."""

    def __init__(self, rig, args):
        self.rig = rig
        self.args = args
        self.tallies = {}

    def run(self, tasks):
        for task, run in self.rig.run(tasks, Run):
            tally = self.tallies.setdefault(task.setup, Tally())
            tally.add(run)
            failures = list(run.failures())
            tally.failed[task.part] += len(failures)
            for at, why in failures[:5]:
                self.rig.note(f"{task.setup}, {task.part} {at}: {why}\n  --at {task.name(at)}")
            if task.count() > 0:
                self.rig.point(not failures, f"{task.setup}: {task.part}, {len(run.points)} points from {task.first} "
                               f"on, each {task.stride}", f"{len(failures)} failed")
            elif failures:
                self.rig.point(False, f"{task.setup}: survey")
            yield task, run

    def all(self):
        setups = [Setup(gic, cpus, source) for gic in self.args.gic for cpus in self.args.cpus
                  for source in self.args.source if not self.args.short or (gic, cpus, source) in SHORT]
        tasks = []
        for task, run in self.run([Task(setup, "down", 0, -1, 1) for setup in setups]):
            if run.gone:
                tasks += plan(self.args, task.setup, run)
        # The long ones first.
        for _ in self.run(sorted(tasks, key=lambda t: (t.part != "up", -t.count()))):
            pass
        if self.args.commit_stride == 1:
            self.cover(setups)

    def cover(self, setups):
        """Every instruction between Dormouse's last look and the power-off was hit, which is seen, not assumed."""
        sharp = [setup for setup in setups if setup.source != "key"]
        for _ in range(3):
            holes = [Task(setup, "commit", first, last, 1) for setup in sharp if setup in self.tallies
                     for first, last in self.tallies[setup].holes()]
            if not holes:
                break
            for _ in self.run(holes):
                pass
        for setup in sharp:
            holes = self.tallies[setup].holes() if setup in self.tallies else [[0, 0]]
            self.rig.point(not holes, f"{setup}: each of {self.tallies[setup].gone + 1} instructions from the row of the "
                           "phase commit to the power-off", f"not hit: {holes[:20]}")

    def show(self):
        for gic in self.args.gic:
            places, total = Counter(), 0
            for setup, tally in self.tallies.items():
                if setup.gic == gic:
                    places.update(tally.places)
                    total += tally.points
            self.rig.note(f"GICv{gic}: {total} points; where they fell:")
            for place, count in sorted(places.items(), key=lambda item: -item[1]):
                self.rig.note(f"  {count:8} {place}")

    def figures(self):
        points = {gic: sum(t.points for s, t in self.tallies.items() if s.gic == gic) for gic in self.args.gic}
        words = [f"{n} points on GICv{gic}" for gic, n in points.items()]
        words.append(f"{sum(t.aborted for t in self.tallies.values())} aborted, "
                     f"{sum(t.slept for t in self.tallies.values())} slept and woken")
        words.append(f"{sum(sum(t.failed.values()) for t in self.tallies.values())} lost, doubled or hung")
        return ", ".join(words)


def replay(text):
    """One point of --at: its console, and what there is to complain about."""
    gic, cpus, source, part, at, lead = (text.split(":") + ["0"])[:6]
    task = Task(Setup(int(gic), int(cpus), source), part, int(at), int(at), 1, int(lead))
    run = Run(task)
    print(run.text)
    print(run.firmware)
    failures = list(run.failures())
    for _, why in failures:
        print(f"failed: {why}")
    return 1 if failures or not run.points else 0


def main():
    rig = Rig("wake-sweep", __doc__)
    add = rig.parser.add_argument
    add("--short", action="store_true", help="a short cut: one setup for each GIC, few points")
    add("--gic", type=int, action="append", choices=(2, 3))
    add("--cpus", type=int, action="append")
    add("--source", action="append", choices=SOURCES)
    add("--down-stride", type=int, metavar="N", help="instructions from point to point, before the last look")
    add("--commit-stride", type=int, metavar="N", help="the same from there to the power-off; 1: each one")
    add("--up-stride", type=int, metavar="N", help="the same on the way up")
    add("--key-stride", type=int, metavar="N", help="the same for the key, on the way down")
    add("--gone", type=int, metavar="N", help="each of so many instructions before and after the power-off, too")
    add("--at", metavar="GIC:CPUS:SOURCE:PART:AT", help="that point alone")
    args = rig.parse()
    if args.at:
        return replay(args.at)
    args.gic, args.cpus, args.source = args.gic or [2, 3], args.cpus or [1, 2], args.source or list(SOURCES)
    strides = SHORT_STRIDES if args.short else STRIDES
    for name, value in strides.items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    sweep = Sweep(rig, args)
    sweep.all()
    sweep.show()
    return rig.end(sweep.figures())


if __name__ == "__main__":
    sys.exit(main())
