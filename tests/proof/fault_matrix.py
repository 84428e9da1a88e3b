#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every step of a suspend fails once, in every direction, and the firmware misbehaves in every way it knows.

usage: tests/proof/fault_matrix.py [--short] [--gic 2|3]... [--only TEXT] [--list] [-j N]

The cells are made from the tables of Dormouse and of the firmware (matrix_cells.py). A machine boots Dom0, a Linux domain, one that
computes on patterns and one that sleeps; it goes through many cells, and after each of them all that docs/proof.md lists is
compared, and the next suspend has to work. Logs of a machine with a failed cell: build/check/fault-matrix-*.
"""

import dataclasses
import json
import re
import sys
import time

from rig import ROOT, Rig

from dormouse_run.machine import BAD_IN_DMESG, Machine, MachineError
from dormouse_run.qmp import QmpError

import matrix_cells as cells

ALIVE_S = 60   # for a domain to get on, on a loaded host
GUEST = ROOT / "build/release/guest/witness.bin"
MIB = 1 << 20
# The witnesses' RAM in the machine's, outside of Linux' reach; the page is its last one.
WITNESSES = {"worker": 0x60000000, "sleeper": 0x60000000 + 8 * MIB}
WITNESS_MIB = 8
SHORT_STRIDE = 4  # of the firmware's cells in the short cut
MAGIC = 0x5353454e54495744
FIELDS = ("magic", "rounds", "errors", "ticks", "sleeps", "wakes")
STRANDED = "refuses to start the one that called"


class Miss(Exception):
    """Something isn't as it was, or as it should be."""


def must(good, text):
    if not good:
        raise Miss(text)


@dataclasses.dataclass
class Tables:
    rows: list
    words: dict


def dormouse_lines(m, key, pattern, end):
    """What one of Dormouse's console keys prints: the matches of `pattern` up to the line that matches `end`."""
    before = m.focused
    m.focus("Dormouse")
    m.con.send(key)
    found, more = [], True
    while more:
        line = m.expect(r"\(dormouse\) ([^\r\n]*)\r?\n").group(1)
        if match := re.fullmatch(pattern, line):
            found.append(match.group(1))
        more = not end(line)
    m.focus(before)
    return found


def build(args):
    return ["--build", ROOT / "build" / args.flavour]


def read_tables(args):
    """The step table from Dormouse, the firmware's words from its log."""
    with Machine(*build(args), "--cpus", "1", "--mem", "256M", "--kernel", GUEST, "--initrd", "none", "--firmware", "verbose=1") as m:
        m.expect(r"# GICv")
        lines = dormouse_lines(m, "s", r"step: (\{.*\})", lambda line: line.startswith("steps: "))
        rows = []
        for line in map(json.loads, lines):
            rows.append(cells.Row(line["step"], line["phase"], line["kind"], line["resume"], line["undo"]))
        words = {}
        for key, text in re.findall(r"option ([\w-]+):((?: \S+=-?\d+)+)", m.firmware_log.read_text()):
            words[key] = {word: int(value) for word, value in (item.split("=") for item in text.split())}
    must(len(rows) > 10 and rows[-1].kind == "commit", f"no table of steps: {rows}")
    must({"suspend", "gic", "wake-cpu", "cpu-on", "cpu-off"} == set(words), f"the firmware's words: {words}")
    return Tables(rows, words)


