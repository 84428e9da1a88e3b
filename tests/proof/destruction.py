#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""State by destruction: fill every register with a pattern, lose the power, compare.

usage: tests/proof/destruction.py [--short] [--self-test] [--cycles N] [--only TEXT] [-j N]

Two bare guests (tests/guest/destroy.h) run on each machine: in Dom0's place, where it sleeps the machine and looks what
it finds at its entry point and in its devices, and as a domain that knows nothing of the sleep, all of whose registers
are filled meanwhile. docs/proof.md tells more.
"""

import collections
import dataclasses
import re
import sys

import archregs
from rig import ROOT, Rig

# pylint: disable=wrong-import-position
from dormouse_run.machine import FOCUS_KEYS, Machine, MachineError

LIMIT_S = 180  # for a hang; a loaded host is only slow
TURNS = 34  # PROBE_TURNS of tests/probe/probe.h
TRIES = 4      # of one cycle: on a loaded host the alarm may come before the sleep


@dataclasses.dataclass(frozen=True)
class Case:
    """A machine."""
    gic: int
    loses: str
    cpus: int
    cpu: str
    refused: bool = False
    probe: bool = True  # with the checker at EL2

    def __str__(self):
        text = f"GICv{self.gic}, gic={self.loses}, {self.cpus} CPU{'s' * (self.cpus > 1)}, {self.cpu}"
        return text + (", refused first" if self.refused else "") + ("" if self.probe else ", release")


ALL = [Case(gic, loses, cpus, cpu, refused=cpus == 2)
       for gic in (2, 3) for loses in ("lose", "poison") for cpus in (1, 2) for cpu in ("a57", "a72", "max")]
RELEASE = [Case(gic, "poison", 2, "max", probe=False) for gic in (2, 3)]
SHORT = [Case(2, "poison", 2, "a57", refused=True), Case(3, "poison", 1, "a72"), Case(3, "lose", 2, "max", probe=False)]
GUESTS = ROOT / "build/release/guest"
CHECKED = ("el2", "gic", "uart", "rtc")  # what the checker at EL2 reports of each sleep


class Ended(Exception):
    """The machine didn't do its part; the text says why."""


def shorter(error):
    """What a machine said last, without what the walk says of each register."""
    return "\n".join(line for line in str(error).splitlines()
                     if not re.search(r"destroy: (sys|list|held) ", line))


class Talk:
    """The console of a machine whose guests speak in lines of `destroy: WORDS;`."""

    def __init__(self, machine):
        self.machine = machine
        self.pieces = collections.defaultdict(str)
        self.focus = "dom0"
        self.last_reset = 0

    def lines(self):
        """Yields (who, words) for ever: of the guests, and of Dormouse ("dormouse", [text])."""
        while True:
            try:
                self.machine.expect(r"\n", LIMIT_S)
            except MachineError as error:
                raise Ended(shorter(error)) from None
            text = self.machine.con.before.strip("\r")
            mark = re.match(r"\(([\w.-]+)\) (.*)", text)
            # No marks before the second one has spoken; "holding" is what only the peer says.
            who, text = mark.groups() if mark else ("peer" if "holding" in text else "dom0", text)
            if who == "dormouse":
                if re.match(r"(panic|fatal): ", text):
                    raise Ended(text)
                yield who, text
                continue
            if "Bail out!" in text:
                raise Ended(f"{who}: {text}")
            # Others' lines may come in between the pieces of one.
            self.pieces[who] += text
            if not text.endswith(";"):
                if "destroy: " not in self.pieces[who] and len(self.pieces[who]) > 10:
                    self.pieces[who] = ""
                continue
            whole, self.pieces[who] = self.pieces[who], ""
            if "destroy: " in whole:
                yield who, whole.split("destroy: ", 1)[1].rstrip(";").split()

    def key(self, who, key):
        """Gives a domain the input and types the key. Its answer is not waited for."""
        while self.focus != who:
            self.machine.con.send(FOCUS_KEYS)
            for speaker, text in self.source:
                if speaker == "dormouse" and (match := re.match(r"input to ([\w.-]+)", text)):
                    self.focus = match.group(1)
                    break
                self.other(speaker, text)
        self.machine.con.send(key)

    def start(self, other):
        """other(who, words): called with each line that nobody waits for."""
        self.source = self.lines()
        self.other = other

    def wait(self, *wanted):
        """Until each of the wanted has been said: (who, first word, cycle or None)."""
        left = set(wanted)
        while left:
            who, words = next(self.source)
            self.other(who, words)
            if who != "dormouse":
                cycle = int(words[1]) if len(words) > 1 and words[1].isdigit() else None
                left -= {(who, words[0], cycle), (who, words[0], None)}


