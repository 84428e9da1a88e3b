#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fuzzing from a guest: a domain does everything that EL1 can, and nobody else may notice.

usage: tests/proof/fuzz_guest.py [--short] [--time TIME] [--seed N] [--gic 2|3]... [--keep DIR] [-j N]

On each machine Dom0's tool makes a domain that runs tests/guest/fuzz.c, lets it run, pauses, wakes and presses it now and then,
sleeps the machine, destroys it at any moment, and makes the next one, with the next seed. Meanwhile a neighbour
(tests/guest/fuzz_watch.c) and Dom0 check that they are undisturbed; after each domain all of its memory must be back.
TIME is each machine's. docs/proof.md tells more.
"""

import random
import re
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from rig import ROOT, Rig

# pylint: disable=wrong-import-position
from dormouse_run.machine import Machine, MachineError

LIFE_S = (4, 12)
QUIET_S = 45        # without a beat of the neighbour, on a loaded host
LINES_A_SECOND = 60 # of Dormouse's, over a life: more is a flood
GONE_S = 60

CONFIG = """
name = "fuzz"
kernel = "/tmp/fuzz.bin"
on_poweroff = "destroy"
on_crash = "destroy"
"""


class Trouble(Exception):
    """What isn't as it has to be."""


class Run:
    """One machine and its fuzzing guests, one after the other."""

    def __init__(self, rig, gic, args):
        self.rig, self.gic, self.args = rig, gic, args
        self.chance = random.Random(args.seed * 1000 + gic)
        self.operations = self.lives = self.deaths = self.sleeps = self.beats = 0
        self.latest_us = 0
        self.memory = None
        self.read = 0  # how much of the console has been looked at
        self.beat = time.monotonic()
        self.m = None

    def __str__(self):
        return f"GICv{self.gic}"

    def start(self, tmp):
        disk = Path(tmp) / "disk"
        with tarfile.open(disk, "w") as tar:
            tar.add(ROOT / "build/release/guest/fuzz.bin", "fuzz.bin")
            (Path(tmp) / "config").write_text(CONFIG)
            tar.add(Path(tmp) / "config", "config")
        watch = ROOT / "build/release/guest/fuzz_watch.bin"
        keep = self.args.keep and Path(self.args.keep) / f"gic{self.gic}-seed{self.args.seed}"
        self.m = Machine("--gic", self.gic, "--cpus", 2, "--mem", "1G", "--disk", disk,
                         "--hyp-append", "dom0_mem=384M", "--append", "dormouse.mode=agent",
                         "--domu", f"name=watch,kernel={watch},initrd=none,mem=64M,cpus=2,xen=no-xenstore,time=frozen,"
                         "append=dormouse=1", keep=keep)
        self.m.wait_ready()
        self.m.sh("tar xf /dev/vda -C /tmp; head -c 4194304 /dev/urandom >/tmp/data; md5sum /tmp/data >/tmp/sum")
        self.beat = time.monotonic()

    # --- what must hold ---

    def look(self):
        """At everything that the console has said since the last time."""
        self.m.log.flush()
        text = self.m.console_log.read_text(errors="replace")
        text, self.read = text[self.read:text.rfind("\n") + 1], text.rfind("\n") + 1
        if match := re.search(r"watch: WRONG[^\n]*|\(watch\)[^\n]*(?:Bail out|not ok)[^\n]*", text):
            raise Trouble(match[0])
        if match := re.search(r"\(dormouse\) (?:\[[^\]]*\] )?(?:panic|fatal)[^\n]*", text):
            raise Trouble(match[0])
        for beats, late in re.findall(r"watch: (\d+) beats, latest (\d+) us", text):
            self.beats, self.beat = int(beats), time.monotonic()
            self.latest_us = max(self.latest_us, int(late))
        if time.monotonic() - self.beat > QUIET_S:
            raise Trouble(f"the neighbour has said nothing for {QUIET_S} s")
        return len(re.findall(r"^\(dormouse\)", text, re.MULTILINE))

    def is_there(self):
        return '"fuzz"' in self.m.sh("dormouse list --json")

    def free_kib(self):
        self.m.focus("Dormouse")
        self.m.con.send("m")
        free = int(self.m.expect(r"heap: (\d+) of \d+ KiB free").group(1))
        self.m.focus("dom0")
        self.m.sh("true")
        return free

    def check_memory(self):
        """Only once everything of the domain is gone, which takes a while."""
        end = time.monotonic() + GONE_S
        free = self.free_kib()
        if self.memory is None:  # the first one left what Dom0's tool needs once
            self.memory = free
        while free < self.memory and time.monotonic() < end:
            time.sleep(0.2)
            free = self.free_kib()
        if free != self.memory:
            raise Trouble(f"{self.memory} KiB were free, now {free}")

    def check_dom0(self):
        status, text = self.m.sh("md5sum -c /tmp/sum", check=False)
        if status:
            raise Trouble(f"Dom0's data: {text}")
        # Its alarm may come before it sleeps, on a loaded host.
        if warnings := [line for line in self.m.warnings() if "early wake event" not in line]:
            raise Trouble(f"Dom0's kernel: {warnings[0]}")

    # --- a life ---

    def seed(self):
        """Of the domain that there is."""
        return self.args.seed * 100000 + self.lives

    def create(self):
        lines = (f"memory={self.chance.choice((16, 32, 48))}", f"vcpus={self.chance.choice((1, 2, 3, 4))}",
                 f'on_reboot="{self.chance.choice(("destroy", "restart"))}"', f'extra="dormouse=1 seed={self.seed()}"')
        # In pieces: a console's input takes no more at a time than its queue has room for.
        self.m.sh("cp /tmp/config /tmp/fuzz.cfg")
        for line in lines:
            self.m.sh(f"echo '{line}' >>/tmp/fuzz.cfg")
        self.m.sh("dormouse create /tmp/fuzz.cfg")

    def disturb(self):
        """Something that the control domain may do at any time; the domain may be gone."""
        what = self.chance.choice(("list", "list", "pause", "resume", "suspend", "wakeup", "work", "sleep"))
        if what == "sleep":
            before = self.m.resets()
            self.m.suspend("rtc", 2)
            self.sleeps += self.m.resets() - before
            self.beat = time.monotonic()
        elif what == "work":
            self.m.sh("md5sum /tmp/data >/dev/null; dd if=/dev/zero of=/tmp/zero bs=64k count=64 2>/dev/null")
        elif what == "pause":
            self.m.sh("dormouse pause fuzz; dormouse list; dormouse unpause fuzz; true")
        elif what == "list":
            self.m.sh("dormouse list; dormouse info >/dev/null")
        elif what == "wakeup":
            self.m.sh("dormouse wakeup fuzz none; dormouse wakeup fuzz all; true")
        else:
            self.m.sh(f"dormouse {what} fuzz; true")

    def count(self):
        """What the guest says that it has done. The tool keeps the end of its console."""
        text = self.m.sh("timeout 1 dormouse console fuzz </dev/null 2>/dev/null || true")
        found = re.findall(r"# (\d+) operations", text)
        return int(found[-1]) if found else 0

    def live(self):
        begin = time.monotonic()
        self.create()
        end = begin + self.chance.uniform(*LIFE_S)
        lines = operations = 0
        while time.monotonic() < end and self.is_there():
            self.disturb()
            operations = max(operations, self.count())
            lines += self.look()
        self.operations += operations
        if self.is_there():
            self.m.sh("dormouse destroy fuzz; true")
        else:
            self.deaths += 1
        wait_end = time.monotonic() + GONE_S
        while self.is_there():
            if time.monotonic() > wait_end:
                raise Trouble("the domain does not go")
            self.m.sh("dormouse destroy fuzz; true")
        lines += self.look()
        seconds = time.monotonic() - begin
        if lines > LINES_A_SECOND * seconds:
            raise Trouble(f"{lines} lines of log in {seconds:.1f} s")
        self.lives += 1

    def run(self):
        """What is wrong, or None."""
        with tempfile.TemporaryDirectory(prefix="dormouse-fuzz-guest-") as tmp:
            try:
                self.start(tmp)
                end = time.monotonic() + self.args.time
                while time.monotonic() < end or self.lives < 2:
                    self.live()
                    self.check_memory()
                    self.check_dom0()
                    self.rig.progress(self.figures())
                if not self.operations:
                    raise Trouble("the fuzzing guest has done nothing")
                if not self.beats:
                    raise Trouble("the neighbour has done nothing")
                if self.m.power_off():
                    raise Trouble(f"the machine ended badly: {self.m.said()}")
            except (Trouble, MachineError) as error:
                tail = self.m.tail(25) if self.m else ""
                return f"domain {self.lives}, seed {self.seed()}: {error}\n{tail}"
            finally:
                if self.m:
                    self.m.stop()
        return None

    def figures(self):
        return (f"GICv{self.gic}: {self.operations} operations in {self.lives} domains, {self.deaths} of which ended by "
                f"themselves, {self.sleeps} sleeps, {self.beats} beats, latest tick {self.latest_us / 1000:.0f} ms")


def main():
    rig = Rig("fuzz-guest", __doc__, time=3600, seed=True)
    rig.parser.add_argument("--gic", action="append", type=int, choices=(2, 3), help="default: both")
    rig.parser.add_argument("--short", action="store_true", help="one machine, the GIC by the seed")
    rig.parser.add_argument("--keep", metavar="DIR", default=str(ROOT / "build/fuzz-guest"), help="logs go there")
    args = rig.parse()
    gics = args.gic or ((2, 3) if not args.short else (2 + args.seed % 2,))
    runs = [Run(rig, gic, args) for gic in gics]
    rig.plan(len(runs))
    for run, why in rig.run(runs, Run.run):
        rig.point(not why, run.figures(), why)
    return rig.end(f"{sum(r.operations for r in runs)} operations in {sum(r.lives for r in runs)} domains, "
                   f"{sum(r.sleeps for r in runs)} sleeps, {rig.failed} machines disturbed")


if __name__ == "__main__":
    sys.exit(main())
