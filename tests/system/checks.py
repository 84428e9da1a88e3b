# SPDX-License-Identifier: Apache-2.0
"""What the suspend tests share: do some cycles, and look whether everything came back."""

import time

from dormouse_run.machine import NAP_TOO_LATE

# The alarm is set before Linux freezes its tasks and stops its CPUs; on a loaded host that takes time.
ALARM_S = 3


def all_cpus(count):
    return "0" if count == 1 else f"0-{count - 1}"


def successes(m):
    return int(m.sh("cat /sys/power/suspend_stats/success"))


def suspend_in_time(m, wake="rtc", seconds=ALARM_S):
    """m.suspend() with an alarm that comes after Linux has gone down: on a slow host, a later one."""
    while True:
        status, output = m.suspend(wake, seconds)
        if status != NAP_TOO_LATE or seconds > 60:
            return status, output
        seconds *= 2


def cycle(m, wake="rtc", seconds=ALARM_S):
    """One suspend that must succeed: one loss of power, no more and no less."""
    while True:
        resets, good, start = m.resets(), successes(m), time.monotonic()
        status, output = suspend_in_time(m, wake, seconds)
        took = time.monotonic() - start
        if wake != "rtc" or m.resets() > resets or took < seconds or seconds > 60:
            break
        # The alarm came while Dormouse went down, and rightly stopped it.
        seconds *= 2
    assert status == 0, f"suspend: status {status}: {output}\n{m.sh('dmesg | tail -n 30')}"
    assert m.resets() == resets + 1
    assert successes(m) == good + 1


def intact(m, cpus):
    """After a resume (or before any): CPUs, clock and kernel log are as they should be."""
    assert m.online() == all_cpus(cpus)
    warnings = m.warnings()
    assert not warnings, "Dom0's kernel log:\n" + m.sh("dmesg | tail -n 120")
    clock, rtc = m.clock_offsets()
    assert abs(clock) < 1, f"Dom0's clock is off by {clock:.2f} s"
    assert abs(rtc) < 1.5, f"Dom0's RTC is off by {rtc:.2f} s"


def cycles(m, number, cpus, wake="rtc"):
    intact(m, cpus)
    for _ in range(number):
        cycle(m, wake)
        intact(m, cpus)


def all_cpus_work(m, cpus):
    """Each CPU runs something now, and takes timer interrupts."""
    for cpu in range(cpus):
        assert m.sh(f"taskset -c {cpu} sh -c 'i=0; while [ $i -lt 200 ]; do i=$((i+1)); done; "
                    f"sleep 0.05; echo done'") == "done"


def cycle_records(m, kind="cycle"):
    return [r for r in m.journal() if r["kind"] == kind]


def hears_its_key(m, name):
    """The domain's listener (scripts/initrd/sleepkey) is at its keys again: it isn't for a second after one."""
    m.focus(name)
    m.sh("until pidof dd >/dev/null; do usleep 50000; done")
    m.focus("dom0")
