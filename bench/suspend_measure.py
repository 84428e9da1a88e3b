# SPDX-License-Identifier: Apache-2.0
"""Runs bench/suspend's guest under -icount and counts: what bench/suspend makes its tables from."""

import bisect
import dataclasses
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from dormouse_run.qmp import Qmp  # noqa: E402

CYCLES = 4      # of which the first and the last aren't counted
TIMEOUT_S = 100
DOMAIN_MEM = "16M"


class BenchError(Exception):
    """A run didn't do what it should: with its console."""


@dataclasses.dataclass(frozen=True)
class Setup:
    """One machine."""
    gic: int = 3
    cpus: int = 4
    domains: int = 0
    mem: str = "1G"
    irqs: int = 0
    native: bool = False
    pad: int = 0  # bytes behind Dom0's kernel

    def __str__(self):
        what = "native" if self.native else f"{self.domains} domains"
        return f"GICv{self.gic}, {self.cpus} CPUs, {what}, {self.mem}, {self.irqs} interrupts"


@dataclasses.dataclass
class Cycle:
    """One sleep of the machine: {step: instructions}, in order, of each direction."""
    down: dict
    up: dict
    thaw: int = 0  # from Dom0's word to the last domain that goes on

    def __post_init__(self):
        self.total = {"down": sum(self.down.values()), "up": sum(self.up.values())}


@dataclasses.dataclass
class Result:
    """What a machine did. `same`: its counted cycles took the same number of instructions."""
    setup: Setup
    cycles: list
    boot: int   # from the firmware's leaving to Dom0's third instruction
    heap: tuple  # KiB of Dormouse's: free, all

    @property
    def same(self):
        return all(c.total == self.cycles[0].total for c in self.cycles)

    @property
    def best(self):
        """The counted cycle with the fewest instructions."""
        return min(self.cycles, key=lambda c: sum(c.total.values()))


def guest(build):
    return build / "bench/suspend.bin"


def domain(build, name, append):
    return f"name={name},kernel={guest(build)},initrd=none,mem={DOMAIN_MEM},append={append}"


def command(setup, build, folder):
    kernel = guest(build)
    if setup.pad:
        kernel = Path(folder, "padded.bin")
        kernel.write_bytes(guest(build).read_bytes() + bytes(setup.pad))
    argv = [ROOT / "scripts/run", "--build", build, "--icount", "--gic", str(setup.gic), "--cpu", "a57",
            "--cpus", str(setup.cpus), "--mem", setup.mem, "--kernel", kernel, "--initrd", "none",
            "--firmware", "times=1", "--firmware-log", Path(folder, "firmware"), "--timeout", str(TIMEOUT_S),
            "--append", f"{'' if setup.native else 'dormouse=1 '}cycles={CYCLES} irqs={setup.irqs}"]
    if setup.native:
        argv.append("--native")
    for i in range(setup.domains):
        argv += ["--domu", domain(build, f"d{i}", "peer=1")]
    return argv


def lines(name, text):
    """The words behind `name` of each of the guest's lines of that name, in order."""
    return [m[1].split() for m in re.finditer(rf"(?:^|\) ){name} (.*?)\s*$", text, re.M)]


def steps_of(direction, rows, begin, end, first, last):
    """A step is from its row's start to the next one's: its records are part of it."""
    here = [(step, int(start), int(stop)) for step, where, start, stop in rows if where == direction]
    if direction == "down":
        edges = [start for _, start, _ in here] + [end]
        return {first: edges[0] - begin} | {row[0]: b - a for row, a, b in zip(here, edges, edges[1:])}
    edges = [start for _, start, _ in here] + [here[-1][2]]
    return ({first: edges[0] - begin} | {row[0]: b - a for row, a, b in zip(here, edges, edges[1:])} |
            {last: end - edges[-1]})


def cycles_of(text, firmware, native):
    """Those in the middle: an entry's time is in the firmware's line of the next sleep."""
    times = [(int(m[1]), int(m[2])) for m in
             re.finditer(r"times #\d+: called at tick (\d+), entered before at tick (\d+)", firmware)]
    parts = re.split(r"(?:^|\) )cycle ", text, flags=re.M)[1:]
    if len(parts) != CYCLES or len(times) != CYCLES:
        raise BenchError(f"{len(parts)} cycles, {len(times)} sleeps")
    out = []
    for i in range(1, CYCLES - 1):
        called, entered = map(int, parts[i].split("\n", 1)[0].split())
        to, back = times[i][0], times[i + 1][1]
        if native:
            out.append(Cycle({"call": to - called}, {"return": entered - back}))
            continue
        rows = lines("row", parts[i])
        cycle = Cycle(steps_of("down", rows, called, to, "request", ""),
                      steps_of("up", rows, back, entered, "bring-up", "answer"))
        ready = int(lines("ready", parts[i])[0][0])
        cycle.thaw = max([int(end) - ready for name, end in lines("thaw", parts[i]) if name != "dom0"], default=0)
        out.append(cycle)
    return out


