# SPDX-License-Identifier: Apache-2.0
"""dormouse, the tool, in a Linux Dom0: a Linux domain's whole life, sleeps, and what goes wrong."""

import json
import re
import tarfile
import time

import pytest

from conftest import ROOT

WEB = """
name = "web"
kernel = "/tmp/Image"
ramdisk = "/tmp/initrd"
memory = 160
vcpus = 2
extra = "console=ttyAMA0 dormouse.mode=agent dormouse.sleepkey=1"
"""


@pytest.fixture
def dom0(machine, tmp_path):
    """dom0(gic): a machine with 512 MiB for domains; kernel, initramfs and web.cfg are in /tmp."""

    def start(gic, hyp=""):
        (tmp_path / "web.cfg").write_text(WEB)
        disk = tmp_path / "disk"
        with tarfile.open(disk, "w") as tar:
            tar.add(ROOT / "build/deps/kernel/Image", "Image")
            tar.add(ROOT / "build/initrd/dom0.cpio", "initrd")
            tar.add(tmp_path / "web.cfg", "web.cfg")
        m = machine("--gic", gic, "--cpus", 2, "--mem", "1G", "--disk", disk,
                    "--hyp-append", "dom0_mem=512M" + hyp)
        m.sh("tar xf /dev/vda -C /tmp")
        return m

    return start


def domains(m):
    """{name: what `list --json` says}."""
    return {d["name"]: d for d in json.loads(m.sh("dormouse list --json"))}


def letters(m, name):
    line = next(line for line in m.sh("xl list").splitlines() if line.startswith(name + " "))
    return re.search(r" +\d+ +\d+ +\d+ +(\S{6}) +\d+\.\d$", line)[1]


def free_memory(m):
    return json.loads(m.sh("dormouse info --json"))["free_memory"]


