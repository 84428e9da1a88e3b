# SPDX-License-Identifier: Apache-2.0
"""Debian's Linux on our firmware, without a hypervisor: the proof that the firmware is honest, and
the baseline that everything under Dormouse is compared with."""

import pytest

from checks import all_cpus_work, cycle, cycles, intact

NATIVE = ("--native",)


@pytest.mark.parametrize("cpus", [1, 4, 8])
def test_boots_and_powers_off(machine, gic, cpus):
    m = machine(*NATIVE, "--gic", gic, "--cpus", cpus)
    intact(m, cpus)
    all_cpus_work(m, cpus)
    assert m.resets() == 0
    assert m.power_off() == 0


@pytest.mark.parametrize("cpus", [1, 4])
def test_rtc_alarm(machine, gic, cpus, count):
    m = machine(*NATIVE, "--gic", gic, "--cpus", cpus)
    cycles(m, count(2, 20), cpus)
    all_cpus_work(m, cpus)
    assert m.power_off() == 0


@pytest.mark.parametrize("wake", ["console", "key"])
def test_wake_up(machine, gic, wake, count):
    m = machine(*NATIVE, "--gic", gic)
    cycles(m, count(2, 5), 4, wake)


def test_suspend_from_the_cpu_that_is_left(machine, gic):
    """CPU 0 is offline: the caller is another one, and resumes as that one."""
    m = machine(*NATIVE, "--gic", gic)
    m.sh("echo 0 > /sys/devices/system/cpu/cpu0/online")
    cycle(m)
    assert m.online() == "1-3"
    m.sh("echo 1 > /sys/devices/system/cpu/cpu0/online")
    intact(m, 4)


def test_sixteen_cpus(machine):
    m = machine(*NATIVE, "--gic", "3", "--cpus", 16)
    cycles(m, 1, 16)


def test_reboot_is_no_suspend(machine):
    m = machine(*NATIVE)
    m.con.send("reboot -f\n")
    m.wait_ready()
    assert m.resets() == 1
    cycle(m)
    assert m.power_off() == 0
