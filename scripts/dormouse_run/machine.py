# SPDX-License-Identifier: Apache-2.0
"""A running machine for tests and the demo: scripts/run with its sockets, and a shell in Dom0."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pexpect
import pexpect.fdpexpect

from . import ROOT
from .launch import die_with_parent
from .qmp import Qmp

READY = r"dormouse-init: ready, mode \w+, Linux (\S+), console (\S+)\s*\n"
FOCUS_KEYS = "\x01\x01\x01"  # switches the console's input between Dom0 and Dormouse
# A loaded host makes everything slow, never wrong: limits are for hangs only.
BOOT_S, COMMAND_S, WAKE_S = 240, 120, 120

BAD_IN_DMESG = re.compile(
    r"WARNING: |BUG: |Call trace|rcu.*stall|soft lockup|hard LOCKUP|Oops|Unable to handle|"
    r"nobody cared|failed to come online|failed to (?:suspend|resume)|Bad mode|Internal error|"
    r"clocksource: .*unstable|I/O error")


NAP_TOO_LATE = 3  # nap's exit status when its alarm came before the machine slept


class MachineError(Exception):
    """The machine did not do what was asked; the text has the end of its console."""


class Machine:
    """Starts scripts/run with `args`. Use as a context manager, or call stop().

    Files (console.log, firmware.log, sockets) live in a temporary directory which goes away with
    the machine; with `keep` logs are copied there first."""

    def __init__(self, *args, keep=None, env=None):
        self.keep = Path(keep) if keep else None
        self.tmp = Path(tempfile.mkdtemp(prefix="dormouse-m-"))
        self.console_log = self.tmp / "console.log"
        self.firmware_log = self.tmp / "firmware.log"
        self.lines = []  # what Dormouse itself said on the console
        self.serial = 0
        self.qmp = self.con = self.sock = None
        self.args = [str(a) for a in args]
        self.several = "--domu" in self.args  # then each line says whose it is
        self.focused = self._first_domain()
        argv = [str(ROOT / "scripts/run"), *self.args, "--console", str(self.tmp / "c"),
                "--qmp", str(self.tmp / "q"), "--firmware-log", str(self.firmware_log)]
        self.stderr = open(self.tmp / "stderr", "w+", encoding="utf-8")
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self.stderr,
                                        stderr=self.stderr, env=env,
                                        preexec_fn=lambda: die_with_parent(signal.SIGTERM))
        try:
            self._connect()
        except BaseException:
            self.stop()
            raise

    def _first_domain(self):
        """Who has the input at first. Domains are numbered in the order of their names."""
        if "--no-dom0" not in self.args:
            return "dom0"
        return min(re.search(r"name=([^,]*)", value).group(1) for option, value
                   in zip(self.args, self.args[1:]) if option == "--domu")

    def _connect(self):
        end = time.monotonic() + 30
        while True:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                self.sock.connect(str(self.tmp / "c"))
                break
            except OSError:
                self.sock.close()
                if self.process.poll() is not None or time.monotonic() > end:
                    raise MachineError(f"scripts/run: {self.said()}") from None
                time.sleep(0.02)
        self.log = open(self.console_log, "w", encoding="utf-8")
        self.con = pexpect.fdpexpect.fdspawn(
            self.sock.fileno(), encoding="utf-8", codec_errors="replace", timeout=COMMAND_S)
        self.con.logfile_read = self.log
        self.con.delaybeforesend = None
        try:
            self.qmp = Qmp(self.tmp / "q")
        except Exception:  # a machine that ends at once, which a test may well want
            self.qmp = None

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.stop()

    def said(self):
        """What the launcher itself printed."""
        self.stderr.seek(0)
        return self.stderr.read().strip()

    # --- console ---

    def tail(self, lines=40):
        self.log.flush()
        text = self.console_log.read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def expect(self, pattern, timeout=COMMAND_S):
        """The match of a regular expression in the console's output."""
        try:
            self.con.expect(pattern, timeout=timeout)
        except pexpect.TIMEOUT:
            raise MachineError(f"not seen in {timeout} s: {pattern}\n--- console:\n"
                               + self.tail() + self._ends()) from None
        except pexpect.EOF:
            raise MachineError(f"the machine ended before: {pattern}\n--- console:\n"
                               + self.tail() + self._ends()) from None
        return self.con.match

    def _ends(self):
        log = self.firmware_log.read_text(errors="replace") if self.firmware_log.exists() else ""
        return "\n--- firmware:\n" + "\n".join(log.splitlines()[-15:]) + "\n" + self.said()

    def wait_ready(self, timeout=BOOT_S):
        """Until Dom0's init has printed its line; the kernel's release."""
        return self.expect(READY, timeout).group(1)

    def start_command(self, command):
        """Hand a command to the shell in Dom0; finish_command() waits for it."""
        self.serial += 1
        self.con.send(f"{{ {command}\n}}; echo \"@@$?@@{self.serial}@@\"\n")

    def _break(self):
        """A regular expression of what gets into the middle of the focus's line: the end of that line
        (which is \\r\\n, while its own are \\n), whole lines of Dormouse or others, and its mark again."""
        name = re.escape(self.focused)
        return rf"(?:\r\n(?:(?:\((?!{name}\))[\w.-]+\)|dormouse-firmware:) [^\n]*\n)+(?:\({name}\) )?)"

    def end_of_command(self, status=None):
        """A regular expression of what the shell prints behind the command started last: with that
        status, or any."""
        gap = self._break() + "?"
        digits = gap + gap.join(str(status)) if status is not None else rf"(?:{gap}\d)+"
        return f"@{gap}@{digits}{gap}" + gap.join(f"@@{self.serial}@@")

    def finish_command(self, timeout=COMMAND_S):
        """(exit status, output) of the command started last; Dormouse's lines go to `lines`."""
        self.expect(self._end_line(), timeout)
        return self._finished()

    def command_ended(self, timeout):
        """The same, or None if it hasn't ended in that time."""
        if self.con.expect([self._end_line(), pexpect.TIMEOUT], timeout=timeout):
            return None
        return self._finished()

    def _end_line(self):
        return self.end_of_command() + r"\r?\n"

    def _finished(self):
        text = self._without_dormouse(self.con.before + self.con.after)
        end = re.search(rf"@@(\d+)@@{self.serial}@@$", text)
        return int(end.group(1)), text[:end.start()].strip("\n")

    def _owner(self, line):
        """Whose line it is, and without the mark."""
        if line.startswith("dormouse-firmware: "):
            return "dormouse", line
        mark = re.match(r"\(([\w.-]+)\) ", line)
        if mark and (self.several or mark.group(1) == "dormouse"):
            return mark.group(1), line[mark.end():]
        return self.focused, line

    def _without_dormouse(self, text):
        """The focus's own lines, put together again where others' came in between."""
        out, broken, torn = [], False, False
        for line in text.split("\n"):
            whole = line.rstrip("\r")
            owner, own = self._owner(whole)
            if owner != self.focused:
                if owner == "dormouse":
                    self.lines.append(whole)
                broken, torn = broken or torn, False
                continue
            if broken:
                out[-1] += own
            else:
                out.append(own)
            broken, torn = False, line.endswith("\r")
        return "\n".join(out).strip("\n")

    def sh(self, command, timeout=COMMAND_S, check=True):
        """Run a command in Dom0; its output, or (status, output) without `check`."""
        self.start_command(command)
        status, output = self.finish_command(timeout)
        if not check:
            return status, output
        if status:
            raise MachineError(f"status {status} from: {command}\n{output}\n--- console:\n"
                               + self.tail(20))
        return output

    def focus(self, name):
        """Input to the domain of that name, or to "Dormouse"; sh() and others follow."""
        while self.focused != name:
            self.con.send(FOCUS_KEYS)
            self.focused = self.expect(r"\(dormouse\) input to ([\w.-]+)[^\n]*\n").group(1)

    # --- suspend ---

    def resets(self):
        return len(self.qmp.resets())

    def suspend(self, wake="rtc", seconds=2, timeout=WAKE_S):
        """One cycle of suspend to RAM from Dom0: (nap's exit status, its output).

        wake: "rtc" (alarm after `seconds`), "console" (a newline, which is an empty command to the
        shell) or "key" (the machine's power key)."""
        before = self.resets()
        self.start_command(f"nap {seconds}" if wake == "rtc" else "nap")
        if wake != "rtc":
            self.qmp.wait_resets(before + 1, timeout)
            if wake == "console":
                self.con.send("\n")
            else:
                self.qmp.command("system_powerdown")
        return self.finish_command(timeout)

    def clock_offsets(self):
        """Seconds that Dom0's clock and Dom0's RTC are ahead of the host's clock."""
        before = time.time()
        fields = dict(re.findall(r"time\.tv_(\w+): +(\d+)", self.sh("adjtimex")))
        after = time.time()
        clock = int(fields["sec"]) + int(fields["usec"]) / 1e6 - (before + after) / 2
        before = time.time()
        rtc = int(self.sh("cat /sys/class/rtc/rtc0/since_epoch"))
        # The RTC counts whole seconds: on average it is half a second behind.
        return clock, rtc + 0.5 - (before + time.time()) / 2

    def warnings(self):
        """The lines of Dom0's kernel log that should not be there."""
        return [line for line in self.sh("dmesg").splitlines() if BAD_IN_DMESG.search(line)]

    def online(self):
        return self.sh("cat /sys/devices/system/cpu/online")

    def journal(self):
        """Dormouse's suspend journal: a list of records (dicts), oldest first."""
        before = self.focused
        self.focus("Dormouse")
        self.con.send("j")
        self.expect(r"\(dormouse\)[^\n]*suspend counts:[^\n]*\n")
        found = re.findall(r"\(dormouse\)[^\n]*journal: (\{[^\n]*\})", self.con.before)
        self.focus(before)
        self.sh("true")
        return [json.loads(text) for text in found]

    # --- the end ---

    def power_off(self, timeout=COMMAND_S):
        """Power off from Dom0; the launcher's exit status."""
        self.con.send("poweroff -f\n")
        return self.wait_exit(timeout)

    def wait_exit(self, timeout=COMMAND_S):
        """The launcher's exit status, once the machine has ended."""
        try:
            self.con.expect(pexpect.EOF, timeout=timeout)
        except pexpect.TIMEOUT:
            raise MachineError("the machine goes on\n--- console:\n" + self.tail()) from None
        except OSError:
            pass
        return self.process.wait(timeout=30)

    def stop(self):
        """End the machine, whatever it is doing, and remove its files."""
        if self.qmp:
            self.qmp.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.con:
            try:
                self.con.expect(pexpect.EOF, timeout=1)
            except (pexpect.TIMEOUT, OSError):
                pass
            self.log.close()
        if self.sock:
            self.sock.close()
        self.stderr.close()
        if self.keep and self.tmp.exists():
            self.keep.mkdir(parents=True, exist_ok=True)
            for name in ("console.log", "firmware.log", "stderr"):
                if (self.tmp / name).exists():
                    shutil.copy(self.tmp / name, self.keep / name)
            (self.keep / "command").write_text(
                os.path.relpath(ROOT / "scripts/run", ROOT) + " " + " ".join(self.args) + "\n")
        shutil.rmtree(self.tmp, ignore_errors=True)
