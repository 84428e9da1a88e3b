# SPDX-License-Identifier: Apache-2.0
"""Event channels and grants as Linux uses them, in Dom0 and between Dom0 and a DomU (tests/linux/xenio.c)."""

import re
import subprocess

import pytest

from checks import hears_its_key
from conftest import ROOT


@pytest.fixture
def xenio(tmp_path):
    """An initramfs with xenio in it."""
    subprocess.run(["make", "-s", "build/linux/xenio"], cwd=ROOT, check=True)
    out = tmp_path / "initrd"
    subprocess.run([ROOT / "scripts/mkinitrd", "-o", out, "--add", "build/linux/xenio:/bin/xenio"],
                   cwd=ROOT, check=True)
    return out


def ok(m, command):
    status, out = m.sh(command, check=False)
    assert status == 0 and out.splitlines()[-1] == "xenio: ok", out
    return out


ROOM = """
d=/sys/devices/system/xen_memory/xen_memory0
echo $(($(cat $d/info/current_kb) - 4096)) >$d/target_kb
for i in $(seq 100); do [ $(cat $d/info/low_kb) -ge 2048 ] && break; usleep 100000; done
"""


def make_room(m):
    """Linux maps where it has no memory; without such pages 6.1 makes some at address 0, and warns."""
    m.sh("; ".join(ROOM.strip().splitlines()))


def ended(m):
    """What xenio does takes a bounded time."""
    m.sh("while pidof xenio >/dev/null; do usleep 100000; done")


def test_events_and_grants(machine, gic, xenio):
    append = "dormouse.mode=agent dormouse.sleepkey=1"
    m = machine("--gic", gic, "--cpus", 2, "--initrd", xenio, "--domu",
                f"name=peer,mem=256M,xen=no-xenstore,initrd={xenio},append={append}", ready=False)
    m.wait_ready()
    m.wait_ready()
    make_room(m)
    ok(m, "xenio self 0")
    assert "Using 2-level ABI" in m.sh("dmesg")

    m.focus("peer")
    make_room(m)
    ok(m, "xenio self 1")
    m.sh("xenio peer >/tmp/peer 2>&1 &")
    m.focus("dom0")
    assert re.search(r"200 round trips", ok(m, "xenio with 1"))
    # Again, with all that was bound and mapped gone with the process.
    ok(m, "xenio with 1")

    # An event wakes it, though its Linux masks all of them before it sleeps.
    m.sh("dormouse suspend -w peer")
    ok(m, "xenio with 1")
    assert m.sh("dormouse wakeup list peer").splitlines()[1].split()[-2:] == ["event", "1"]
    ok(m, "xenio with 1")
    hears_its_key(m, "peer")
    # One that is switched off as a wake-up waits (that it does so for ever, three seconds stand for).
    m.sh("dormouse wakeup disable peer event")
    m.sh("dormouse suspend -w peer")
    m.sh("xenio with 1 >/tmp/with 2>&1 & sleep 3")
    assert "---ss-" in m.sh("xl list peer")
    m.sh("dormouse resume peer")
    ended(m)
    assert "xenio: ok" in m.sh("cat /tmp/with")

    # What Dom0 has of a domain that goes is Dom0's until it lets go.
    m.sh("xenio hold 1 >/tmp/hold 2>&1 &")
    m.sh("until grep -q held /tmp/hold; do usleep 100000; done")
    m.sh("dormouse destroy peer")
    m.sh("kill -USR1 $(pidof xenio)")
    ended(m)
    assert "xenio: ok" in m.sh("cat /tmp/hold")
    assert m.warnings() == []
    assert m.power_off() == 0
