# SPDX-License-Identifier: Apache-2.0
"""What is left to see when a suspend hangs, or Dormouse panics: every CPU's registers, a reset, and a next boot that
says where it was. Mostly with a bare guest in Dom0's place, which boots in a second; it suspends by itself."""

import json
import re
import subprocess

from conftest import ROOT
from dormouse_run.machine import FOCUS_KEYS

from checks import cycle

GUEST = ("--kernel", str(ROOT / "build/release/guest/suspend.bin"), "--initrd", "none", "--mem", "512M")
LAST_BOOT = r"\(dormouse\) the last boot ([^\n]*)\r"
BEFORE = re.compile(r"\(dormouse\) before the reset: (.*?)\r?$", re.MULTILINE)


def guest(machine, gic, hyp="", *args):
    """A machine whose Dom0 suspends as soon as it is up, and a watchdog without much patience."""
    return machine("--gic", gic, *GUEST, "--hyp-append", f"hang-limit=1 {hyp}", *args,
                   append="dormouse=1", ready=False)


def caught(m, sleeps=0):
    """The watchdog fires and the machine is reset (besides the sleeps' own resets): what the firmware's log has of it,
    as {CPU: [line]}, and what the next boot says of the last."""
    resets = m.resets() + sleeps
    m.expect(r"dormouse-firmware: watchdog: no word for \d+ s; every CPU's registers, then a reset")
    last = m.expect(LAST_BOOT).group(1)
    assert m.resets() == resets + 1
    cpus = {}
    log = m.firmware_log.read_text(errors="replace")
    for number, line in re.findall(r"cpu (\d+): ([^\r\n]*)", log[log.rindex("watchdog: no word"):]):
        cpus.setdefault(int(number), []).append(line)
    return cpus, last


def assert_all_registers(lines):
    """x0 to x30, the interrupted place, and the system registers of EL2 and EL1."""
    general = [v for line in lines if re.match(r"x\d\d ", line) for v in re.findall(r"\b[0-9a-f]{16}\b", line)]
    assert len(general) >= 31, lines
    text = "\n".join(lines)
    for name in ("elr", "spsr", "esr_el2", "far_el2", "vbar_el2", "hcr_el2", "sctlr_el2", "sp_el2", "esr_el1",
                 "sctlr_el1", "sp_el1"):
        assert re.search(rf"\b{name} [0-9a-f]+\b", text), name


def said_before(m):
    """What the next boot prints of the last one, up to a line of its own: (lines of its log, records)."""
    m.expect(r"\(dormouse\) debug-power: \d+ faults planned")
    lines = BEFORE.findall(m.con.before)
    return ([line for line in lines if not line.startswith("{")],
            [json.loads(line) for line in lines if line.startswith("{")])


