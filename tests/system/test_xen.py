# SPDX-License-Identifier: Apache-2.0
"""Debian's kernel on Xen's interfaces: as Dom0 and as DomU, awake and after a sleep."""

import re
import time

from checks import cycle, intact
from test_domu import AGENT, gone, ready

MODULES = "xen_evtchn xen_gntdev xen_privcmd xenfs"
FOUND = ("Xen 4.17 support found", "xen:grant_table: Grant tables using version 1 layout",
         "xen:events: Using 2-level ABI")
BALLOON = "/sys/devices/system/xen_memory/xen_memory0"


def finds_xen(m, features):
    log = m.sh("dmesg")
    for line in FOUND:
        assert line in log
    assert m.sh("cat /sys/hypervisor/version/major /sys/hypervisor/version/minor").split() == ["4", "17"]
    assert m.sh("cat /sys/hypervisor/properties/capabilities").strip() == "xen-3.0-aarch64"
    assert int(m.sh("cat /sys/hypervisor/properties/features"), 16) == features
    assert m.warnings() == []


def kib(m, what):
    return int(m.sh(f"cat {BALLOON}/{what}"))


def balloons(m, mib=32):
    """Memory given up and had back, some of it in pages that were in use in between."""
    had = kib(m, "info/current_kb")
    for target in (had - mib * 1024, had):
        m.sh(f"echo {target} > {BALLOON}/target_kb")
        end = time.monotonic() + 60
        while kib(m, "info/current_kb") != target:
            assert time.monotonic() < end, f"{kib(m, 'info/current_kb')} KiB, {target} wanted"
    m.sh(f"dd if=/dev/zero of=/tmp/f bs=1M count={mib} 2>/dev/null; md5sum /tmp/f; rm /tmp/f")


def test_dom0(machine, gic):
    m = machine("--gic", gic, "--cpus", 2)
    finds_xen(m, 0x26805)
    for module in MODULES.split():
        m.sh(f"grep -q ^{module} /proc/modules || insmod /lib/modules/{module}.ko")
    m.sh("[ -e /proc/xen/capabilities ] || mount -t xenfs xenfs /proc/xen")
    assert m.sh("cat /proc/xen/capabilities").strip() == "control_d"
    assert set(m.sh("ls /dev/xen").split()) >= {"evtchn", "gntdev", "hypercall", "privcmd", "xenbus"}
    m.con.send("echo by $((6 * 7)) > /dev/hvc0\n")
    m.expect(r"by 42")
    balloons(m)
    cycle(m)
    intact(m, 2)
    balloons(m)
    finds_xen(m, 0x26805)
    assert m.power_off() == 0


def test_hypervisor_console(machine, gic):
    """What is typed comes by an event; it still does after the CPU that takes it has slept."""
    m = machine("--gic", gic, "--cpus", 2, append="console=hvc0")
    assert m.sh("sed 's/.* //' /sys/class/tty/console/active") == "hvc0"
    assert m.sh("echo $((6 * 7))") == "42"
    cycle(m)
    assert m.sh("echo " + "x" * 200) == "x" * 200
    intact(m, 2)
    assert int(re.search(r"\s(\d+)\s.*hvc_console", m.sh("cat /proc/interrupts"))[1]) > 0
    assert m.power_off() == 0


def test_domu(machine, gic):
    m = machine("--gic", gic, "--cpus", 2, "--domu",
                f"name=pv,mem=256M,cpus=2,xen=enabled,{AGENT}",
                "--domu", f"name=plain,mem=256M,{AGENT}", ready=False)
    ready(m, 3)
    m.focus("plain")
    assert m.sh("dmesg | grep -c -i 'xen.*support found' || true") == "0"
    assert "hypervisor" not in m.sh("ls /proc/device-tree").split()
    m.focus("pv")
    finds_xen(m, 0x16005)
    # It set its clock from Xen's: what that says, and its own time since. Of the latter it loses
    # the ticks that don't come before the timer is its clock source: on a busy host, seconds.
    clock, rtc = m.clock_offsets()
    assert abs(clock) < 10 and abs(rtc) < 2
    balloons(m)
    for _ in range(2):
        status, output = m.suspend("rtc", 3)
        assert status == 0, output
        finds_xen(m, 0x16005)
        assert m.online() == "0-1"
    balloons(m)
    gone(m, "pv")
    m.focus("dom0")
    assert m.warnings() == []
    assert m.power_off() == 0
