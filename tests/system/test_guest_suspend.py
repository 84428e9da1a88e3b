# SPDX-License-Identifier: Apache-2.0
"""Domains besides Dom0 sleep and wake by themselves, and survive the machine's own sleep."""

import json
import re
import time

import pytest

from dormouse_run.machine import NAP_TOO_LATE, MachineError

from checks import cycle, cycle_records, intact, suspend_in_time

# A block that stays the same, its sum again and again: what the sleep changes would show.
WORK = ("dd if=/dev/urandom of=/tmp/block bs=64k count=1 2>/dev/null; "
        "sum=$(md5sum </tmp/block); "
        "(n=0; while [ \"$(md5sum </tmp/block)\" = \"$sum\" ]; do n=$((n+1)); echo $n >/tmp/count; "
        "done; echo bad >/tmp/bad) >/dev/null 2>&1 &")


@pytest.fixture
def domains(machine):
    """domains(gic, *more, **policies): Dom0 and domain a; both are ready, Dom0 has the input."""

    def start(gic, *more, words="", cpus=1, hyp="loglevel=debug"):
        m = machine("--gic", gic, "--cpus", 2, "--hyp-append", hyp,
                    "--domu", f"name=a,mem=256M,cpus={cpus},append=dormouse.mode=agent{words}",
                    *more, ready=False, timeout=2400)
        for _ in range(1 + m.args.count("--domu")):
            m.wait_ready()
        m.sh("true")
        return m

    return start


def wait_until(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.3)


def in_domain(m, name, command):
    m.focus(name)
    try:
        return m.sh(command)
    finally:
        m.focus("dom0")


def domain_naps(m, name, seconds=""):
    """The domain has the input and sleeps; on a slow host with a later alarm."""
    m.focus(name)
    while True:
        m.start_command(f"nap {seconds}")
        if m.expect(rf"\(dormouse\)[^\n]* {name}: (suspended)|"
                    + m.end_of_command(NAP_TOO_LATE)).group(1):
            return
        seconds *= 2


def domain_wakes(m, name, device):
    m.expect(rf"\(dormouse\)[^\n]* {name}: resumed, woken by interrupt \d+ \({device}\)")


def domain_has_woken(m, name, device, times):
    """The same with the input elsewhere, where the line may have gone by already."""
    line = re.compile(rf"\(dormouse\)[^\n]* {name}: resumed, woken by interrupt \d+ \({device}\)")

    def seen():
        m.sh("true")  # which reads the console
        m.log.flush()
        return len(line.findall(m.console_log.read_text(errors="replace")))

    wait_until(lambda: seen() >= times, f"{name} sleeps on")
    assert seen() == times


def domain_is_well(m, name, sleeps):
    m.focus(name)
    m.sh("true")  # behind what its shell still had to say
    assert m.sh("cat /sys/power/suspend_stats/success") == str(sleeps)
    assert m.sh("cat /sys/power/suspend_stats/fail") == "0"
    assert m.warnings() == []
    m.focus("dom0")


def thaws(m, number):
    """Who went on after the cycle of that number, in this order; and the records."""
    records = [r for r in m.journal() if r["kind"] == "thaw" and r["cycle"] == number]
    records.sort(key=lambda r: r["end_ns"])
    return [r["domain"] for r in records], records


def all_have_thawed(m, number):
    """Dom0 goes on at once, domain a after the grace time."""
    wait_until(lambda: thaws(m, number)[0] == ["dom0", "a"], "Dom0 first, then a")


def woken_by_the_tool(m, name):
    m.focus("dom0")
    m.sh(f"dormouse resume {name}")
    listed = json.loads(m.sh("dormouse list --json"))
    assert [d["state"] for d in listed if d["name"] == name] == ["running"]
    m.focus(name)
    m.sh("true")  # behind what its shell still had to say


@pytest.mark.parametrize("cpus", [1, 2, pytest.param(4, marks=pytest.mark.long)])
def test_own_alarm_console_and_command(domains, gic, cpus, count):
    m = domains(gic, cpus=cpus)
    sleeps = 0
    for _ in range(count(2, 50)):
        domain_naps(m, "a", 3)
        domain_wakes(m, "a", "rtc")
        assert m.finish_command()[0] == 0
        domain_naps(m, "a")
        m.con.send("\n")
        domain_wakes(m, "a", "console")
        assert m.finish_command()[0] == 0
        domain_naps(m, "a")
        woken_by_the_tool(m, "a")
        sleeps += 3
    domain_is_well(m, "a", sleeps)
    assert m.resets() == 0


def test_dom0_works_while_a_domain_sleeps(domains, gic):
    m = domains(gic)
    domain_naps(m, "a", 12)
    m.focus("dom0")
    intact(m, 2)
    domain_has_woken(m, "a", "rtc", 1)
    domain_is_well(m, "a", 1)


def work_done(m, name):
    """How often WORK has been through; 0 in the moment in which it writes that down."""
    return int(in_domain(m, name, "cat /tmp/count") or 0)


def unaware_domain(m, count, cpus):
    in_domain(m, "a", WORK)
    for n in range(1, 1 + count(2, 20)):
        cycle(m)
        assert cycle_records(m)[-1]["outcome"] == "slept"
        all_have_thawed(m, n)
        before = work_done(m, "a")
        wait_until(lambda: work_done(m, "a") > before, "it computes no more")
    assert in_domain(m, "a", "cat /tmp/bad 2>/dev/null; true") == ""
    intact(m, cpus)


