# SPDX-License-Identifier: Apache-2.0
"""A small client of QEMU's machine protocol, which keeps every event."""

import json
import socket
import threading
import time


class QmpError(Exception):
    """QEMU refused a command, or is gone."""


class Qmp:
    """Connects to a socket that QEMU listens on. Events pile up in `events`, oldest first."""

    def __init__(self, path, timeout=30):
        self.events = []
        self.changed = threading.Condition()
        self.replies = []
        self.closed = False
        self.sock = self._connect(str(path), timeout)
        self.file = self.sock.makefile("r", encoding="utf-8")
        self.greeting = json.loads(self.file.readline())
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.command("qmp_capabilities")

    @staticmethod
    def _connect(path, timeout):
        end = time.monotonic() + timeout
        while True:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                sock.connect(path)
                return sock
            except OSError as error:
                sock.close()
                if time.monotonic() > end:
                    raise QmpError(f"no QMP at {path}") from error
                time.sleep(0.02)

    def _read(self):
        try:
            for line in self.file:
                message = json.loads(line)
                with self.changed:
                    if "event" in message:
                        message["host_time"] = time.time()
                        self.events.append(message)
                    else:
                        self.replies.append(message)
                    self.changed.notify_all()
        except (OSError, ValueError):
            pass
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def _wait(self, condition, timeout, what):
        with self.changed:
            if not self.changed.wait_for(lambda: condition() or self.closed, timeout):
                raise QmpError(f"no {what} within {timeout:g} s")
            if not condition():
                raise QmpError(f"QEMU ended before {what}")

    def command(self, name, timeout=30, **arguments):
        message = {"execute": name}
        if arguments:
            message["arguments"] = arguments
        self.sock.sendall(json.dumps(message).encode() + b"\n")
        self._wait(lambda: self.replies, timeout, f"reply to {name}")
        reply = self.replies.pop(0)
        if "error" in reply:
            raise QmpError(f"{name}: {reply['error']['desc']}")
        return reply["return"]

    def resets(self):
        """The RESET events so far that the guest asked for: one for each loss of power."""
        with self.changed:
            return [e for e in self.events
                    if e["event"] == "RESET" and e["data"].get("guest")]

    def wait_resets(self, count, timeout=60):
        """Until there have been `count` resets by the guest."""
        self._wait(lambda: sum(e["event"] == "RESET" and e["data"].get("guest", False)
                               for e in self.events) >= count, timeout, f"reset {count}")

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.reader.join(timeout=5)
        self.file.close()
        self.sock.close()
