# SPDX-License-Identifier: Apache-2.0
"""Run QEMU until the guest powers off, and say by the exit status how it ended."""

import ctypes
import os
import selectors
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import command, relay

POWER_OFF, BAD_ARGUMENTS, MISSING_FILE, QEMU_FAILED = 0, 2, 3, 4
HYP_PANIC, FIRMWARE_FATAL, HYP_FATAL, TIMED_OUT, QUIT = 5, 6, 7, 124, 130

# What a line says that ends a machine, and our exit status for it.
CONSOLE_TOKENS = {b"(dormouse) panic: ": HYP_PANIC, b"(dormouse) fatal: ": HYP_FATAL}
FIRMWARE_TOKENS = {b"dormouse-firmware: fatal: ": FIRMWARE_FATAL}
# After a panic the machine powers itself off. If that fails too, we do it.
GRACE_S = 10
PR_SET_PDEATHSIG = 1


def complain(text):
    print(f"\r\nscripts/run: {text}\r" if sys.stderr.isatty() else f"scripts/run: {text}",
          file=sys.stderr, flush=True)


def die_with_parent(number=signal.SIGKILL):
    """In the child: whatever ends its parent, even SIGKILL, ends it too."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


class Launch:
    """One run of the machine."""

    def __init__(self, args, tmp):
        self.args = args
        self.tmp = Path(tmp)
        self.selector = selectors.DefaultSelector()
        self.status = None  # our exit status, once something has decided it
        self.deadline = time.monotonic() + args.timeout if args.timeout else None
        self.ends = []
        self.reason = ""

    def _set_up(self):
        console = self.tmp / "console"
        log = self.tmp / "firmware"
        argv = command.qemu_command(
            self.args, f"unix:{command.doubled(console)}", f"unix:{command.doubled(log)}")
        goes_on = "panic=reset" in self.args.hyp_append.split()
        tokens = {t: s for t, s in CONSOLE_TOKENS.items() if s != HYP_PANIC or not goes_on}
        self.console = relay.Port(self.selector, console, relay.LineWatch(tokens))
        self.log = relay.Port(self.selector, log, relay.LineWatch(FIRMWARE_TOKENS))
        if self.args.firmware_log:
            file = open(self.args.firmware_log, "wb", buffering=0)
            self.log.sinks.append(file.write)
        if self.args.console == "stdio":
            self.ends.append(relay.Terminal(self.selector, self.console, self._quit))
        else:
            self.ends.append(
                relay.SocketConsole(self.selector, self.console, self.args.console))
        return argv

    def _quit(self):
        self._end(QUIT, "")

    def _end(self, status, reason):
        if self.status is None:
            self.status, self.reason = status, reason
            self.qemu.kill()

    def _look_for_panic(self):
        for port in (self.console, self.log):
            if port.watch.found and self.panicked is None:
                self.panicked = (*port.watch.found, time.monotonic() + GRACE_S)
        if self.panicked and time.monotonic() > self.panicked[2]:
            self._end(self.panicked[0], self.panicked[1])

    def run(self):
        self.panicked = None
        try:
            argv = self._set_up()
            self.qemu = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=2, preexec_fn=die_with_parent,
                start_new_session=True)
        except OSError as error:
            self._close()
            complain(f"{error.filename}: {error.strerror}" if error.filename else error)
            return QEMU_FAILED
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda n, _frame: self._end(128 + n, ""))
        try:
            self._loop()
            return self._result()
        finally:
            if self.qemu.poll() is None:
                self.qemu.kill()
                self.qemu.wait()
            self._close()
            if self.reason:
                complain(self.reason)

    def _loop(self):
        pidfd = os.pidfd_open(self.qemu.pid)
        ended = []
        self.selector.register(pidfd, selectors.EVENT_READ, ended.append)
        while not ended:
            for key, events in self.selector.select(timeout=0.5):
                key.data(events)
            self._look_for_panic()
            if self.deadline and time.monotonic() > self.deadline:
                self._end(TIMED_OUT, f"time-out after {self.args.timeout:g} s")
        os.close(pidfd)
        self.qemu.wait()
        self.console.drain()
        self.log.drain()
        self._look_for_panic()

    def _result(self):
        if self.status is None and self.panicked:
            self.status, self.reason = self.panicked[:2]
        if self.status is None and self.qemu.returncode:
            self.status = QEMU_FAILED
            self.reason = f"QEMU ended with status {self.qemu.returncode}"
        return POWER_OFF if self.status is None else self.status

    def _close(self):
        for end in self.ends:
            end.close()


def main():
    parser = command.parser()
    args = parser.parse_args()
    try:
        if args.print:
            log = f"file:{args.firmware_log}" if args.firmware_log else "null"
            console = "stdio" if args.console == "stdio" \
                else f"unix:{args.console},server=on,wait=off"
            print(shlex.join(command.qemu_command(args, console, log)))
            return POWER_OFF
        with tempfile.TemporaryDirectory(prefix="dormouse-") as tmp:
            return Launch(args, tmp).run()
    except command.UsageError as error:
        parser.error(str(error))
    except command.MissingFile as error:
        complain(error)
        return MISSING_FILE
