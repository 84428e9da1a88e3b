# SPDX-License-Identifier: Apache-2.0
"""What a domain has to say to the machine's sleep, and what wakes it and the machine."""

import random
import re
import time

import pytest

from dormouse_run.machine import NAP_TOO_LATE, MachineError

from checks import cycle, cycle_records, hears_its_key, intact
from test_guest_suspend import (all_have_thawed, domain_is_well, domain_naps, domain_wakes, in_domain,
                                sleeper_says, thaws, wait_until)


@pytest.fixture
def domain(machine):
    """domain(gic, words, append): Dom0 and domain a; both are ready, Dom0 has the input."""

    def start(gic, words="", append="", hyp="loglevel=debug"):
        m = machine("--gic", gic, "--cpus", 2, "--hyp-append", hyp,
                    "--domu", f"name=a,mem=256M,cpus=1,append=dormouse.mode=agent{append}{words}", ready=False)
        m.wait_ready()
        m.wait_ready()
        m.sh("true")
        return m

    return start


def said(m, pattern):
    """How many lines of Dormouse's there have been so far."""
    m.sh("true")  # which reads the console
    m.log.flush()
    text = m.console_log.read_text(errors="replace")
    return len(re.findall(rf"\(dormouse\)[^\n]* {pattern}", text))


def test_veto_agrees(domain, gic, count):
    """Asked by its sleep key it suspends, and goes on with the machine, behind Dom0."""
    m = domain(gic, ",host-suspend=veto", " dormouse.sleepkey=1")
    for n in range(1, 1 + count(2, 20)):
        cycle(m, seconds=12)
        assert cycle_records(m)[-1]["outcome"] == "slept"
        all_have_thawed(m, n)
        assert not thaws(m, n)[1][1]["unaware"]
        wait_until(lambda: said(m, "a: resumed, with the machine") == n, "a sleeps on")
        assert said(m, "a is asked to suspend") == n
        assert said(m, "a: suspended") == n
        hears_its_key(m, "a")
    domain_is_well(m, "a", count(2, 20))
    intact(m, 2)


def test_veto_refuses(domain, gic):
    """Nobody listens to its key: the machine doesn't sleep, and nothing else has happened."""
    m = domain(gic, ",host-suspend=veto,veto-timeout-ms=2000")
    start = time.monotonic()
    status, _ = m.sh("nap 60", check=False)
    assert status != 0
    assert time.monotonic() - start < 40
    assert m.resets() == 0
    assert [(r["outcome"], r["failed_step"]) for r in cycle_records(m)] == [("failed", "policies")]
    assert said(m, "suspend blocked by a: it was asked to suspend and has not") == 1
    domain_is_well(m, "a", 0)
    intact(m, 2)
    # Once it sleeps by itself it has nothing to say.
    domain_naps(m, "a", 60)
    m.focus("dom0")
    cycle(m)
    assert m.resets() == 1


def test_wake_up_while_others_are_asked(domain, gic):
    """Dom0's own alarm comes while it waits for the answer: it goes on as if it had slept."""
    m = domain(gic, ",host-suspend=veto,veto-timeout-ms=600000")
    in_domain(m, "a", "(n=0; while :; do n=$((n+1)); echo $n >/tmp/new; mv /tmp/new /tmp/count; done) >/dev/null 2>&1 &")
    assert m.suspend("rtc", 8)[0] == 0
    assert m.resets() == 0
    record = cycle_records(m)[-1]
    assert (record["outcome"], record["wake_device"], record["wake_owner"]) == ("did-not-sleep", "rtc", "dom0")
    # The domain ran all the while.
    assert thaws(m, 1)[0] == []
    assert int(in_domain(m, "a", "cat /tmp/count")) > 10
    intact(m, 2)


def test_switched_off(domain, gic):
    """An alarm that may not wake the domain waits until something else does."""
    m = domain(gic, ",wakeup=console")
    domain_naps(m, "a", 3)
    m.focus("dom0")
    # Longer than that, by a clock that the machine's load doesn't change.
    m.sh("sleep 6")
    assert said(m, "a: resumed") == 0
    m.focus("a")
    m.con.send("\n")
    domain_wakes(m, "a", "console")
    m.expect(r"@@0@@\d+@@")  # its nap's
    # Delivered: the alarm is over and gone.
    assert m.sh("cat /sys/class/rtc/rtc0/wakealarm") == ""
    domain_is_well(m, "a", 1)


def test_switched_off_console(domain, gic):
    m = domain(gic, ",wakeup=alarm")
    domain_naps(m, "a", 12)
    m.con.send("\n\n")
    domain_wakes(m, "a", "rtc")
    assert m.finish_command()[0] == 0
    domain_is_well(m, "a", 1)