class Host:
    """A machine on its way through its cells."""

    def __init__(self, rig, tables, gic, number, todo, special=()):
        self.rig, self.tables, self.gic, self.todo = rig, tables, gic, todo
        self.name = f"GICv{gic} machine {number}"
        self.special = special
        self.m = None
        self.cycle = 0
        self.keep = ROOT / f"build/check/fault-matrix-gicv{gic}-{number}"

    def _arguments(self):
        attempts = []
        for cell in self.todo:
            attempts += [cell.attempt, cell.attempt if cell.last else cells.Attempt()]
        words = self.special or cells.firmware_options(self.tables.rows, self.tables.words, attempts)
        out = [*build(self.rig.args), "--gic", self.gic, "--cpus", cells.CPUS, "--mem", "768M", "--append", "dormouse.mode=agent quiet",
               "--hyp-append", "dom0_mem=288M dom0_vcpus_pin panic=reset debug-power=",
               "--domu", "name=web,mem=160M,append=dormouse.mode=agent quiet"]
        for word in words:
            out += ["--firmware", word]
        for name, base in WITNESSES.items():
            out += ["--domu", f"name={name},kernel={GUEST},initrd=none,mem={WITNESS_MIB}M,"
                    f"static-mem={base:#x}:{WITNESS_MIB}M" + (",append=peer=1" if name == "sleeper" else "")]
        return out

    def run(self):
        """All of its cells; each is a point."""
        left = list(self.todo)
        try:
            with Machine(*self._arguments()) as self.m:
                try:
                    self._begin()
                    while left:
                        why = self._try(left[0])
                        if why:
                            self.m.keep = self.keep
                        self._point(left.pop(0), why)
                        if why and self.m.process.poll() is not None:
                            raise MachineError("the machine has ended")
                except BaseException:
                    self.m.keep = self.keep
                    raise
        except (MachineError, QmpError, Miss, OSError, ValueError) as error:
            for cell in left:
                self._point(cell, f"not tried: {error}")

    def _point(self, cell, why):
        self.rig.point(not why, f"GICv{self.gic}, {cell.name}", why)

    def _try(self, cell):
        """What is wrong, or "". The second suspend comes whatever became of the first: the firmware counts."""
        why = self._one(cell.attempt)
        if cell.last and cell.attempt.cpu_off == "hang":
            why += self._one(cell.attempt, "the next suspend: ")  # that CPU stays where it is
        elif not cell.last:
            why += self._one(cells.Attempt(), "the next suspend: ")
        return why

    def _one(self, attempt, what=""):
        expected = cells.expected(self.tables.rows, self.tables.words, attempt)
        if self.special:
            strand(expected)
        try:
            before = self._look()
            self._suspend(attempt, expected)
            if expected.panic:
                self._panicked(expected)
            else:
                self._all_is_well(expected, before, attempt)
            return ""
        except (Miss, MachineError, QmpError, ValueError) as error:
            return f"{what}{attempt}\n{error}\nDormouse said:\n" + "\n".join(self.m.lines[-12:]) + "\n"

    # --- the machine before its first cell ---

    def _begin(self):
        self.m.wait_ready()
        self.m.wait_ready()
        self.m.sh("dd if=/dev/urandom of=/tmp/pattern bs=1M count=2 2>/dev/null; cd /tmp; sha256sum pattern >sum; dmesg -c >/dev/null")
        self.m.focus("web")
        # Its memory is looked at all the time; the rounds are counted in a file. In pieces: a UART's queue is short.
        for command in ("cd /tmp; dd if=/dev/urandom of=pattern bs=256k count=4 2>/dev/null; sha256sum pattern >sum",
                        "look() { sha256sum -c sum >/dev/null 2>&1; }", "echo 0 >rounds; i=0",
                        "again() { i=$((i+1)); echo $i >new; mv new rounds; usleep 50000; }",
                        "{ while look; do again; done; echo differs >bad; } & dmesg -c >/dev/null"):
            self.m.sh(command)
        self.m.focus("dom0")
        for name in WITNESSES:
            must(self._page(name)["magic"] == MAGIC, f"{name} did not start")
        self.dump = self._state()

    # --- looking ---

    def _page(self, name):
        at = WITNESSES[name] + WITNESS_MIB * MIB - 4096
        text = self.m.qmp.command("human-monitor-command", **{"command-line": f"xp /{len(FIELDS)}gx {at:#x}"})
        return dict(zip(FIELDS, (int(word, 16) for word in re.findall(r"0x([0-9a-f]{16})", text))))

    def _state(self):
        """The dump of EL2's registers and the GIC: a list of lines."""
        left = []

        def end(line):
            if match := re.fullmatch(r"state: (\d+) CPUs", line):
                left.append(int(match.group(1)))
            if re.fullmatch(r"state: cpu \d+: end", line):
                left[0] -= 1
            return left and not left[0]

        lines = dormouse_lines(self.m, "r", r"state: (.*)", end)
        return sorted(line for line in lines if not re.fullmatch(r"\d+ CPUs", line))

    def _look(self):
        """What is compared with afterwards."""
        self.resets = self.m.resets()
        self.stats = self._stats()
        return {name: self._page(name) for name in WITNESSES}

    def _stats(self):
        text = self.m.sh("cd /sys/power/suspend_stats; cat success fail last_failed_errno")
        return [int(word) for word in text.split()]

    # --- one suspend ---

    def _suspend(self, attempt, expected):
        self.cycle += 1  # whatever becomes of it: an attempt that missed must not make the next one miss
        for _ in range(5):
            self.m.lines.clear()
            if attempt.forbid:
                self.m.sh("dormouse policy worker host_suspend=require")
                self.m.start_command("echo mem >/sys/power/state")
            else:
                faults = attempt.faults()
                self.m.start_command("dormouse sleep" + (f" --fault {faults}" if faults else ""))
            if expected.slept:
                self.m.qmp.wait_resets(self.resets + 1, 120)
                self.m.qmp.command("system_powerdown")  # the machine's power key: it is there at any time
            if expected.panic:
                return
            self.status, self.output = self.m.finish_command()
            if attempt.forbid:
                self.m.sh("dormouse policy worker host_suspend=freeze")
            if "a wake-up event came before" not in self.output or any("asked for by" in line for line in self.m.lines):
                return
        raise Miss(f"Dom0 doesn't get as far as the hypervisor: {self.output}")

    def _panicked(self, expected):
        """Where nothing can go on: a panic that says why, a warm reset, and the next boot shows the journal and comes up."""
        said = self.m.expect(r"\(dormouse\) panic: ([^\r\n]*)\r?\n").group(1)
        must(expected.panic in said, f"panic: {said}, not: {expected.panic}")
        where = self.m.expect(r"\(dormouse\) the last boot ended in a panic in cycle (\d+),[^\r\n]*\r?\n").group(1)
        must(int(where) == self.cycle, f"the next boot speaks of cycle {where}, not {self.cycle}")
        records, line = [], ""
        while not line.startswith("Dom0: "):
            line = self.m.expect(r"\(dormouse\) ([^\r\n]*)\r?\n").group(1)
            if match := re.fullmatch(r"before the reset: (\{.*\})", line):
                records.append(json.loads(match.group(1)))
        steps = [(r["step"], r["dir"], r["result"]) for r in records if r["kind"] == "step"]
        must(steps == expected.steps, f"journal: {steps}\nnot {expected.steps}")
        if not self.rig.args.short:
            self.m.wait_ready()

    # --- afterwards ---

    def _dom0_is_well(self, expected):
        """Dom0 got the right answer, and the journal tells the truth."""
        resets = self.m.resets() - self.resets
        must(resets == expected.slept, f"{resets} losses of power")
        text = self.m.sh("cd /tmp; sha256sum -c sum 2>&1; cat /sys/devices/system/cpu/online; cd /sys/power/suspend_stats;"
                         " cat success fail last_failed_errno; dormouse journal -n 1 --json | tr -d ' \\n'; echo; dmesg -c")
        memory, online, good, bad, errno, journal, *log = text.split("\n")
        must(memory == "pattern: OK", f"Dom0's memory: {memory}")
        must(online == f"0-{cells.CPUS - 1}", f"Dom0's CPUs: {online}")
        good, bad = int(good) - self.stats[0], int(bad) - self.stats[1]
        must([good, bad] == ([0, 1] if expected.errno else [1, 0]), f"Dom0 counts {good} suspends and {bad} failures")
        must(not expected.errno or int(errno) == expected.errno, f"Dom0's errno: {errno}, not {expected.errno}")
        must((self.status != 0) == bool(expected.errno), f"status {self.status}: {self.output}")
        odd = [line for line in log if BAD_IN_DMESG.search(line)]
        must(not odd, "Dom0's kernel log: " + "; ".join(odd))
        self._journal_is_true(json.loads(journal), expected)
        lost = [line for line in self.m.lines if "resumed with errors" in line]
        told = [f"{len(expected.lost)} steps did not come back, first {expected.lost[0]}"] if expected.lost else []
        must(len(lost) == len(told) and all(t in line for t, line in zip(told, lost)), f"{lost} instead of {told}")

    def _journal_is_true(self, records, expected):
        cycle = [r for r in records if r["kind"] == "cycle"]
        steps = [(r["step"], r["dir"], r["result"]) for r in records if r["kind"] == "step"]
        must(len(cycle) == 1, f"journal: {records}")
        cycle = cycle[0]
        must({r["cycle"] for r in records} == {self.cycle}, f"journal: cycle {cycle['cycle']}, not {self.cycle}")
        got = cycle["outcome"], cycle["result"], cycle["failed_step"]
        want = expected.outcome, expected.result, expected.failed_step
        must(got == want, f"journal: {got}, not {want}")
        must(steps == expected.steps, f"journal: {steps}\nnot {expected.steps}")
        thawed = sorted(r["domain"] for r in records if r["kind"] == "thaw")
        # Those that go on behind Dom0 may do so later.
        if expected.outcome == "failed" and ("domains", "undo", 0) in expected.steps:
            must(thawed == sorted(["dom0", "web", *WITNESSES]), f"journal: only {thawed} went on")
        if expected.slept:
            must(cycle["wake_device"].startswith("pl061") and cycle["wake_owner"] == "dom0", f"woken by {cycle}")
            must(cycle["asleep_ns"] > 0, "journal: it slept for no time")

    def _all_is_well(self, expected, before, attempt):
        self._dom0_is_well(expected)
        self._witnesses_are_well(before)
        self._web_is_well()
        self._state_is_as_before(expected, attempt)

    def _wait(self, name, good, what):
        end = time.monotonic() + ALIVE_S
        while not good(self._page(name)):
            must(time.monotonic() < end, f"{name}: {what}: {self._page(name)}")
            time.sleep(0.02)

    def _witnesses_are_well(self, before):
        now = self._page("worker")
        self._wait("worker", lambda page: page["rounds"] >= now["rounds"] + 2 and page["ticks"] > now["ticks"],
                   "does not get on")
        must(self._page("sleeper") == before["sleeper"], f"sleeper: {before['sleeper']} has become {self._page('sleeper')}")
        self.m.sh("dormouse resume sleeper")
        self._wait("sleeper", lambda page: page["wakes"] == before["sleeper"]["wakes"] + 1
                   and page["sleeps"] == before["sleeper"]["sleeps"] + 1, "does not wake and sleep again")
        for name in WITNESSES:
            must(self._page(name)["errors"] == 0, f"{name} found {self._page(name)['errors']} differences")

    def _web_is_well(self):
        self.m.focus("web")
        text = self.m.sh("n=$(cat rounds); while [ $(cat rounds) = $n ] && [ ! -e bad ]; do usleep 20000; done; echo on;"
                         " cat bad 2>/dev/null; dmesg -c")
        self.m.focus("dom0")
        words = text.split("\n")
        odd = [line for line in words if BAD_IN_DMESG.search(line)]
        must(words[0] == "on" and "differs" not in words and not odd, f"web: {text}")

    def _state_is_as_before(self, expected, attempt):
        want, now = self.dump, self._state()
        away = None
        if expected.cpu_on and attempt.cpu_on != "ok":
            away = cells.CPU_ON_FAILS
        if attempt.cpu_off == "hang":
            away = cells.CPU_OFF_FAILS
        if away is not None:
            want = [line for line in want if not line.startswith(f"cpu {away}:")]
        if want != now:
            raise Miss("EL2 or the GIC is not as before:\n" + "\n".join(
                [f"- {line}" for line in want if line not in now] + [f"+ {line}" for line in now if line not in want]))