def functions(m):
    """scripts/where's names of the functions in the hung CPU's line."""
    log = m.firmware_log.read_text(errors="replace")
    line = re.search(r"cpu 0: (?:at|the firmware was called from) EL2,[^\r\n]*", log).group(0)
    text = subprocess.run([ROOT / "scripts/where"], input=line, check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return set(re.findall(r"(\w+), hyp/", text))


def test_hang_on_the_way_down(machine, gic):
    """While the other CPUs are up: theirs are shown, too. The next suspend of the next boot works."""
    m = guest(machine, gic, "debug-power=hang:page-alloc@1", "--cpus", 2)
    cpus, last = caught(m)
    assert re.fullmatch(r"was cut short in cycle 1, step page-alloc \(suspend\), CPU 0, begun [\d.]+ s after power-up",
                        last)
    assert set(cpus) == {0, 1}
    for lines in cpus.values():
        assert_all_registers(lines)
    _, records = said_before(m)
    assert all(r["cycle"] == 1 and r["earlier_boot"] for r in records)
    assert [r["step"] for r in records if r["end_ns"] is None] == ["page-alloc"]
    assert records[-1]["step"] == "page-alloc"
    assert {"hang", "step", "engine_run", "suspend_run", "cpu_loop"} <= functions(m)
    m.expect(r"\(dormouse\) resumed: cycle 2, slept")
    m.expect(r"ok 1 - an alarm wakes")


def test_hang_on_the_way_up(machine, gic):
    """And what went to the log while the console was down is seen."""
    m = guest(machine, gic, "debug-power=slow:timer:1100@1,hang-resume:gic@1", "--cpus", 1)
    cpus, last = caught(m, sleeps=1)
    assert last.startswith("was cut short in cycle 1, step gic (resume), CPU 0, ")
    assert_all_registers(cpus[0])
    lines, records = said_before(m)
    assert "suspend: cycle 1, step timer (suspend) took longer than 1000 ms" in lines
    assert (records[-1]["step"], records[-1]["dir"], records[-1]["result"]) == ("gic", "resume", None)
    m.expect(r"ok 1 - an alarm wakes")


def test_firmware_hangs(machine):
    """Within SYSTEM_SUSPEND itself: who called is shown, too."""
    m = guest(machine, 3, "", "--cpus", 1, "--firmware", "suspend-hang=1")
    cpus, last = caught(m)
    assert last.startswith("was cut short in cycle 1, step firmware-suspend (suspend), CPU 0, ")
    assert cpus[0][0].startswith("at EL3, elr ")
    assert_all_registers(cpus[0])
    assert {"firmware_suspend", "engine_run"} <= functions(m)


def test_cpu_that_does_not_go_off(machine):
    """Its registers, though nothing reaches it at EL2; the suspend is refused, the machine goes on."""
    m = guest(machine, 2, "", "--cpus", 3, "--firmware", "cpu-off-fail=2", "--firmware", "cpu-off=hang")
    m.expect(r"\(dormouse\) CPU 2: did not go off within \d+ ms")
    m.expect(r"dormouse-firmware: cpu 2: at EL3, elr [0-9a-f]+")
    m.expect(r"dormouse-firmware: cpu 2: the firmware was called from EL2, elr [0-9a-f]+")
    m.expect(r"\(dormouse\) suspend failed: cycle 1, step secondary-cpus: ETIMEDOUT")
    log = m.firmware_log.read_text(errors="replace")
    assert_all_registers(re.findall(r"cpu 2: ([^\r\n]*)", log))
    assert "cpu 0:" not in log
    assert m.resets() == 0


def test_no_watchdog(machine):
    """It is said, and suspend works without."""
    m = guest(machine, 3, "", "--cpus", 1, "--firmware", "watchdog=0")
    m.expect(r"\(dormouse\) no watchdog in the firmware: a hang in a step of a suspend isn't caught")
    m.expect(r"ok 1 - an alarm wakes")


def test_linux(machine):
    """A hang, then a panic, under Linux: the reports, the journal in Dom0, and a suspend that works after each."""
    m = machine("--gic", 3, "--cpus", 2, "--hyp-append", "debug-power=hang:rtc@1 hang-limit=1 panic=reset")
    m.start_command("nap 2")
    cpus, last = caught(m)
    assert last.startswith("was cut short in cycle 1, step rtc (suspend), CPU 0, ")
    assert cpus[1] == ["off"]
    m.wait_ready()
    cycle(m)
    journal = m.sh("dormouse journal")
    assert re.search(r"^ +1 .* cut short by a reset in step rtc \(suspend\); an earlier boot", journal, re.MULTILINE)
    assert re.search(r"^ +2 .* slept", journal, re.MULTILINE)

    m.con.send(FOCUS_KEYS + "!")
    m.expect(r"\(dormouse\) panic: asked for on the console")
    assert m.expect(LAST_BOOT).group(1) == "ended in a panic, after cycle 2"
    lines, _ = said_before(m)
    assert "panic: asked for on the console" in lines
    m.wait_ready()
    cycle(m)
    assert [(r["cycle"], r.get("earlier_boot", False)) for r in m.journal() if r["kind"] == "cycle"] \
        == [(2, True), (3, False)]