class Trial:
    """One machine, some cycles."""

    def __init__(self, case, cycles, words="", enough=None):
        self.case, self.cycles, self.words = case, cycles, words
        self.enough = enough or (lambda: self.slept >= self.cycles)
        self.build = ROOT / "build" / ("probe" if case.probe else "release")
        self.seen, self.listed = {}, {}
        self.ids = {}  # the machine's own ID registers
        self.held = collections.defaultdict(dict)  # register: {(where, cycle): value}
        self.differs = collections.defaultdict(list)  # cycle: ["who where register was is"]
        self.compared = 0
        self.slept = 0
        self.checks = collections.Counter()  # reports of the checker at EL2
        self.forgotten = collections.defaultdict(set)  # cycle: {"register index"}
        self.cycle = 0

    def take(self, who, words):
        """A line."""
        if who == "dormouse":
            self.take_probe(words)
            return
        word, rest = words[0], words[1:]
        if word == "sys":
            self.seen[int(rest[0], 16)] = rest[1]
        elif word == "list":
            self.listed[int(rest[2], 16)] = rest[1]
        elif word == "held":
            self.held[rest[2]][who, rest[1], int(rest[0])] = int(rest[3], 16)
        elif word == "differs":
            self.differs[int(rest[0])].append(" ".join([who, *rest[1:]]))
        elif word == "compared":
            self.compared += int(rest[2])
        elif word == "result" and int(rest[1]) != -3:
            self.differs[0].append(f"the refused call returned {rest[1]}, not DENIED (-3)")

    def take_probe(self, text):
        """A line of Dormouse's, perhaps of the checker."""
        if match := re.match(r"probe: (\w+): (\d+) registers, (\d+) filled, (\d+) differ", text):
            self.checks[match.group(1)] += 1
            self.compared += int(match.group(2))
            if match.group(1) != "rtc" and int(match.group(3)) == 0:
                self.differs[self.cycle].append(f"EL2: nothing of {match.group(1)} was filled")
            if int(match.group(4)):
                self.differs[self.cycle].append(f"EL2: {match.group(4)} of {match.group(1)}")
        elif match := re.match(r"probe: differs: (\S+) (.*)", text):
            self.differs[self.cycle].append(f"EL2 {match.group(1)} {match.group(2)}")
        elif match := re.match(r"probe: id (\w+) (\w+)", text):
            self.ids[match.group(1)] = int(match.group(2), 16)
        elif match := re.match(r"probe: forgot (.*)", text):
            self.forgotten[self.cycle].add(match.group(1))

    def arguments(self):
        guests = GUESTS
        common = f"dormouse=1{' refused=1' if self.case.refused else ''}"
        out = ["--gic", self.case.gic, "--cpus", self.case.cpus, "--cpu", self.case.cpu, "--mem", "512M",
               "--build", self.build, "--firmware", f"gic={self.case.loses}",
               "--kernel", guests / "destroy.bin", "--initrd", guests / "initrd", "--append", common,
               "--hyp-append", f"dom0-grace=0 {self.words}", "--domu",
               f"name=peer,kernel={guests}/destroy.bin,initrd={guests}/initrd,mem=64M,cpus={self.case.cpus},"
               "append=dormouse=1 peer=1"]
        if self.case.refused:
            out += ["--firmware", "suspend=denied+ok"]
        return out

    def run(self):
        """Drives it to its end. Raises Ended."""
        (GUESTS / "initrd").write_text("no file system: guests need none\n")
        with Machine(*self.arguments()) as machine:
            try:
                talk = Talk(machine)
                talk.start(self.take)
                talk.wait(("dom0", "ready", 1), ("peer", "holding", 1))
                while not self.enough():
                    self.cycle += 1
                    cycle = self.cycle
                    if cycle > self.cycles * TRIES:
                        raise Ended(f"only {self.slept} of {cycle - 1} cycles really slept")
                    before = machine.resets()
                    talk.key("dom0", "s")
                    talk.wait(("dom0", "ready", cycle + 1))
                    self.slept += machine.resets() == before + 1
                    talk.key("peer", "s")
                    talk.wait(("peer", "holding", cycle + 1))
                talk.key("dom0", "q")
                status = machine.wait_exit(60)
            except Ended as error:
                raise Ended(f"cycle {self.cycle}: {error}") from None
        if status:
            raise Ended(f"scripts/run ended with {status}")

    def complaints(self):
        """What it found wrong."""
        out = [f"cycle {cycle}: {what}" for cycle, whats in sorted(self.differs.items()) for what in whats]
        out += archregs.judge(self.seen, self.listed) + archregs.unknown_features(self.ids)
        # Each register of the list took two patterns, the second the first one's inverse.
        for name, values in self.held.items():
            tested = 0
            for (who, where, cycle), value in values.items():
                tested |= value ^ values.get((who, where, cycle + 1), value)
            if not tested and name not in HOLDS_NOTHING and self.cycle > 1:
                out.append(f"{name} held nothing at all: it isn't tested")
        for name in CHECKED if self.case.probe else ():
            if self.checks[name] < self.slept:
                out.append(f"the checker at EL2 looked at {name} {self.checks[name]} times in {self.slept} sleeps")
        if not self.listed or not self.seen or not self.compared or (self.case.probe and not self.ids):
            out.append("the guests said nothing")
        return out


