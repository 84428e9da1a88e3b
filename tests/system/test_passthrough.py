# SPDX-License-Identifier: Apache-2.0
"""Devices of the machine in a domain: it uses them, and they wake it and the machine."""

import hashlib
import random

import pytest

from test_bad_input import HYP_FATAL, run
from test_guest_suspend import (all_have_thawed, domain_has_woken, domain_is_well, domain_naps, domain_wakes,
                                in_domain, wait_until)

from checks import cycle_records, suspend_in_time
from dormouse_run.machine import NAP_TOO_LATE

KEYS = "device=/pl061@9030000,device=/gpio-keys"
KEY = "pl061@9030000"
DISK = "virtio_mmio@a003e00"
SIZE = 8 << 20


def start(machine, gic, words, *more):
    m = machine("--gic", gic, "--cpus", 2, "--hyp-append", "loglevel=debug",
                "--domu", f"name=a,mem=256M,append=dormouse.mode=agent,{words}", *more, ready=False)
    for _ in range(2):
        m.wait_ready()
    m.sh("true")
    return m


def disk_option(path):
    """A virtio disk in the last slot."""
    return [f"--qemu-arg={word}" for word in (
        "-global", "virtio-mmio.force-legacy=false", "-drive", f"if=none,id=passed,format=raw,file={path}",
        "-device", "virtio-blk-device,drive=passed,bus=virtio-mmio-bus.31")]


def key_edges(m):
    return int(in_domain(m, "a", "awk '/GPIO Key Poweroff/ { print $2 }' /proc/interrupts"))


def test_key(machine, gic, count):
    """The machine's power key is a domain's: it wakes the domain, also when the machine sleeps."""
    m = start(machine, gic, KEYS)
    assert m.sh("ls -d /proc/device-tree/pl061@9030000 /proc/device-tree/gpio-keys 2>/dev/null; true") == ""
    assert "9030000" in in_domain(m, "a", "ls /sys/bus/amba/devices")
    number = count(2, 25)
    for n in range(1, 1 + number):
        edges = key_edges(m)
        domain_naps(m, "a")
        m.qmp.command("system_powerdown")
        domain_wakes(m, "a", KEY)
        assert m.finish_command()[0] == 0
        # Its release is a wake-up, too: not before that the next sleep.
        wait_until(lambda: key_edges(m) >= edges + 2, "the key stays pressed")
        domain_naps(m, "a")
        m.focus("dom0")
        assert m.suspend("key")[0] == 0
        record = cycle_records(m)[-1]
        assert (record["outcome"], record["wake_device"], record["wake_owner"]) == ("slept", KEY, "a")
        domain_has_woken(m, "a", KEY, 2 * n)
        all_have_thawed(m, n)
    domain_is_well(m, "a", 2 * number)
    assert m.resets() == number


def test_disk(machine, gic, tmp_path):
    """A device that does DMA, in a domain that is mapped 1:1; its sleep is a must for the machine's."""
    data = random.Random(3).randbytes(SIZE)
    path = tmp_path / "disk"
    path.write_bytes(data)
    m = start(machine, gic, f"direct-map,device=/{DISK}", *disk_option(path))
    read = "echo 3 > /proc/sys/vm/drop_caches; md5sum < /dev/vda | cut -d' ' -f1"
    assert m.sh("ls /dev/vd* 2>/dev/null; true") == ""
    assert in_domain(m, "a", read) == hashlib.md5(data).hexdigest()
    # Awake, it forbids the sleep.
    assert suspend_in_time(m)[0] not in (0, NAP_TOO_LATE)
    assert m.resets() == 0
    for n in range(1, 3):
        in_domain(m, "a", f"dd if=/dev/urandom of=/tmp/new bs=64k count=8 2>/dev/null; "
                          f"dd if=/tmp/new of=/dev/vda bs=64k seek={8 * n} oflag=direct conv=notrunc 2>/dev/null")
        domain_naps(m, "a", 20)
        m.focus("dom0")
        assert m.suspend("rtc", 100)[0] == 0
        domain_has_woken(m, "a", "rtc", n)
        in_domain(m, "a", "true")  # behind what its shell still had to say
        assert in_domain(m, "a", f"dd if=/dev/vda bs=64k skip={8 * n} count=8 iflag=direct 2>/dev/null | "
                                 "cmp - /tmp/new && echo same") == "same"
    domain_is_well(m, "a", 2)
    # Anew, with the same device.
    m.focus("a")
    m.con.send("reboot -f\n")
    m.wait_ready()
    m.sh("true")
    written = m.sh(read)
    m.focus("dom0")
    assert m.power_off() == 0
    assert hashlib.md5(path.read_bytes()).hexdigest() == written


def test_static_memory(machine):
    """RAM at a place of its choice, by its own addresses and by the machine's."""
    m = machine("--cpus", 1, "--no-dom0", "--domu",
                "name=one,mem=128M,static-mem=0x70000000:128M,append=dormouse.mode=agent",
                "--domu", "name=two,mem=128M,direct-map,static-mem=0x68000000:96M,static-mem=0x7c000000:32M,"
                "append=dormouse.mode=agent", ready=False)
    for _ in range(2):
        m.wait_ready()
    iomem = "grep 'System RAM' /proc/iomem"
    m.focus("one")
    assert "40000000-" in m.sh(iomem)
    m.focus("two")
    assert [line.split("-")[0] for line in m.sh(iomem).split("\n")] == ["68000000", "7c000000"]
    assert m.warnings() == []


@pytest.mark.parametrize("domu, says", [
    (f"name=a,device=/{DISK}", "domain a: device virtio_mmio@a003e00: may do DMA"),
    ("name=a,static-mem=0x40000000:256M", "domain a: xen,static-mem at 0x40000000"),
    ("name=a,static-mem=0x60000000:128M", "xen,static-mem is 128 MiB, but memory is 256 MiB"),
    ("name=a,mem=4G,direct-map", "domain a: direct-map: no 4096 MiB in one piece"),
], ids=["dma", "taken", "sum", "too-large"])
def test_bad_configuration(run_args, domu, says):
    code, out, err = run(run_args, "--cpus", "1", "--domu", domu)
    assert code == HYP_FATAL, f"status {code}\n{out[-3000:]}\n{err}"
    assert says in out + err


@pytest.mark.parametrize("words, says", [
    ("device=/nothing@0", "the machine has no such node"), ("direct-map=maybe", "direct-map=maybe"),
    ("static-mem=0x60000000", "BASE:SIZE"), ("dtb=a,device=/b", "one of them")])
def test_bad_arguments(run_args, words, says):
    code, _, err = run(run_args, "--domu", f"name=a,{words}")
    assert code == 2
    assert says in err
