# SPDX-License-Identifier: Apache-2.0
"""What tests rely on themselves: what their machine makes of a console on which several speak, what rigs expect."""

import re
import sys

import pytest

from conftest import ROOT
from dormouse_run.machine import Machine

sys.path.insert(0, str(ROOT / "tests/proof"))

from matrix_cells import SECONDARIES, Attempt, Row, firmware_options  # noqa: E402
from soak_plan import Plan  # noqa: E402


class Console:
    """A console that has printed this already."""

    def __init__(self, text):
        self.text = text

    def expect(self, pattern, timeout):
        self.match = re.search(pattern, self.text)
        assert self.match, pattern
        self.before, self.after = self.text[:self.match.start()], self.match.group(0)


@pytest.mark.parametrize("several, text, status, output, lines", [
    (True, "(dom0) x\n(dom0) @@0@@119@@\n", 0, "x", []),
    (True, "(dom0) x\n(dom0) @\r\n(dormouse) event\r\n(dom0) @0@@119@@\n", 0, "x",
     ["(dormouse) event"]),
    (True, '(dom0) "vc\r\n(dormouse) one\r\n(dormouse) two\r\n(dom0) pus": 4\n(dom0) b\n'
           "(dormouse) three\r\n(dom0) @@1\r\n(a) hello\r\n(dom0) 2@@1\r\n(dormouse) four\r\n"
           "(dom0) 19@@\n", 12, '"vcpus": 4\nb',
     ["(dormouse) one", "(dormouse) two", "(dormouse) three", "(dormouse) four"]),
    (True, "(a) its own\r\n(dom0) mine\n(a) more\r\n(dom0) too@@3@@119@@\n", 3, "mine\ntoo", []),
    (False, "x\r\n(dormouse) event\r\ny\nfoo@@0@@119@@\n", 0, "xy\nfoo", ["(dormouse) event"]),
    (False, "(dormouse) event\r\n@@0@@119@@\n", 0, "", ["(dormouse) event"])])
def test_lines_that_others_break(several, text, status, output, lines):
    m = Machine.__new__(Machine)
    m.focused, m.several, m.serial, m.lines, m.con = "dom0", several, 119, [], Console(text)
    m.expect = m.con.expect
    assert m.finish_command() == (status, output)
    assert m.lines == lines


def test_soak_knows_who_waits_for_a_paused_one():
    domains = Plan(seed=1).domains
    assert domains["p1"].advances and domains["p2"].advances
    domains["p2"].paused = True
    assert not domains["p1"].advances and not domains["p2"].advances
    assert domains["a1"].advances


@pytest.mark.parametrize("wakes, options", [("1", "cpu-off=ok+ok+denied"), ("2", "cpu-off=ok+denied")])
def test_matrix_counts_each_cpu_off(wakes, options):
    """A CPU that is woken by mistake goes off once more; the firmware fails it by the number of the call."""
    rows = [Row(SECONDARIES, "devices", "plain", True, True), Row("firmware-suspend", "commit", "commit", False, False)]
    attempts = [Attempt(wake_cpu=wakes), Attempt(cpu_off="denied")]
    assert options in firmware_options(rows, {"suspend": {"ok": 0}}, attempts)