HOLDS_NOTHING = ("actlr", "afsr0", "afsr1", "amair")  # constants on QEMU's CPUs


def trial(case, cycles):
    """(what was found wrong, registers compared, cycles slept)"""
    t = Trial(case, cycles)
    try:
        t.run()
    except Ended as error:
        return [str(error)], t.compared, t.slept
    return t.complaints(), t.compared, t.slept


def self_test():
    """Does the rig find each register that is forgotten? Yields (name, why not or "")."""
    # Until every general register's turn came while the domain could lose it.
    general = {f"x {n}" for n in range(1, 31)}
    t = Trial(Case(3, "lose", 2, "max"), TURNS, "probe=forget",
              lambda: t.slept >= TURNS and general <= set().union(*t.forgotten.values()))
    try:
        t.run()
    except Ended as error:
        yield "the machine goes through all sleeps", str(error)
        return
    found, wrong = set(), []
    for cycle in range(1, t.cycle + 1):
        forgotten = t.forgotten[cycle]
        differs = {name_of(text) for text in t.differs[cycle] if not text.startswith("EL2: ")}
        if "cpacr 0" in forgotten:  # then nobody can look at FP/SIMD
            differs = {name for name in differs if not re.match(r"(v|fpsr|fpcr) ", name)} | forgotten
        wrong += [f"cycle {cycle}: {name}: forgotten, and not found" for name in sorted(forgotten - differs)]
        wrong += [f"cycle {cycle}: {name}: found, and not forgotten" for name in sorted(differs - forgotten)]
        found |= forgotten & differs
    yield "what is forgotten is found, and nothing else", "\n".join(wrong[:40])
    want = {f"{name} 0" for name in [*t.listed.values(), "fpsr", "fpcr"] if name not in HOLDS_NOTHING}
    want |= general | {f"v {n}" for n in range(32)}
    yield f"{len(want)} registers of a guest, each once", ", ".join(sorted(want - found))
    at_el2 = {name for name in found if name.startswith("EL2 ")}
    yield f"{len(at_el2)} registers of Dormouse's, each once", "" if len(at_el2) > 250 else "that's too few"
    missed = [field for enc, field in t.listed.items()
              if not archregs.judge(t.seen, {e: f for e, f in t.listed.items() if e != enc})]
    missed = [field for field in missed if field != "sp_el1"]  # EL1 can't name it: no walk would find it
    yield f"{len(t.listed)} lines of the list, each taken out", ", ".join(missed)


def name_of(text):
    """What differs: the register and its number, or EL2 and the register."""
    words = text.split()
    return " ".join(words[:2] if words[0] == "EL2" else words[2:4])


def main():
    rig = Rig("destruction", __doc__)
    rig.parser.add_argument("--short", action="store_true", help="a few machines, two cycles each")
    rig.parser.add_argument("--cycles", type=int, default=4, help="real sleeps of each machine (default %(default)s)")
    rig.parser.add_argument("--self-test", action="store_true", help="only the trial of the trial")
    rig.parser.add_argument("--only", metavar="TEXT", default="", help="machines with this in their name")
    args = rig.parse()
    cases = [c for c in (SHORT if args.short else ALL + RELEASE) if args.only in str(c)]
    if args.self_test:
        for name, why in self_test():
            rig.point(not why, name, why)
        return rig.end(f"self-test: {rig.failed} failed")
    compared = slept = 0
    rig.plan(len(cases))
    for case, (wrong, count, cycles) in rig.run(cases, lambda c: trial(c, 2 if args.short else args.cycles)):
        compared, slept = compared + count, slept + cycles
        rig.point(not wrong, str(case), "\n".join(wrong[:40]))
    return rig.end(f"{len(cases)} machines, {slept} sleeps, {compared} registers compared, {rig.failed} machines with "
                   "differences")


if __name__ == "__main__":
    sys.exit(main())
