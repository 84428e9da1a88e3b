# SPDX-License-Identifier: Apache-2.0
"""Options and fixtures of the system tests; see docs/testing.md."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from dormouse_run.machine import Machine  # noqa: E402

pytest.register_assert_rewrite("checks")

# What a machine may take altogether; a test that hangs ends here whatever it waits for.
MACHINE_TIMEOUT_S = 600


def pytest_addoption(parser):
    group = parser.getgroup("dormouse")
    group.addoption("--long", action="store_true", help="the full counts of cycles")
    group.addoption("--gic", action="append", choices=("2", "3"), help="only these GIC versions")
    group.addoption("--qemu", help="another QEMU, such as build/deps/qemu10/qemu-system-aarch64")
    group.addoption("--flavour", default="release", help="which build to test (default release)")


def pytest_configure(config):
    config.addinivalue_line("markers", "long: runs with --long only")


def pytest_generate_tests(metafunc):
    if "gic" in metafunc.fixturenames:
        metafunc.parametrize("gic", metafunc.config.getoption("gic") or ("2", "3"),
                             ids=lambda g: f"gicv{g}")


def pytest_collection_modifyitems(config, items):
    """What is for --long only is left out, not skipped: a skipped test is one that could not run."""
    if config.getoption("long"):
        return
    left_out = [i for i in items if i.get_closest_marker("long")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [i for i in items if i not in left_out]


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    setattr(item, f"report_{report.when}", report)


@pytest.fixture
def count(request):
    """count(short, full): how many cycles this run does."""
    return lambda short, full: full if request.config.getoption("long") else short


@pytest.fixture
def run_args(request):
    """What every call of scripts/run gets."""
    args = ["--build", str(ROOT / "build" / request.config.getoption("flavour"))]
    qemu = request.config.getoption("qemu")
    return args + (["--qemu", qemu] if qemu else [])


@pytest.fixture
def machine(request, run_args):
    """machine(*args, append=..., ready=True): a started machine with a shell in Dom0. All end with
    the test; the logs of a failed test stay under build/check/."""
    started = []

    def start(*args, append="", ready=True, timeout=MACHINE_TIMEOUT_S):
        words = f"dormouse.mode=agent {append}".strip()
        m = Machine(*run_args, "--append", words, "--timeout", timeout, *args)
        started.append(m)
        if ready:
            m.wait_ready()
        return m

    yield start
    report = getattr(request.node, "report_call", None)
    for i, m in enumerate(started):
        if report is None or report.failed:
            name = re.sub(r"[^\w.-]+", "_", request.node.nodeid.split("::", 1)[-1])
            m.keep = ROOT / "build/check" / (name + (f"-{i}" if i else ""))
        m.stop()
