# SPDX-License-Identifier: Apache-2.0
"""Carry bytes between the machine's serial ports and whoever is at the other end, and watch them."""

import os
import selectors
import socket
import sys
import termios
import tty
from collections import deque

CTRL_A = 0x01
HISTORY = 1 << 20  # what a client that connects late still gets to see, in bytes


class LineWatch:
    """Finds the first line of a byte stream that contains a token: found = (its value, line)."""

    def __init__(self, tokens):
        self.tokens = tokens
        self.partial = b""
        self.found = None

    def feed(self, data):
        *lines, self.partial = (self.partial + data).split(b"\n")
        self.partial = self.partial[-4096:]
        for line in lines:
            for token, value in self.tokens.items():
                if self.found is None and token in line:
                    self.found = (value, line.strip(b"\r ").decode(errors="replace"))


class Pipe:
    """One direction of a connection: bytes that wait until the file descriptor takes them."""

    def __init__(self, fd):
        self.fd = fd
        self.waiting = bytearray()

    def flush(self):
        while self.waiting:
            try:
                done = os.write(self.fd, self.waiting[:65536])
            except BlockingIOError:
                return
            del self.waiting[:done]


class Escape:
    """Watches a user's keys for Ctrl-A x. Everything is passed on: the guest sees the Ctrl-A."""

    def __init__(self):
        self.run = 0  # of Ctrl-A before this key

    def ends(self, data):
        """Whether `data` completes the escape, and what of it goes to the guest."""
        for i, byte in enumerate(data):
            if byte == ord("x") and self.run == 1:
                return True, data[:i]
            self.run = self.run + 1 if byte == CTRL_A else 0
        return False, data


class Port:
    """A serial port of the machine: QEMU connects to a socket of ours, which exists before it does,
    so that not one byte is lost."""

    def __init__(self, selector, path, watch):
        self.selector = selector
        self.watch = watch
        self.sinks = []
        self.history = deque()
        self.history_size = 0
        self.to_qemu = None
        self.early = bytearray()
        self.listener = listen(path)
        selector.register(self.listener, selectors.EVENT_READ, self._accept)

    def _accept(self, _events):
        self.conn, _ = self.listener.accept()
        self.conn.setblocking(False)
        self.selector.unregister(self.listener)
        self.to_qemu = Pipe(self.conn.fileno())
        self.selector.register(self.conn, selectors.EVENT_READ, self._ready)
        self.send(bytes(self.early))

    def _ready(self, events):
        if events & selectors.EVENT_WRITE:
            self._flush()
        if events & selectors.EVENT_READ:
            self.drain(once=True)

    def drain(self, once=False):
        """Take what QEMU has sent; after its end, all that is left."""
        while self.to_qemu:
            try:
                data = self.conn.recv(65536)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self.selector.unregister(self.conn)
                self.conn.close()
                self.to_qemu = None
                return
            self._received(data)
            if once:
                return

    def _received(self, data):
        self.watch.feed(data)
        self.history.append(data)
        self.history_size += len(data)
        while self.history_size > HISTORY:
            self.history_size -= len(self.history.popleft())
        for sink in list(self.sinks):
            sink(data)

    def send(self, data):
        """Bytes for the guest."""
        if not self.to_qemu:
            self.early += data
            return
        self.to_qemu.waiting += data
        self._flush()

    def _flush(self):
        if not self.to_qemu:
            return
        try:
            self.to_qemu.flush()
        except OSError:
            self.to_qemu.waiting.clear()
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.to_qemu.waiting else 0)
        self.selector.modify(self.conn, events, self._ready)


def listen(path):
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(str(path))
    sock.listen(4)
    sock.setblocking(False)
    return sock


class Terminal:
    """The console on stdin and stdout; raw while it lasts if that is a terminal."""

    def __init__(self, selector, port, on_quit):
        self.selector, self.port, self.on_quit = selector, port, on_quit
        self.escape = Escape()
        self.saved = None
        port.sinks.append(self._write)
        try:
            selector.register(0, selectors.EVENT_READ, self._read)
        except (PermissionError, ValueError):
            return  # a plain file or nothing: no input then
        if sys.stdin.isatty():
            self.saved = termios.tcgetattr(0)
            tty.setraw(0)

    @staticmethod
    def _write(data):
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(1, view):]
            except BlockingIOError:
                continue
            except OSError:
                return  # nobody reads any more; the machine goes on

    def _read(self, _events):
        try:
            data = os.read(0, 4096)
        except OSError:
            data = b""
        if not data:
            self.selector.unregister(0)
            return
        if self.saved:
            quits, data = self.escape.ends(data)
            self.port.send(data)
            if quits:
                self.on_quit()
            return
        self.port.send(data)

    def close(self):
        if self.saved:
            termios.tcsetattr(0, termios.TCSADRAIN, self.saved)


class SocketConsole:
    """The console on a Unix socket: any number of clients, each sees all output from the start."""

    def __init__(self, selector, port, path):
        self.selector, self.port, self.path = selector, port, path
        self.clients = {}
        self.listener = listen(path)
        selector.register(self.listener, selectors.EVENT_READ, self._accept)
        port.sinks.append(self._write)

    def _accept(self, _events):
        conn, _ = self.listener.accept()
        conn.setblocking(False)
        self.clients[conn] = Pipe(conn.fileno())
        self.selector.register(conn, selectors.EVENT_READ, lambda ev, c=conn: self._ready(c, ev))
        self._queue(conn, b"".join(self.port.history))

    def _queue(self, conn, data):
        pipe = self.clients[conn]
        pipe.waiting += data
        try:
            pipe.flush()
        except OSError:
            self._drop(conn)
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if pipe.waiting else 0)
        self.selector.modify(conn, events, lambda ev, c=conn: self._ready(c, ev))

    def _write(self, data):
        for conn in list(self.clients):
            self._queue(conn, data)

    def _drop(self, conn):
        self.selector.unregister(conn)
        del self.clients[conn]
        conn.close()

    def _ready(self, conn, events):
        if events & selectors.EVENT_WRITE:
            self._queue(conn, b"")
        if conn in self.clients and events & selectors.EVENT_READ:
            try:
                data = conn.recv(65536)
            except OSError:
                data = b""
            if data:
                self.port.send(data)
            else:
                self._drop(conn)

    def close(self):
        """What is still waiting is sent before the end, as far as the clients take it."""
        for conn, pipe in list(self.clients.items()):
            conn.settimeout(5)
            try:
                conn.sendall(bytes(pipe.waiting))
            except OSError:
                pass
            conn.close()
        self.listener.close()
        try:
            os.unlink(self.path)
        except OSError:
            pass
