# SPDX-License-Identifier: Apache-2.0
"""What the rigs share: arguments, TAP as it comes, progress, the last line with the figures.

    rig = Rig("fault-matrix", __doc__, seed=True)      # -j N, --seed N
    args = rig.parse()
    for case, why in rig.run(cases, try_one):  # args.jobs at a time, in threads
        rig.point(not why, str(case), why)
    return rig.end(f"{len(cases)} cells, {rig.failed} missed")

Standard output carries TAP, then the one line; the progress goes to standard error, in place on a terminal and every
half minute elsewhere, behind a "#". rig.end() returns the exit status: 1 if a point failed, or if there was none.
Locks: one inside; any thread may call point(), note() and progress().
"""

import argparse
import os
import re
import sys
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))  # for dormouse_run

QUIET_S = 30  # between two progress lines where there is no terminal


def seconds(text):
    """90, 90s, 15m, 2h: a time in seconds, as a float."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: 90, 90s, 15m, 2h")
    return float(match.group(1)) * {"": 1, "s": 1, "m": 60, "h": 3600}[match.group(2)]


class Rig:
    """One run of one rig. `time` and `seed` say which of those options it has; `time` is the default in seconds."""

    def __init__(self, name, doc, *, time=None, seed=False):  # noqa: A002 - the option's name
        self.name = name
        self.passed = self.failed = 0
        self.parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
        self.parser.add_argument("-j", "--jobs", type=int, default=max(os.cpu_count() or 1, 1),
                                 help="so many at a time (default: one a CPU)")
        if time is not None:
            self.parser.add_argument("--time", type=seconds, default=float(time), metavar="TIME",
                                     help="how long: 90, 90s, 15m, 2h (default %(default)g s)")
        if seed:
            self.parser.add_argument("--seed", type=lambda text: int(text, 0), default=1,
                                     help="the same seed does the same (default %(default)s)")
        self.args = None
        self._planned = None
        self._lock = threading.Lock()
        self._start = self._shown = _now()
        self._on_line = 0  # characters of progress on the terminal's line

    def parse(self, argv=None):
        self.args = self.parser.parse_args(argv)
        self._start = self._shown = _now()
        return self.args

    def elapsed(self):
        """Seconds since the arguments were read."""
        return _now() - self._start

    def plan(self, count):
        """How many points there will be, if that's known beforehand; else end() writes the plan."""
        self._planned = count
        self._print(f"1..{count}")

    def point(self, good, name, why=""):
        """One thing that was proven, or not; `why` may have several lines."""
        with self._lock:
            number = self.passed + self.failed + 1
            self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        self._print(f"{'ok' if good else 'not ok'} {number} - {name}")
        if not good and why:
            self.note(why)

    def note(self, text):
        """A diagnostic, which TAP's readers pass over."""
        self._print("".join(f"# {line}\n" for line in str(text).splitlines()).rstrip("\n"))

    def progress(self, text):
        """Where the run is: call it as often as you like."""
        terminal = sys.stderr.isatty()
        with self._lock:
            if not terminal and _now() - self._shown < QUIET_S:
                return
            self._shown = _now()
            line = f"# {self.name}: {text}, {self.elapsed():.0f} s"
            if terminal:
                sys.stderr.write("\r" + line.ljust(self._on_line)[:200])
                self._on_line = len(line)
            else:
                sys.stderr.write(line + "\n")
            sys.stderr.flush()

    def run(self, items, one):
        """Yields (item, one(item)) as they end, args.jobs at a time. An exception in one() ends the run."""
        items = list(items)
        with ThreadPoolExecutor(self.args.jobs) as pool:
            todo = {pool.submit(one, item): item for item in items}
            try:
                while todo:
                    done, _ = wait(todo, timeout=1, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield todo.pop(future), future.result()
                    points = self.passed + self.failed
                    self.progress(f"{points} of {self._planned}, {self.failed} failed" if self._planned else
                                  f"{len(items) - len(todo)} of {len(items)}, {self.failed} failed")
            finally:
                for future in todo:
                    future.cancel()

    def end(self, figures):
        """The last line; returns the exit status."""
        total = self.passed + self.failed
        missing = self._planned is not None and self._planned != total
        if self._planned is None:
            self._print(f"1..{total}")
        if missing:
            self.note(f"{total} of {self._planned} points")
        self._print(f"{self.name}: {figures}")
        return 1 if self.failed or missing or not total else 0

    def _print(self, text):
        with self._lock:
            if self._on_line:
                sys.stderr.write("\r" + " " * self._on_line + "\r")
                sys.stderr.flush()
                self._on_line = 0
            print(text, flush=True)


def _now():
    return time.monotonic()
