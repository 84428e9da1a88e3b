# SPDX-License-Identifier: Apache-2.0
"""Domains besides Dom0, from the device tree: with it, without it, and badly described."""

import pytest

from conftest import ROOT
from test_bad_input import FIRMWARE_FATAL, HYP_FATAL, run

AGENT = "append=dormouse.mode=agent"


def ready(m, domains):
    for _ in range(domains):
        m.wait_ready()


def works(m, name, cpus, mib):
    """A Linux that lacks nothing, and tells the time."""
    m.focus(name)
    assert m.sh("tr '\\0' '\\n' < /proc/device-tree/compatible").split()[-1] == "xen,xenvm"
    assert m.online() == ("0" if cpus == 1 else f"0-{cpus - 1}")
    total = int(m.sh("sed -n 's/MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo")) // 1024
    assert mib * 3 // 4 < total <= mib
    assert m.sh("ls /sys/class/rtc /sys/class/tty/ttyAMA0 > /dev/null; echo $?") == "0"
    clock, rtc = m.clock_offsets()
    assert abs(clock) < 2 and abs(rtc) < 2
    assert m.warnings() == []


def gone(m, name, command="poweroff -f", says="power off"):
    m.focus(name)
    m.con.send(command + "\n")
    m.expect(rf"\(dormouse\)[^\n]*{name}: {says}[^\n]*\n")


def test_dom0_and_two(machine, gic):
    m = machine("--gic", gic, "--cpus", "2", "--domu", f"name=alpha,mem=256M,{AGENT}",
                "--domu", f"name=beta,mem=256M,cpus=2,{AGENT}", ready=False)
    ready(m, 3)
    assert m.sh("echo in $((6 * 7))") == "in 42"  # Dom0's is the first input
    works(m, "alpha", 1, 256)
    works(m, "beta", 2, 256)
    gone(m, "beta")
    works(m, "alpha", 1, 256)
    for _ in range(2):
        gone(m, "alpha", "reboot -f", "reboot")
        m.expect(r"\(dormouse\) domain 1, alpha: 1 vCPUs, 256 MiB")
        m.wait_ready()
        works(m, "alpha", 1, 256)
    m.focus("dom0")
    assert m.online() == "0-1"
    assert m.warnings() == []
    assert m.power_off() == 0


def test_no_dom0(machine, gic):
    m = machine("--gic", gic, "--cpus", "2", "--mem", "512M", "--no-dom0",
                "--domu", f"name=beta,mem=160M,{AGENT}",
                "--domu", f"name=alpha,mem=160M,cpus=2,{AGENT}", ready=False)
    ready(m, 2)
    assert m.online() == "0-1"  # alpha's: by their names they come in order
    gone(m, "alpha")
    works(m, "beta", 1, 160)
    gone(m, "beta", "reboot -f", "reboot")  # which leaves nobody for a moment
    m.wait_ready()
    works(m, "beta", 1, 160)
    m.con.send("poweroff -f\n")
    assert m.wait_exit() == 0  # nobody is left


def test_one_alone(machine):
    """Only one speaks: its console is as it is, without marks."""
    m = machine("--cpus", "1", "--mem", "384M", "--no-dom0", "--domu", f"name=solo,{AGENT}")
    assert m.sh("echo alone") == "alone"
    assert m.power_off() == 0


def fatal(run_args, *args, says, status=HYP_FATAL):
    code, out, err = run(run_args, "--cpus", "1", *args)
    assert code == status, f"status {code}\n{out[-3000:]}\n{err}"
    assert says in out + err, f"{out[-2000:]}\n{err}"
    assert "fatal: " in err and "panic" not in out


@pytest.mark.parametrize("domu, args, says", [
    ("name=big,mem=4G", (), "domain big: its 4096 MiB"),
    ("name=big,mem=512M", ("--hyp-append", "dom0_mem=768M"), "reduce dom0_mem="),
    ("name=tiny,mem=16M", (), "domain tiny: its 16 MiB hold no kernel"),
    ("name=none,cpus=0", (), "domain none: cpus = 0"),
    ("name=many,cpus=65", (), "domain many: cpus = 65"),
], ids=["too-much-memory", "beside-dom0-mem", "kernel-does-not-fit", "no-cpu", "too-many-cpus"])
def test_bad_configuration(run_args, domu, args, says):
    fatal(run_args, "--domu", domu, *args, says=says)


def test_no_memory_property(run_args):
    """A module without what --domu says of the domain."""
    kernel = f"name=opt/dormouse/module/lost/kernel,file={ROOT / 'build/deps/kernel/Image'}"
    fatal(run_args, "--qemu-arg=-fw_cfg", f"--qemu-arg={kernel}",
          says="domain lost: no memory property")


def test_kernel_that_is_none(run_args, tmp_path):
    file = tmp_path / "kernel"
    file.write_bytes(b"#!/bin/sh\necho hello\n" * 1000)
    code, out, err = run(run_args, "--cpus", "1", "--domu", f"name=wrong,kernel={file}")
    assert code in (FIRMWARE_FATAL, HYP_FATAL), f"status {code}\n{out[-3000:]}\n{err}"
    assert "wrong" in err or "wrong" in out


@pytest.mark.parametrize("args, says", [
    (("--domu", "mem=256M"), "name="), (("--domu", "name=a,mem=lots"), "mem=lots"),
    (("--domu", "name=dom0"), "name="), (("--domu", "name=a,color=red"), "color"),
    (("--domu", "name=a", "--domu", "name=a"), "name a"), (("--no-dom0",), "--domu"),
    (("--domu", "name=a,name=b"), "twice"), (("--native", "--domu", "name=a"), "hypervisor"),
    (("--domu", "name=a,time=stopped"), "continuous")])
def test_bad_arguments(run_args, args, says):
    code, _, err = run(run_args, *args)
    assert code == 2
    assert says in err


def test_missing_file(run_args):
    code, _, err = run(run_args, "--domu", "name=a,kernel=/does/not/exist")
    assert code == 3
    assert "/does/not/exist" in err


@pytest.mark.long
def test_sixteen_on_two_cpus(run_args, gic):
    domains = [f"--domu=name=g{i:02},mem=96M,append=dormouse.run=uname" for i in range(16)]
    code, out, err = run(run_args, "--gic", gic, "--cpus", "2", "--mem", "3G", "--no-dom0",
                         *domains, timeout=500)
    assert code == 0, err
    for i in range(16):
        assert f"(g{i:02}) dormouse-init: status 0" in out
        assert f"g{i:02}: power off" in out
