# SPDX-License-Identifier: Apache-2.0
"""scripts/run itself: its exit statuses, its console, what it prints. QEMU's own PSCI suffices."""

import os
import shlex
import signal
import socket
import subprocess
import time
from concurrent.futures import ProcessPoolExecutor

import pytest

from conftest import ROOT
from dormouse_run import domu

RUN = str(ROOT / "scripts/run")
PLAIN = ("--native", "--bios", "none", "--cpus", "1", "--mem", "512M")


def run(*args, timeout=200, **kw):
    return subprocess.run([RUN, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=timeout, text=True, errors="replace",
                          check=False, **kw)


def boots(command):
    return (*PLAIN, "--append", "dormouse.run=" + command.replace(" ", "~"), "--timeout", "150")


def test_power_off_is_0():
    done = run(*boots("echo hello from dom0"))
    assert done.returncode == 0, done.stderr
    assert "hello from dom0" in done.stdout


@pytest.mark.parametrize("line, status", [
    ("(dormouse) panic: x", 5), ("(dormouse) fatal: x", 7)])
def test_panic_line_is_seen(line, status):
    done = run(*boots(f"echo '{line}'"))
    assert done.returncode == status
    assert line in done.stderr


def test_time_out():
    start = time.monotonic()
    done = run(*PLAIN, "--timeout", "2")
    assert done.returncode == 124
    assert time.monotonic() - start < 60
    assert "time-out" in done.stderr


@pytest.mark.parametrize("args, word", [
    (("--cpus", "0"), "--cpus"), (("--gic", "2", "--cpus", "9"), "GICv2"),
    (("--mem", "much"), "--mem"), (("--firmware", "nonsense"), "KEY=VALUE"),
    (("--gic", "4"), "--gic"), (("--native", "--hyp-append", "x"), "hypervisor"),
    (("--no-such-option",), "no-such-option")])
def test_bad_arguments(args, word):
    done = run(*args)
    assert done.returncode == 2
    assert word in done.stderr


def test_missing_file_says_how_to_make_it(tmp_path):
    done = run("--native", "--bios", "none", "--kernel", str(tmp_path / "nothing"))
    assert done.returncode == 3
    assert "scripts/fetch" in done.stderr
    done = run("--build", str(tmp_path))
    assert done.returncode == 3
    assert "make" in done.stderr


@pytest.mark.parametrize("args", [("--qemu", "/does/not/exist"), ("--qemu-arg=-no-such-option",)])
def test_qemu_fails(args):
    assert run(*PLAIN, *args).returncode == 4


def test_print_runs_nothing(tmp_path):
    log = tmp_path / "log"
    done = run(*PLAIN, "--print", "--append", "a,b c", "--firmware", "x=1", "--firmware", "y=2",
               "--firmware-log", str(log))
    assert done.returncode == 0
    words = shlex.split(done.stdout)
    assert words[words.index("-append") + 1].endswith("a,b c")
    assert "name=opt/dormouse/firmware,string=x=1,,y=2" in words
    assert not log.exists()


def test_sigterm_ends_qemu(tmp_path):
    pid_file = tmp_path / "pid"
    with subprocess.Popen([RUN, *PLAIN, "--qemu-arg=-pidfile", f"--qemu-arg={pid_file}"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        process.stdout.read(1)  # the machine is there
        pid = int(pid_file.read_text())
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        assert process.wait(30) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_late_console_client_sees_all(machine, tmp_path):
    m = machine(*PLAIN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as late:
        late.connect(str(m.tmp / "c"))
        late.settimeout(30)
        seen = b""
        while b"dormouse-init: ready" not in seen:
            data = late.recv(65536)
            assert data, "closed"
            seen += data
        assert b"Booting Linux" in seen
    assert m.sh("echo 1 2") == "1 2"
    assert m.power_off() == 0


def test_machines_that_begin_at_once_share_a_domains_tree(tmp_path, monkeypatch):
    """On a fresh clone they all make the same file; each took another's half-made one for its own."""
    monkeypatch.setattr(domu, "ROOT", tmp_path)
    contents = [b"tree %d" % (n // 4) for n in range(800)]
    with ProcessPoolExecutor(4) as pool:
        paths = list(pool.map(domu.file_of, contents))
    assert [path.read_bytes() for path in paths] == contents
    assert {p.name for p in (tmp_path / "build/domu").iterdir()} == {path.name for path in paths}