def test_switched_off_device(domain, gic):
    """The machine's power key is the domain's, but may not wake it: its interrupt is there when it has woken."""
    m = domain(gic, ",wakeup=console,device=/pl061@9030000,device=/gpio-keys")
    presses = "awk '/pl061/ {n += $2} END {print n + 0}' /proc/interrupts"
    before = int(in_domain(m, "a", presses))
    domain_naps(m, "a")
    m.focus("dom0")
    m.qmp.command("system_powerdown")
    m.sh("sleep 1")  # the key goes up, too
    assert said(m, "a: resumed") == 0
    m.focus("a")
    m.con.send("\n")
    domain_wakes(m, "a", "console")
    m.expect(r"@@0@@\d+@@")  # its nap's
    m.focus("dom0")
    wait_until(lambda: int(in_domain(m, "a", presses)) > before, "the key's interrupt is lost")
    domain_is_well(m, "a", 1)


def test_switched_off_for_the_machine(domain, gic):
    """The domain's alarm comes first, but may not wake the machine."""
    m = domain(gic, ",wakeup=console")
    domain_naps(m, "a", 15)
    m.focus("dom0")
    assert m.suspend("rtc", 30)[0] == 0
    record = cycle_records(m)[-1]
    assert (record["outcome"], record["wake_device"], record["wake_owner"]) == ("slept", "rtc", "dom0")
    assert m.resets() == 1
    all_have_thawed(m, 1)
    assert said(m, "a: resumed") == 0
    m.focus("a")
    m.con.send("\n")
    domain_wakes(m, "a", "console")
    m.expect(r"@@0@@\d+@@")  # its nap's
    domain_is_well(m, "a", 1)
    intact(m, 2)


def test_console_does_not_wake_the_machine(domain, gic):
    """Input for a domain that it may not wake."""
    m = domain(gic, ",wakeup=alarm")
    before = m.resets()
    m.start_command("nap 25")
    m.focus("a")
    m.qmp.wait_resets(before + 1, 60)
    m.con.send("\n")
    m.expect(r"\(dormouse\)[^\n]* resumed: cycle 1, slept, woken by interrupt \d+ \(rtc, owner dom0\)", 120)
    m.focus("dom0")
    m.sh("true")
    domain_is_well(m, "a", 0)


def told(m, command, pattern):
    """A command whose effect is said on the console, perhaps in the middle of what it prints itself."""
    m.start_command(command)
    m.expect(rf"\(dormouse\)[^\n]* {pattern}")


def patient(m, command):
    """sh() where Dormouse's lines may break the one that it waits for: then another one is asked for."""
    m.start_command(command)
    for _ in range(10):
        try:
            return m.finish_command(timeout=20)
        except MachineError:
            m.start_command("true")
    return m.finish_command()


def test_key_suspends_and_wakes(domain, gic, count):
    """The tool presses the sleep key; the domain suspends by it, and is woken by command or by its console."""
    m = domain(gic, append=" dormouse.sleepkey=1")
    for _ in range(count(2, 50)):
        told(m, "dormouse suspend a", "a: suspended")
        told(m, "dormouse resume a", "a: resumed, by command")
        hears_its_key(m, "a")
        told(m, "dormouse suspend a", "a: suspended")
        m.focus("a")
        m.con.send("\n")
        domain_wakes(m, "a", "console")
        hears_its_key(m, "a")
    domain_is_well(m, "a", 2 * count(2, 50))
    intact(m, 2)


def test_races_with_commands(domain, gic, count):
    """The domain goes to sleep again and again, and whatever Dom0 does meanwhile, it is neither stuck nor lost.
    (tests/guest/races.c does the same a thousand times, without Linux.)"""
    m = domain(gic, hyp="")
    chance = random.Random(7)
    in_domain(m, "a", "(n=0; while :; do nap 2; case $? in 0) n=$((n+1)); echo $n >/tmp/new; mv /tmp/new /tmp/naps ;; "
              f"{NAP_TOO_LATE}) ;; *) break ;; esac; done) &")
    m.sh("d() { dormouse $1 a >/dev/null 2>&1; true; }")
    naps = 0
    for _ in range(count(3, 50)):
        pauses = 0
        for _ in range(10):
            op = chance.choice(("d resume", "d pause", "d unpause", "sleep 0.1", "sleep 1"))
            if op == "d unpause" and not pauses:
                continue
            pauses += {"d pause": 1, "d unpause": -1}.get(op, 0)
            patient(m, op)
        for _ in range(pauses):
            patient(m, "d unpause")
        if chance.random() < 0.4:
            assert m.suspend("rtc", 6)[0] == 0
        m.focus("a")
        now = naps
        for _ in range(20):
            now = int(sleeper_says(m, "cat /tmp/naps 2>/dev/null || echo 0").split()[-1])
            if now > naps:
                break
        assert now > naps
        naps = now
        m.focus("dom0")
    intact(m, 2)