# --- all of it -------------------------------------------------------------------------------------


def stranded():
    """Nothing can go on: the wrong CPU wakes, and the right one can't be started."""
    return cells.Cell("the wrong CPU wakes and CPU_ON of the right one is refused", cells.Attempt(wake_cpu="1"),
                      "firmware", True)


def strand(expected):
    """What becomes of stranded(): the panic comes in the firmware's call, which is open still."""
    call = next(i for i, step in enumerate(expected.steps) if step[1] != "suspend") - 1
    expected.steps[call:] = [(*expected.steps[call][:2], None)]
    expected.panic = STRANDED


STRANDED_WORDS = ("wake-cpu=1", "cpu-on-fail=0", "cpu-on=internal")


def select(every, gic, short):
    """This GIC's part: all of it, or in the short cut half of the table's cells and some of the firmware's."""
    if not short:
        return every
    table = [cell for cell in every if cell.kind == "table"]
    firmware = [cell for cell in every if cell.kind == "firmware" and not cell.last]
    return (table + firmware[::SHORT_STRIDE])[int(gic) % 2::2]


def plan(rig, tables, args):
    every = [*cells.table_cells(tables.rows), *cells.firmware_cells(tables.words)]
    every += cells.pair_cells(tables.rows, tables.words)
    hosts = []
    for gic in args.gic or ("2", "3"):
        mine = [c for c in select(every, gic, args.short) if args.only in c.name]
        # A machine ends with a cell that is its end; the others are dealt out to as many machines as that makes.
        ends = [c for c in mine if c.last] or [None]
        rest = [c for c in mine if not c.last]
        for i, end in enumerate(ends):
            todo = rest[i::len(ends)] + ([end] if end else [])
            if todo:
                hosts.append(Host(rig, tables, gic, i + 1, todo))
        last = stranded()
        if args.only in last.name and not args.short:
            hosts.append(Host(rig, tables, gic, len(ends) + 1, [last], STRANDED_WORDS))
    return hosts


