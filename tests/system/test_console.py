# SPDX-License-Identifier: Apache-2.0
"""Dormouse's own side of the console: its keys, and what a panic leaves behind."""

import subprocess

from conftest import ROOT
from dormouse_run.machine import FOCUS_KEYS

HYP_PANIC = 5


def test_domains_are_shown(machine, gic):
    m = machine("--gic", gic, "--cpus", 2)
    m.con.send(FOCUS_KEYS + "d")
    m.expect(r"\(dormouse\) 0 dom0: running, paused 0 times")
    for vcpu in range(2):
        m.expect(rf"\(dormouse\)   vCPU {vcpu}: on[^\n]*CPU {vcpu}, pc 0x[0-9a-f]+")
    m.con.send("?")
    m.expect(r"no such key; h lists them")
    m.con.send("h")
    m.expect(r"j +print the suspend journal")
    m.con.send(FOCUS_KEYS)
    assert m.sh("echo still here") == "still here"


def test_panic_shows_where_and_ends_the_machine(machine, gic):
    """Registers and a stack trace that leads through the function that called panic()."""
    m = machine("--gic", gic, "--cpus", 2)
    m.con.send(FOCUS_KEYS + "!")
    m.expect(r"\(dormouse\) panic: asked for on the console")
    m.expect(r"\(dormouse\) esr_el2 0x[0-9a-f]+")
    m.expect(r"\(dormouse\) stack, as offsets in dormouse.elf:")
    assert m.wait_exit() == HYP_PANIC
    offsets = [line.split()[-1] for line in m.con.before.splitlines()
               if line.startswith("(dormouse)   0x")]
    assert offsets
    elf = ROOT / "build/release/dormouse.elf"
    names = subprocess.run(["aarch64-linux-gnu-addr2line", "-fi", "-e", str(elf), *offsets],
                           check=True, stdout=subprocess.PIPE, text=True).stdout
    # However the interrupt came: out of the idle loop, or out of a guest.
    assert "panic" in names and "irq_take_one" in names and "cpu_loop" in names, names