def test_unaware_domain(domains, gic, count):
    """It computes when the machine goes to sleep, and goes on with it afterwards."""
    unaware_domain(domains(gic, hyp="loglevel=debug dom0_max_vcpus=1"), count, 1)


def test_unaware_domain_shares_a_cpu(domains, gic, count):
    """The same with one of Dom0's vCPUs on the domain's CPU."""
    unaware_domain(domains(gic), count, 2)


def test_four_unaware_domains(machine, gic, count):
    """Four compute on two CPUs across the machine's sleeps: nothing of theirs changes, and a counter that
    stood still shows no stall."""
    names = [f"u{i}" for i in range(4)]
    guests = [word for n in names for word in
              ("--domu", f"name={n},mem=128M,time=frozen,append=dormouse.mode=agent")]
    m = machine("--gic", gic, "--cpus", 2, *guests, ready=False, timeout=2400)
    for _ in range(1 + len(names)):
        m.wait_ready()
    m.sh("true")
    for name in names:
        in_domain(m, name, WORK)
    before = dict.fromkeys(names, 0)
    for _ in range(count(2, 20)):
        cycle(m, seconds=6)
        record = cycle_records(m)[-1]
        assert record["outcome"] == "slept"
        wait_until(lambda: set(thaws(m, record["cycle"])[0]) == {"dom0", *names}, "one sleeps on")
        assert thaws(m, record["cycle"])[0][0] == "dom0"
        for name in names:
            wait_until(lambda n=name, b=before[name]: work_done(m, n) > b, f"{name} is stuck")
            before[name] = work_done(m, name)
    for name in names:
        assert in_domain(m, name, "cat /tmp/bad 2>/dev/null; true") == ""
        m.focus(name)
        assert m.warnings() == []
        m.focus("dom0")
    intact(m, 2)


def test_domains_alarm_wakes_the_machine(domains, gic, count):
    """Dom0 first, then the one whose alarm it was."""
    m = domains(gic)
    for n in range(1, 1 + count(2, 20)):
        domain_naps(m, "a", 20)
        m.focus("dom0")
        assert m.suspend("rtc", 100)[0] == 0
        record = cycle_records(m)[-1]
        assert (record["outcome"], record["wake_device"], record["wake_owner"]) == (
            "slept", "rtc", "a")
        domain_has_woken(m, "a", "rtc", n)
        order, records = thaws(m, n)
        assert order == ["dom0", "a"]
        assert records[1]["end_ns"] - records[0]["end_ns"] >= 2_000_000_000
        assert not records[1]["unaware"]
        assert m.resets() == n
    domain_is_well(m, "a", count(2, 20))


def test_require(domains, gic):
    """A domain that must sleep first forbids the machine's sleep, by name, and nothing else happens."""
    m = domains(gic, words=",host-suspend=require")
    assert suspend_in_time(m)[0] not in (0, NAP_TOO_LATE)
    assert m.resets() == 0
    assert [r["failed_step"] for r in cycle_records(m)] == ["policies"]
    assert any(re.search(r"suspend blocked by a: .*require", line) for line in m.lines)
    domain_is_well(m, "a", 0)
    domain_naps(m, "a", 40)
    m.focus("dom0")
    cycle(m)
    assert m.resets() == 1


@pytest.mark.parametrize("policy", ["continuous", "frozen"])
def test_time(domains, gic, policy):
    """Does the domain's clock show the sleep?"""
    m = domains(gic, words=f",time={policy}")
    before, start = float(in_domain(m, "a", "cut -d' ' -f1 /proc/uptime")), time.monotonic()
    cycle(m, seconds=12)
    all_have_thawed(m, 1)
    after = float(in_domain(m, "a", "cut -d' ' -f1 /proc/uptime"))
    behind = (time.monotonic() - start) - (after - before)
    assert (behind > 5) == (policy == "frozen"), f"{behind:.1f} s behind"
    m.focus("a")
    assert m.warnings() == []


def sleeper_says(m, command):
    """What a domain that may be asleep answers: a key wakes it."""
    m.start_command(command)
    for _ in range(5):
        try:
            return m.finish_command(timeout=10)[1]
        except MachineError:
            m.con.send("\n")
    return m.finish_command()[1]


def test_domain_naps_while_the_machine_does(domains, gic, count):
    """Its sleeps and wake-ups meet the machine's at any point."""
    m = domains(gic)
    in_domain(m, "a", "(n=0; while :; do nap 1; case $? in 0) n=$((n+1)); echo $n >/tmp/new; mv /tmp/new /tmp/naps ;; "
              f"{NAP_TOO_LATE}) ;; *) break ;; esac; done) &")
    naps = 0
    for _ in range(count(4, 50)):
        # The domain's alarm may come first, or wake it early: both are wake-ups.
        assert suspend_in_time(m, seconds=6)[0] == 0
        m.focus("a")
        now = naps
        for _ in range(20):
            now = int(sleeper_says(m, "cat /tmp/naps 2>/dev/null || echo 0").split()[-1])
            if now > naps:
                break
        assert now > naps
        naps = now
        m.focus("dom0")
    assert {r["outcome"] for r in cycle_records(m)} <= {"slept", "did-not-sleep"}
    intact(m, 2)
