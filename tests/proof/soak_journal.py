# SPDX-License-Identifier: Apache-2.0
"""Dormouse's suspend journal and log, read from the machine's memory: they're there when nothing answers any more."""

import struct
import time
import zlib

RECORD = struct.Struct("<IIQHHBBBBIiQQQII20s16s32sI")  # struct dm_journal_record, include/abi/dormouse.h
FIELDS = ("magic checksum sequence version cpu kind phase dir outcome cycle result start end asleep wake_intid flags "
          "step device owner reserved").split()
MAGIC = b"DMJR"
KINDS = ("step", "cycle", "thaw")
DIRS = ("suspend", "resume", "undo")
OUTCOMES = ("none", "slept", "did-not-sleep", "failed", "test")
OPEN = 1
WHOLE = (2 << 20, 4 << 20)  # where Dormouse's image and heap are in QEMU's RAM (docs/memory-map.md)


def decode(data):
    """A record, or None if it isn't one, or is torn."""
    record = dict(zip(FIELDS, RECORD.unpack(data)))
    if data[:4] != MAGIC or zlib.crc32(data[8:]) != record["checksum"]:
        return None
    for field in ("step", "device", "owner"):
        record[field] = record[field].split(b"\0")[0].decode(errors="replace")
    record["kind"] = KINDS[record["kind"]]
    record["dir"] = DIRS[record["dir"]]
    record["outcome"] = OUTCOMES[record["outcome"]]
    record["open"] = bool(record["flags"] & OPEN)
    return record


class Journal:
    """Follows the ring: each record is given once, in its order, and none may be missed."""

    def __init__(self, ram):
        self.ram = ram
        self.seen = 0  # number of the newest one given

    def everything(self):
        """All records that are there, oldest first."""
        data = self.ram.map[WHOLE[0]:WHOLE[1]]
        at, found = data.find(MAGIC), {}
        while at >= 0:
            record = decode(data[at:at + RECORD.size]) if at + RECORD.size <= len(data) else None
            if record:
                found[record["sequence"]] = record
            at = data.find(MAGIC, at + 1)
        return [found[n] for n in sorted(found)]

    def new(self):
        """Those behind the newest one given, up to the first that is still open. ValueError if some were lost."""
        for _ in range(50):  # one that is being written now is not whole yet
            records = [r for r in self.everything() if r["sequence"] > self.seen]
            if [r["sequence"] for r in records] == list(range(self.seen + 1, self.seen + 1 + len(records))):
                break
            time.sleep(0.02)
        else:
            raise ValueError(f"records {[r['sequence'] for r in records]} follow {self.seen}")
        done = next((n for n, r in enumerate(records) if r["open"]), len(records))
        self.seen += done
        return records[:done]


def log(ram):
    """Dormouse's lines in its own memory: the log ring, in the order of its bytes."""
    data = ram.map[WHOLE[0]:WHOLE[1]]
    lines = []
    for piece in data.split(b"(dormouse) ")[1:]:
        text = piece.split(b"\n")[0].split(b"\0")[0]
        lines.append("(dormouse) " + text[:300].decode(errors="replace"))
    return lines