def measure(setup, build):
    with tempfile.TemporaryDirectory(prefix="dormouse-bench-") as folder:
        run = subprocess.run(command(setup, build, folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
        log = Path(folder, "firmware")
        firmware = log.read_text(errors="replace") if log.exists() else ""
    try:
        if not lines("done", run.stdout.replace("done", "done ")):
            raise BenchError(f"it ended with status {run.returncode}")
        cycles = cycles_of(run.stdout, firmware, setup.native)
        entered = int(re.search(r"entered before at tick (\d+)", firmware)[1])
        boot = int(lines("boot", run.stdout)[0][0]) - entered
    except (BenchError, IndexError, TypeError, ValueError) as error:
        raise BenchError(f"{setup}: {error}\n{run.stdout[-3000:]}") from error
    heap = re.search(r"heap: (\d+) of (\d+) KiB free", run.stdout)
    return Result(setup, cycles, boot, (int(heap[1]), int(heap[2])) if heap else (0, 0))


# --- instruction by instruction ------------------------------------------------------------------

TRACE = re.compile(rb"^Trace (\d+): 0x[0-9a-f]+ \[[0-9a-f]+/([0-9a-f]+)/")
HYP_BASE, HYP_SIZE = 0x40200000, 0x100000
DOMU_BASE = 0x40000000


def symbols(elf):
    out = subprocess.run(["aarch64-linux-gnu-nm", "-n", elf], stdout=subprocess.PIPE, text=True, check=True).stdout
    rows = [line.split() for line in out.splitlines()]
    return [(int(r[0], 16), r[2]) for r in rows if len(r) == 3 and r[1] in "tT" and not r[2].startswith("$")]


def guest_sleeps(gic, build, times=4):
    """[Counter of Dormouse's functions] of a domain's sleeps by its own alarm, from its call to its entry."""
    marks = {name: DOMU_BASE + at for at, name in symbols(build / "bench/suspend.elf")}
    call, back = marks["psci_suspend_call"], marks["resume_entry"]
    with tempfile.TemporaryDirectory(prefix="dormouse-bench-") as folder:
        log, socket = Path(folder, "log"), Path(folder, "qmp")
        argv = [ROOT / "scripts/run", "--build", build, "--icount", "--gic", str(gic), "--cpu", "a57", "--cpus", "1",
                "--mem", "512M", "--no-dom0", "--domu", domain(build, "d", f"peer=1 sleeps={times}"),
                "--qmp", socket, "--timeout", str(TIMEOUT_S), "--qemu-arg=-dfilter",
                f"--qemu-arg={HYP_BASE:#x}+{HYP_SIZE:#x},{call:#x}+4,{back:#x}+4"]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL) as run:
            monitor = None
            for line in run.stdout:
                word = line.split()[-1:]
                if word == [b"go"]:
                    monitor = Qmp(str(socket))
                    for text in ("singlestep on", f"logfile {log}", "log exec,nochain"):
                        monitor.command("human-monitor-command", **{"command-line": text})
                elif word == [b"gone"]:
                    monitor.command("quit")
        executed = [int(m[2], 16) for m in map(TRACE.match, log.read_bytes().splitlines()) if m]
    table = symbols(build / "dormouse.elf")
    places = [at for at, _ in table]
    out, now = [], None
    for pc in executed:
        if pc == call:
            now = Counter()
        elif pc == back and now is not None:
            out.append(now)
            now = None
        elif now is not None:
            now[table[bisect.bisect_right(places, pc - HYP_BASE) - 1][1]] += 1
    if len(out) != times:
        raise BenchError(f"GICv{gic}: {len(out)} of {times} sleeps of a domain were seen")
    return out


# --- sizes ----------------------------------------------------------------------------------------

def image_size(elf):
    """Bytes of text, read-only data and data."""
    out = subprocess.run(["aarch64-linux-gnu-size", "-A", elf], stdout=subprocess.PIPE, text=True, check=True).stdout
    wanted = (".text", ".rodata", ".data.rel.ro", ".got", ".relr", ".data")
    return sum(int(line.split()[1]) for line in out.splitlines() if line.split()[:1] and line.split()[0] in wanted)


def image_memory(elf):
    """KiB of RAM that the image takes, to the end of .bss."""
    out = subprocess.run(["aarch64-linux-gnu-nm", elf], stdout=subprocess.PIPE, text=True, check=True).stdout
    found = {line.split()[2]: int(line.split()[0], 16) for line in out.splitlines() if len(line.split()) == 3}
    return (found["image_end"] - found["image_start"]) // 1024


def slope(points):
    """Least squares over [(x, y)]: slope, value at 0, greatest distance of a point from the line."""
    n, sx, sy = len(points), sum(x for x, _ in points), sum(y for _, y in points)
    sxx, sxy = sum(x * x for x, _ in points), sum(x * y for x, y in points)
    by = (n * sxy - sx * sy) / (n * sxx - sx * sx)
    at0 = (sy - by * sx) / n
    return by, at0, max(abs(y - at0 - by * x) for x, y in points)
