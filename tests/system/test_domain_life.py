# SPDX-License-Identifier: Apache-2.0
"""Domains that Dom0 makes and destroys while the machine runs, to the page."""

import re

SPIN = ("\\000\\000\\000\\024", "\\000\\000\\000\\000")  # b .
SLEEP = ("\\177\\040\\003\\325", "\\377\\377\\377\\027")  # wfi; b -4


def put(m, path, code):
    """An arm64 Image of two instructions. In short lines: a console has no flow control."""
    z = "head -c {} /dev/zero"
    m.sh(f"(printf '{code[0]}{code[1]}'; {z.format(8)}; printf '\\000\\020'; {z.format(6)}) > {path}")
    m.sh(f"(printf '\\012'; {z.format(31)}; printf 'ARMd'; {z.format(4)}) >> {path}")


def configure(m, name, kernel, memory=64, vcpus=1):
    put(m, f"/tmp/{name}", kernel)
    m.sh(f"echo 'name=\"{name}\"; kernel=\"/tmp/{name}\"' > /tmp/{name}.cfg")
    m.sh(f"echo 'memory={memory}; vcpus={vcpus}' >> /tmp/{name}.cfg; mkdir -p /var/log/xen")


def free(m):
    """KiB that Dormouse's allocator has, without what Dom0's doings with its own memory cost."""
    m.focus("Dormouse")
    m.con.send("m")
    heap = m.expect(r"heap: (\d+) of (\d+) KiB free")
    m.con.send("d")
    tables = m.expect(r" 0 dom0: [^\n]* (\d+) KiB of tables")
    m.focus("dom0")
    m.sh("true")
    return int(heap.group(1)) + int(tables.group(1))


def names(m):
    return [line.split()[0] for line in m.sh("dormouse list").splitlines()[1:]]


def start(machine, gic, hyp=""):
    return machine("--gic", gic, "--cpus", "2", "--hyp-append", f"dom0_mem=384M {hyp}")


def test_cycles(machine, gic, count):
    m = start(machine, gic)
    configure(m, "spinner", SPIN, memory=66, vcpus=1)
    configure(m, "sleeper", SLEEP, memory=130, vcpus=2)
    before = None
    for i in range(count(6, 200)):
        m.sh("dormouse create /tmp/spinner.cfg && dormouse create /tmp/sleeper.cfg", timeout=120)
        assert sorted(names(m)) == ["Domain-0", "sleeper", "spinner"]  # numbers go round
        m.sh("dormouse destroy spinner; dormouse destroy sleeper")
        assert names(m) == ["Domain-0"]
        before = before or free(m)
        assert free(m) == before, i
    assert m.power_off() == 0


def test_destroyed_while_it_waits_for_dom0(machine, gic):
    """After a wake-up the others go on when Dom0 says so: one of them is gone by then."""
    m = start(machine, gic, "dom0-grace=5000")
    configure(m, "spinner", SPIN)
    configure(m, "sleeper", SLEEP)
    m.sh("dormouse create /tmp/sleeper.cfg")
    before = free(m)
    m.sh("dormouse create /tmp/spinner.cfg")
    status, _ = m.suspend(seconds=2)
    assert status == 0
    m.sh("dormouse destroy spinner")
    assert free(m) == before
    assert names(m) == ["Domain-0", "sleeper"]
    status, _ = m.suspend(seconds=2)
    assert status == 0
    m.sh("dormouse destroy sleeper")
    assert m.warnings() == []
    assert m.power_off() == 0


def test_destroy_meets_suspend(machine, gic, count):
    """Whichever comes first: both are done in the end, and nothing is left."""
    m = machine("--gic", gic, "--cpus", "4", "--hyp-append", "dom0_mem=384M dom0-grace=100")
    configure(m, "spinner", SPIN, memory=130, vcpus=4)
    m.sh("dormouse create /tmp/spinner.cfg; dormouse destroy spinner")
    before = free(m)
    for i in range(count(4, 40)):
        m.sh("dormouse create /tmp/spinner.cfg")
        m.sh(f"(usleep {i * 7919 % 40000}; dormouse destroy spinner) & nap 2; wait", timeout=120)
        assert names(m) == ["Domain-0"]
        assert free(m) == before, i
    assert m.online() == "0-3"
    assert m.power_off() == 0


def kib(m):
    return int(m.sh("cat /sys/devices/system/xen_memory/xen_memory0/info/current_kb"))


def set_target(m, value):
    m.sh(f"echo {value} > /sys/devices/system/xen_memory/xen_memory0/target_kb")
    m.sh("for i in $(seq 100); do "
         f"[ $(cat /sys/devices/system/xen_memory/xen_memory0/info/current_kb) = {value} ] && break; "
         "sleep 0.1; done")
    assert kib(m) == value


def test_balloon(machine, gic):
    """Dom0 gives memory up and gets the same back: its devices' addresses stay true."""
    m = start(machine, gic)
    whole = kib(m)
    before = free(m)
    for _ in range(2):
        set_target(m, whole - 96 * 1024)
        assert free(m) <= before  # it stays Dom0's: nobody else gets it
        assert re.search(r"Domain-0\s+0\s+2(8\d|9\d)\s", m.sh("dormouse list"))
        set_target(m, whole)
    assert m.warnings() == []
    assert m.power_off() == 0
