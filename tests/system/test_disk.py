# SPDX-License-Identifier: Apache-2.0
"""What a disk holds is the same before and after each sleep: virtio by MMIO, interrupts included."""

import hashlib
import random

import pytest

from checks import cycle, intact

SIZE = 32 << 20


@pytest.mark.parametrize("how", ["native", "dormouse"])
def test_reads_and_writes(machine, gic, how, count, tmp_path):
    data = random.Random(7).randbytes(SIZE)
    disk = tmp_path / "disk"
    disk.write_bytes(data)
    native = ("--native",) if how == "native" else ()
    m = machine(*native, "--gic", gic, "--disk", disk, "--disk", make_second(tmp_path))
    read = "echo 3 > /proc/sys/vm/drop_caches; md5sum < /dev/vda | cut -d' ' -f1"
    assert m.sh(read) == hashlib.md5(data).hexdigest()
    for i in range(count(2, 5)):
        # Written before the sleep, read back from the device after it, and the other way round.
        m.sh(f"dd if=/dev/urandom of=/tmp/new bs=1M count=4 2>/dev/null; "
             f"dd if=/tmp/new of=/dev/vdb bs=1M seek={4 * i} oflag=direct conv=notrunc 2>/dev/null")
        cycle(m)
        assert m.sh(read) == hashlib.md5(data).hexdigest()
        m.sh(f"echo 3 > /proc/sys/vm/drop_caches; dd if=/dev/vdb of=/tmp/back bs=1M skip={4 * i} "
             f"count=4 iflag=direct 2>/dev/null; cmp /tmp/new /tmp/back")
    intact(m, 4)
    written = m.sh("md5sum < /tmp/new | cut -d' ' -f1")
    last = 4 * (count(2, 5) - 1) << 20
    m.power_off()
    raw = (tmp_path / "second").read_bytes()[last:last + (4 << 20)]
    assert hashlib.md5(raw).hexdigest() == written
    assert disk.read_bytes() == data


def make_second(tmp_path):
    second = tmp_path / "second"
    with open(second, "wb") as file:
        file.truncate(SIZE)
    return second


def test_io_goes_on_across_a_sleep(machine, gic, tmp_path):
    """A writer is in the middle of its work when the suspend comes."""
    m = machine("--gic", gic, "--disk", make_second(tmp_path))
    m.sh("dd if=/dev/urandom of=/tmp/data bs=1M count=24 2>/dev/null")
    m.sh("(for i in 1 2 3 4 5 6 7 8; do dd if=/tmp/data of=/dev/vda bs=64k oflag=direct "
         "2>/dev/null || echo bad >> /tmp/failed; done; echo > /tmp/done) &")
    cycle(m)
    m.sh("for i in $(seq 600); do [ -f /tmp/done ] && break; usleep 100000; done; [ -f /tmp/done ]")
    m.sh("[ ! -f /tmp/failed ]")
    m.sh("dd if=/dev/vda bs=1M count=24 iflag=direct 2>/dev/null | cmp - /tmp/data")
    intact(m, 4)
