# SPDX-License-Identifier: Apache-2.0
"""The machine's memory as a file, and in it the pages in which the soak's domains show how they fare (soak_page.h).

Nothing here goes through the machine: a domain that sleeps, hangs or is stopped is read as one that runs.
"""

import mmap
import os
import struct
import tempfile
import time
from pathlib import Path

PAGE = 4096
MAGIC = struct.pack("<Q", 0x4b414f53554f4d44)
FIELDS = ("magic number todo doing beat error got wanted sleeps asleep by_key armed alarms cancelled typed keys "
          "sent received timers sgis checked stamp virt phys clock_ns disk_writes disk_reads").split()
LAYOUT = struct.Struct(f"<{len(FIELDS)}Q256s")
TODO = FIELDS.index("todo") * 8
WORDS = {"work": 0, "alarm": 1, "pair": 2}  # enum soak_todo
READ = 8 << 20


class Ram:
    """A file that is the machine's RAM; `arguments` are for scripts/run."""

    def __init__(self, mib):
        folder = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        fd, path = tempfile.mkstemp(prefix="dormouse-ram-", dir=folder)
        self.path = Path(path)
        os.ftruncate(fd, mib << 20)
        self.fd = fd
        self.map = mmap.mmap(fd, mib << 20)
        self.arguments = []
        for word in ("-object", f"memory-backend-file,id=ram,size={mib}M,mem-path={path},share=on",
                     "-machine", "memory-backend=ram"):
            self.arguments.append(f"--qemu-arg={word}")
        self.arguments += ["--mem", f"{mib}M"]

    def search(self, what):
        """Offsets of these bytes at the start of pages. Holes of the file are left out, and stay holes."""
        at, found = 0, []
        while True:
            try:
                at = os.lseek(self.fd, at, os.SEEK_DATA)
            except OSError:  # ENXIO: only a hole is left
                return found
            end = os.lseek(self.fd, at, os.SEEK_HOLE)
            while at < end:
                data = os.pread(self.fd, min(READ, end - at), at)
                hit = data.find(what)
                while hit >= 0:
                    if hit % PAGE == 0:
                        found.append(at + hit)
                    hit = data.find(what, hit + 1)
                at += len(data)

    def pieces(self, what):
        """Offsets of these bytes anywhere, for a post-mortem."""
        at, found = self.map.find(what), []
        while at >= 0:
            found.append(at)
            at = self.map.find(what, at + 1)
        return found

    def close(self):
        if self.map.closed:
            return
        self.map.close()
        os.close(self.fd)
        self.path.unlink(missing_ok=True)


class Page:
    """One domain's page. `number` is its own for the whole run."""

    def __init__(self, ram, number):
        self.ram = ram
        self.number = number
        self.at = None
        self.last = None      # what read() gave last
        self.moved = time.monotonic()  # when its beat was last seen to be another

    def find(self):
        """Look for it in all of RAM. Linux may have moved it: the copy that has come furthest is the true one."""
        want = MAGIC + struct.pack("<Q", self.number)
        found = [(self._unpack(at)["beat"], at) for at in self.ram.search(want)]
        self.at = max(found)[1] if found else None
        return self.at is not None

    def _unpack(self, at):
        return dict(zip((*FIELDS, "said"), LAYOUT.unpack(self.ram.map[at:at + LAYOUT.size])))

    def read(self):
        """The fields, of one moment; None if it isn't there (yet)."""
        if self.at is None and not self.find():
            return None
        for _ in range(1000):
            now = self._unpack(self.at)
            again = self._unpack(self.at)
            if now["stamp"] == again["stamp"] and not now["stamp"] % 2:
                break
        if self.last is None or now["beat"] != self.last["beat"]:
            self.moved = time.monotonic()
        self.last = now
        return now

    def tell(self, todo):
        self.ram.map[self.at + TODO:self.at + TODO + 8] = struct.pack("<Q", WORDS[todo])

    def forget(self):
        """The domain ends: what is left in memory is not to be taken for its successor's."""
        for at in self.ram.search(MAGIC + struct.pack("<Q", self.number)):
            self.ram.map[at:at + 8] = bytes(8)
        self.at = self.last = None
