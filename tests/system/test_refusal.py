# SPDX-License-Identifier: Apache-2.0
"""A suspend that cannot be, or that goes wrong, as far as the fault matrix (docs/proof.md) doesn't have it."""

import re

import pytest

from dormouse_run.machine import NAP_TOO_LATE

from checks import cycle, cycle_records, intact, suspend_in_time

# The firmware's names for PSCI's errors (DEN0022 5.2.2), and what Linux makes of them.
ERRORS = {"denied": -1, "invalid-address": -22, "internal": -22}


def fails(m):
    """A suspend that Dom0 sees refused; the errno in its statistics."""
    resets = m.resets()
    status, output = suspend_in_time(m)
    assert status not in (0, NAP_TOO_LATE), f"it was not refused: {output}"
    assert m.resets() == resets
    return int(m.sh("cat /sys/power/suspend_stats/last_failed_errno"))


@pytest.mark.parametrize("error", sorted(ERRORS))
def test_firmware_refuses_native(machine, gic, error):
    """Under Dormouse: `make fault-matrix`."""
    m = machine("--native", "--gic", gic, "--firmware", f"suspend={error}+{error}+ok")
    assert [fails(m), fails(m)] == [ERRORS[error]] * 2
    intact(m, 4)
    cycle(m)
    intact(m, 4)


@pytest.mark.parametrize("how", ["native", "dormouse"])
def test_firmware_lacks_suspend(machine, gic, how):
    native = ("--native",) if how == "native" else ()
    m = machine(*native, "--gic", gic, "--firmware", "suspend=absent")
    assert "deep" not in m.sh("cat /sys/power/mem_sleep")
    intact(m, 4)


def test_wake_up_while_going_down(machine, gic):
    """The alarm fires while a slow step holds the suspend up: it did not sleep, and lost nothing."""
    m = machine("--gic", gic, "--hyp-append", "debug-power=slow:console:15000@1")
    status, _ = suspend_in_time(m, seconds=5)
    assert status == 0
    intact(m, 4)
    assert m.resets() <= 1
    record = cycle_records(m)[0]
    assert record["outcome"] in ("did-not-sleep", "slept")
    assert record["wake_device"] == "rtc"
    fired = re.search(r"\s(\d+)\s.*rtc-pl031", m.sh("cat /proc/interrupts"))
    assert fired and int(fired.group(1)) >= 1
    cycle(m)