def main():
    rig = Rig("fault-matrix", __doc__)
    rig.parser.add_argument("--short", action="store_true", help="every row in each direction on one of the GICs: the short cut of make check")
    rig.parser.add_argument("--gic", action="append", choices=("2", "3"), help="only these (repeatable)")
    rig.parser.add_argument("--only", default="", metavar="TEXT", help="cells with this in their name")
    rig.parser.add_argument("--flavour", default="release", help="which build (default release)")
    rig.parser.add_argument("--list", action="store_true", help="say what the cells are, and end")
    args = rig.parse()
    tables = read_tables(args)
    hosts = plan(rig, tables, args)
    if args.list:
        print("\n".join(f"{h.name}: {cell.name}" for h in hosts for cell in h.todo))
        return 0
    rig.plan(sum(len(h.todo) for h in hosts))
    for _ in rig.run(hosts, Host.run):
        pass
    kinds = [cell.kind for h in hosts for cell in h.todo]
    counts = ", ".join(f"{kinds.count(k)} {text}" for k, text in
                       (("table", "of the step table"), ("firmware", "of the firmware"), ("pair", "pairs")))
    return rig.end(f"{len(kinds)} cells ({counts}), {len(tables.rows)} rows, GICv{', GICv'.join(args.gic or ('2', '3'))}, "
                   f"{rig.failed} failed, {rig.elapsed() / 60:.1f} minutes")


if __name__ == "__main__":
    sys.exit(main())