def wait_until(m, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, m.tail()
        m.sh("usleep 200000")


def console(m):
    """The last that web has said, as the tool reads it."""
    return m.sh("timeout 1 dormouse console web </dev/null || true")


def booted(m):
    wait_until(m, lambda: "dormouse-init: ready" in console(m), 240)


def answers(m, question, answer):
    """web's shell, spoken to by the tool. The answer is not the echo of the question."""
    m.sh(f"{{ echo '{question}'; sleep 2; }} | timeout 2 dormouse console web >/dev/null || true")
    return answer in console(m).splitlines()


def create(m, options=""):
    m.sh(f"dormouse create {options} /tmp/web.cfg")
    booted(m)


def test_life(dom0, gic):
    m = dom0(gic)
    assert list(domains(m)) == ["Domain-0"]
    free = free_memory(m)
    out = m.sh("dormouse create /tmp/web.cfg 2>&1")
    assert "kernel" in out and "100%" in out or "kernel loaded" in out
    assert "web: created, domain 1" in out
    booted(m)
    assert domains(m)["web"]["vcpus"] == 2
    assert domains(m)["web"]["memory_kib"] in (160 * 1024, 160 * 1024 - 4)  # a page for shared_info
    assert re.search(r"^web +1 +160 +2 ", m.sh("xl list"), re.M)
    assert free - free_memory(m) in range(160, 170)
    assert m.sh("dormouse create /tmp/web.cfg 2>&1 || true").startswith("dormouse: there is a domain")
    assert answers(m, "echo $((6*7))-web", "42-web")

    m.sh("dormouse pause web")
    assert letters(m, "web") in ("--p---", "-bp---")
    m.sh("dormouse unpause web")
    assert letters(m, "web") in ("r-----", "-b----", "------")

    wait_until(m, lambda: letters(m, "web") == "-b----")
    m.sh("dormouse suspend -w web")
    assert letters(m, "web") == "---ss-"
    assert m.sh("dormouse suspend web 2>&1", check=False) == (1, "dormouse: domain web (1): it is suspended already")
    m.sh("dormouse resume web")
    wait_until(m, lambda: domains(m)["web"]["state"] == "running")
    assert domains(m)["web"]["suspends"] == 1
    assert "command" in m.sh("dormouse wakeup list web").splitlines()[1].split()[-1]
    assert answers(m, "echo $((6*8))-web", "48-web")

    m.sh("dormouse shutdown -w web")
    wait_until(m, lambda: "web" not in domains(m))  # on_poweroff = "destroy"
    assert free_memory(m) == free
    assert m.warnings() == []


def test_reboot_and_destroy(dom0):
    m = dom0("3")
    free = free_memory(m)
    create(m, "-q")
    first = domains(m)["web"]["domid"]
    assert m.sh("pidof dormouse") != ""  # who sees to its end
    m.sh("dormouse reboot web")
    wait_until(m, lambda: domains(m).get("web", {"domid": first})["domid"] != first)
    booted(m)
    m.sh("dormouse destroy web")
    assert list(domains(m)) == ["Domain-0"]
    assert free_memory(m) == free
    # Nobody waits for it any more.
    wait_until(m, lambda: m.sh("pidof dormouse || true") == "")
    assert m.warnings() == []


def test_many_times(dom0, count):
    """What a domain took comes back, each time."""
    m = dom0("3")
    m.sh("dormouse create -qep /tmp/web.cfg && dormouse destroy web")  # Dom0's balloon has given then
    free = free_memory(m)
    for n in range(count(3, 200)):
        m.sh(f"dormouse create -qe{'p' * (n % 2)} /tmp/web.cfg && dormouse destroy web")
        assert free_memory(m) == free
    assert list(domains(m)) == ["Domain-0"]
    assert m.warnings() == []


def refused(m, command, *says):
    status, out = m.sh(f"{command} 2>&1", check=False)
    assert status == 1, out
    for text in says:
        assert text in out, out


def test_bad_input(dom0):
    m = dom0("3")
    free = free_memory(m)
    m.sh("sed 's/vcpus = 2/vcpus = [ 1 2 ]/' /tmp/web.cfg >/tmp/bad.cfg")
    refused(m, "dormouse create /tmp/bad.cfg", "/tmp/bad.cfg:6:13: error: expected , or ]",
            "    vcpus = [ 1 2 ]\n                ^", "nothing was created")
    refused(m, "dormouse create /tmp/web.cfg memory=36", "don't hold the kernel")
    refused(m, "dormouse create /tmp/web.cfg memory=4000", "it needs 4000 MiB, but only")
    refused(m, "dormouse create /tmp/web.cfg kernel=/tmp/web.cfg", "it is not an arm64 Image")
    refused(m, "dormouse create /tmp/web.cfg kernel=/nowhere", "No such file or directory")
    refused(m, "dormouse create /tmp/web.cfg cpus=9", "can't pin its vCPUs")
    refused(m, "dormouse pause nobody", 'there is no domain "nobody"')
    refused(m, "dormouse destroy 0", "Dom0 can't be destroyed")
    refused(m, "xl fly", 'xl: there is no verb "fly"')
    assert m.sh("dormouse pause 2>/dev/null", check=False)[0] == 2
    assert list(domains(m)) == ["Domain-0"]
    assert free_memory(m) == free
    m.sh("umount /proc/xen; rmmod xenfs; rmmod xen_privcmd")
    refused(m, "dormouse list", "the kernel has no /dev/xen/privcmd: load its module")
    assert m.warnings() == []


def test_not_on_dormouse(machine):
    m = machine("--native", "--cpus", 1, "--mem", "512M")
    refused(m, "dormouse list", "does not run on a hypervisor")


def test_sleep(dom0, gic):
    m = dom0(gic, " debug-power=")
    assert m.sh("dormouse journal") == "The machine has not slept yet."
    create(m, "-qe")
    out = m.sh("dormouse sleep --wake-in 3s")
    assert re.match(r"cycle 1: slept \d+\.\d+ s, woken by interrupt \d+ \(rtc, owner dom0\)", out)
    wait_until(m, lambda: any(r["kind"] == "thaw" for r in json.loads(m.sh("dormouse journal --json"))))
    table = m.sh("dormouse journal")
    assert re.search(r"^devices +rtc +0 +\d+\.\d{3} +\d+\.\d{3} +ok$", table, re.M)
    assert re.search(r"^domain web went on after \d+\.\d{3} s, unaware of it$", table, re.M)
    assert m.sh("dormouse sleep --test devices") == "cycle 2: test: turned back as it was told to"
    assert re.search(r"^devices +console +0 +\d+\.\d{3} +\d+\.\d{3} +ok$", m.sh("dormouse journal"), re.M)
    m.sh("dormouse policy web host_suspend=require")
    status, out = m.sh("dormouse sleep --wake-in 30s 2>&1", check=False)
    assert status == 1 and "  domain web: " in out
    assert "web" in m.sh("dormouse blockers")
    m.sh("dormouse suspend -w web")
    assert "slept" in m.sh("dormouse sleep --wake-in 3s")
    assert letters(m, "web") == "---ss-"
    out = m.sh("dormouse top -b -d 100ms")
    assert re.search(r"^ *1 +web +suspended", out, re.M)
    # On a terminal it is refreshed in place.
    assert m.sh("dormouse top -n 2 -d 100ms").count("\x1b[H\x1b[J") == 2
    m.sh("dormouse destroy web")
    assert m.warnings() == []
