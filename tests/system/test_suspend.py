# SPDX-License-Identifier: Apache-2.0
"""The machine sleeps and wakes, with Dom0 under Dormouse."""

import pytest

from checks import all_cpus_work, cycle, cycle_records, cycles, intact


def journal_is_right(m, number, device):
    """One record a cycle: slept, and what woke it. (An alarm may be early: then there is one more.)"""
    records = [r for r in cycle_records(m) if r["outcome"] != "did-not-sleep"][-number:]
    assert len(records) == number
    assert {r["outcome"] for r in records} == {"slept"}
    assert {r["wake_device"] for r in records} == {device}
    assert {r["wake_owner"] for r in records} == {"dom0"}


def test_rtc_alarm(machine, gic, count):
    m = machine("--gic", gic, timeout=1500)
    number = count(5, 50)
    cycles(m, number, 4)
    all_cpus_work(m, 4)
    journal_is_right(m, min(number, 5), "rtc")
    assert m.power_off() == 0


@pytest.mark.parametrize("cpus", [1, 2, 8])
def test_number_of_cpus(machine, gic, cpus, count):
    m = machine("--gic", gic, "--cpus", cpus)
    cycles(m, count(2, 5), cpus)
    all_cpus_work(m, cpus)
    assert m.power_off() == 0


@pytest.mark.parametrize("cpu", ["a53", "a57", "a76", "neoverse-n1", "max"])
def test_cpu_model(machine, cpu, count):
    m = machine("--cpu", cpu)
    cycles(m, count(2, 5), 4)


@pytest.mark.long
@pytest.mark.parametrize("cpu", ["a53", "a57", "a72", "max"])
def test_cpu_model_gicv2(machine, cpu):
    m = machine("--gic", "2", "--cpu", cpu)
    cycles(m, 5, 4)


@pytest.mark.parametrize("mem", ["512M", "2G", "4G", "8G"])
def test_memory_size(machine, mem, count):
    m = machine("--mem", mem)
    total = int(m.sh("awk '/MemTotal/ { print $2 }' /proc/meminfo"))
    mib = int(mem[:-1]) * (1024 if mem.endswith("G") else 1)
    # All but what the kernel, Dormouse and the page tables of both take.
    assert total / 1024 > mib * 0.9 - 100
    cycles(m, count(2, 5), 4)


@pytest.mark.parametrize("wake, device", [("console", "console"), ("key", "key")])
def test_wake_up(machine, gic, wake, device, count):
    m = machine("--gic", gic)
    number = count(2, 5)
    cycles(m, number, 4, wake)
    records = cycle_records(m)
    assert [r["outcome"] for r in records] == ["slept"] * number
    assert len({r["wake_intid"] for r in records}) == 1
    assert {r["wake_owner"] for r in records} <= {"dom0", "dormouse"}


def test_all_wake_ups_in_turn(machine, gic):
    m = machine("--gic", gic)
    for wake in ("rtc", "console", "key", "rtc"):
        cycles(m, 1, 4, wake)
    intids = [r["wake_intid"] for r in cycle_records(m)]
    assert len(set(intids)) == 3
    assert intids[0] == intids[3]


def test_the_key_that_woke_is_seen_by_dom0(machine, gic):
    """No wake-up is lost, none comes twice: one press and one release are two edges at most, and a press is seen."""
    edges = "awk '/GPIO Key Poweroff/ { for (i = 2; i <= 5; i++) n += $i } END { print n + 0 }' /proc/interrupts"
    m = machine("--gic", gic)
    device = m.sh("grep -l gpio-keys /sys/class/input/event*/device/name | cut -d/ -f5")
    m.sh(f"cat /dev/input/{device} > /tmp/events &")
    before = int(m.sh(edges))
    cycle(m, "key")
    # struct input_event is 24 bytes: press, release, and a synchronisation after each.
    m.sh("for i in $(seq 100); do [ $(wc -c < /tmp/events) -ge 96 ] && break; usleep 100000; done")
    kinds = m.sh("od -An -v -w24 -t u2 /tmp/events | awk '$9 == 1 { print $10, $11 }'").splitlines()
    number = int(m.sh(edges)) - before
    assert number in (1, 2)
    # While it resumes its devices, Linux makes a press of every edge, whatever the key's level: also of the release.
    assert kinds in (["116 1", "116 0"], ["116 1", "116 0"] * number)


def test_alarm_already_over(machine, gic):
    """The wake-up comes while the machine goes down: it must not be lost, whatever happens to it."""
    m = machine("--gic", gic)
    for _ in range(3):
        m.sh("nap 1", check=False)
        intact(m, 4)
    cycle(m)


@pytest.mark.long  # the short cuts of tests/proof have each of them
@pytest.mark.parametrize("mode", ["lose", "poison", "keep"])
def test_firmware_gic_mode(machine, gic, mode, count):
    m = machine("--gic", gic, "--firmware", f"gic={mode}")
    cycles(m, count(2, 5), 4)


def test_pm_test(machine, gic):
    m = machine("--gic", gic, append="suspend.pm_test_delay=1")
    for level in ("freezer", "devices", "platform", "processors", "core"):
        for _ in range(2):
            m.sh(f"echo {level} > /sys/power/pm_test && echo mem > /sys/power/state")
        assert m.resets() == 0
        intact(m, 4)
    m.sh("echo none > /sys/power/pm_test")
    cycle(m)


def test_cpu_0_offline(machine, gic):
    m = machine("--gic", gic)
    m.sh("echo 0 > /sys/devices/system/cpu/cpu0/online")
    cycle(m)
    assert m.online() == "1-3"
    m.sh("echo 1 > /sys/devices/system/cpu/cpu0/online")
    intact(m, 4)


def test_offlined_cpus_stay_offline(machine, gic):
    m = machine("--gic", gic)
    m.sh("echo 0 > /sys/devices/system/cpu/cpu2/online")
    cycle(m)
    assert m.online() == "0-1,3"
    m.sh("echo 1 > /sys/devices/system/cpu/cpu2/online")
    intact(m, 4)


def test_more_vcpus_than_cpus(machine, gic):
    m = machine("--gic", gic, "--cpus", 2, "--hyp-append", "dom0_max_vcpus=4")
    cycles(m, 2, 4)


def test_under_load(machine, gic):
    """Every CPU is busy when the suspend comes, and goes on with it afterwards."""
    m = machine("--gic", gic)
    m.sh("for i in 1 2 3 4; do yes > /dev/null & done")
    for _ in range(2):
        cycle(m, seconds=4)
    assert len(m.sh("pidof yes").split()) == 4
    m.sh("killall yes")
    intact(m, 4)


def test_power_off_and_reboot(machine, gic):
    m = machine("--gic", gic)
    m.con.send("reboot -f\n")
    m.wait_ready()
    cycle(m)
    assert m.power_off() == 0
