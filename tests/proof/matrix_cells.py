# SPDX-License-Identifier: Apache-2.0
"""The cells of the fault matrix, made from Dormouse's own table of steps and the firmware's own table of words, and what is to
become of each: docs/suspend.md as a function. Pure."""

import dataclasses
import itertools

# lib/err.h; abi/psci.h.
EIO, EBUSY, ETIMEDOUT = 5, 16, 110
DENIED, INTERNAL = -3, -6
# What Linux makes of PSCI's errors (drivers/firmware/psci): EOPNOTSUPP, EPERM, and EINVAL for all others.
LINUX_ERRNO = {-1: -95, -3: -1}
EINVAL = 22

CPU_OFF_FAILS, CPU_ON_FAILS = 1, 2  # the CPUs that the firmware's cpu-off-fail and cpu-on-fail name
CPUS = 3
SECONDARIES = "secondary-cpus"
POLICIES = "policies"


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of the step table, as Dormouse prints it."""
    step: str
    phase: str
    kind: str  # check, plain, vital, commit
    resume: bool
    undo: bool


@dataclasses.dataclass(frozen=True)
class Attempt:
    """One suspend request, and what goes wrong with it: faults of Dormouse's, words of the firmware's."""
    fail: str = ""
    fail_resume: tuple = ()
    fail_undo: tuple = ()
    stop: str = ""
    suspend: str = "ok"
    gic: str = "lose"
    wake_cpu: str = "self"
    cpu_on: str = "ok"
    cpu_off: str = "ok"
    forbid: bool = False  # a domain that runs has the policy `require`

    def faults(self):
        """As debug-power= has them."""
        words = [f"fail:{self.fail}"] if self.fail else []
        words += [f"fail-resume:{s}" for s in self.fail_resume]
        words += [f"fail-undo:{s}" for s in self.fail_undo]
        return ",".join(words + ([f"stop:{self.stop}"] if self.stop else []))


@dataclasses.dataclass(frozen=True)
class Cell:
    name: str
    attempt: Attempt
    kind: str = "table"  # table, firmware, pair
    last: bool = False   # the machine doesn't suspend any more afterwards


@dataclasses.dataclass
class Expected:
    outcome: str = ""
    result: int = 0
    failed_step: str = ""
    steps: list = dataclasses.field(default_factory=list)  # (step, dir, result), as the journal has them
    lost: list = dataclasses.field(default_factory=list)
    panic: str = ""
    errno: int = 0  # what Dom0's Linux sees; 0: success
    # What of the firmware was called.
    cpu_off: bool = False
    cpu_on: bool = False
    suspend: bool = False

    @property
    def slept(self):
        """The power went: also where what comes back panics."""
        return self.outcome == "slept"


class Walk:
    """What docs/suspend.md says of an attempt."""

    def __init__(self, rows, words, attempt):
        self.rows, self.words, self.a = rows, words, attempt
        self.e = Expected()

    def _down(self, row):
        if self.a.fail == row.step:
            return INTERNAL if row.kind == "commit" else -EIO
        if row.step == POLICIES and self.a.forbid:
            return -EBUSY
        if row.step == SECONDARIES:
            self.e.cpu_off = True
            self.e.cpu_on = self.a.cpu_off != "ok"  # those that went off come back at once
            return 0 if self.a.cpu_off == "ok" else -ETIMEDOUT
        if row.kind == "commit":
            self.e.suspend = True
            return value_of(self.words, "suspend", self.a.suspend)
        return 0

    def _back(self, count, direction):
        told = self.a.fail_resume if direction == "resume" else self.a.fail_undo
        for row in reversed(self.rows[:count]):
            if row.kind == "commit" or not (row.resume if direction == "resume" else row.undo):
                continue
            result = -EIO if row.step in told else 0
            if row.step == SECONDARIES:
                self.e.cpu_on = True
                result = result or (0 if self.a.cpu_on == "ok" else -EIO)
            self.e.steps.append((row.step, direction, result))
            if result and row.kind == "vital":
                self.e.panic = f"step {row.step} failed to {direction}: {result}"
                return
            if result:
                self.e.lost.append(row.step)

    def _fail(self, index, result):
        row = self.rows[index]
        self.e.outcome, self.e.result, self.e.failed_step = "failed", result, row.step
        psci = INTERNAL
        if row.phase == "check" or (row.phase == "freeze" and result == -EBUSY):
            psci = DENIED
        elif row.kind == "commit" and result >= -9:
            psci = result
        self.e.errno = LINUX_ERRNO.get(psci, -EINVAL)
        self._back(index, "undo")

    def expected(self):
        for i, row in enumerate(self.rows):
            result = self._down(row)
            self.e.steps.append((row.step, "suspend", result))
            if row.kind == "commit" and result >= 0:
                self.e.outcome = "slept" if result == 0 else "did-not-sleep"
                self._back(i, "resume" if result == 0 else "undo")
            elif result:
                self._fail(i, result)
                break
            elif row.phase == self.a.stop and self.rows[i + 1].phase != row.phase:
                self.e.outcome = "test"
                self._back(i + 1, "resume")
                break
        return self.e


def value_of(words, key, word):
    """What the firmware's word stands for; numbers stand for themselves."""
    return words[key][word] if word in words[key] else int(word)


def expected(rows, words, attempt):
    return Walk(rows, words, attempt).expected()


def table_cells(rows):
    """Every row, once in each direction that it has; every phase that a test may turn back after."""
    commit = rows[-1].step
    for row in rows:
        yield Cell(f"{row.step} fails", Attempt(fail=row.step))
        if row.resume:
            yield Cell(f"{row.step} fails to resume", Attempt(fail_resume=(row.step,)), last=row.kind == "vital")
        if row.undo:
            yield Cell(f"{row.step} fails to undo", Attempt(fail=commit, fail_undo=(row.step,)),
                       last=row.kind == "vital")
    for phase in dict.fromkeys(row.phase for row in rows[:-1]):
        yield Cell(f"turned back after {phase}", Attempt(stop=phase))
    yield Cell("a domain forbids it", Attempt(forbid=True))


def firmware_cells(words):
    """Every word that the firmware knows for a misbehaviour, and an error that nobody knows."""
    def cell(name, **attempt):
        return Cell(f"firmware: {name}", Attempt(**attempt), "firmware", attempt.get("cpu_off") == "hang")

    for word in [w for w in words["suspend"] if w not in ("ok", "absent")] + ["-77"]:
        yield cell(f"suspend={word}", suspend=word)
    for word in [w for w in words["cpu-on"] if w != "ok"] + ["-77"]:
        yield cell(f"cpu-on={word}", cpu_on=word)
    for word in [w for w in words["cpu-off"] if w != "ok"] + ["-77"]:
        yield cell(f"cpu-off={word}", cpu_off=word)
    for gic, cpu in itertools.product(words["gic"], ["self", *map(str, range(1, CPUS))]):
        yield cell(f"gic={gic}, wake-cpu={cpu}", gic=gic, wake_cpu=cpu)


def pair_cells(rows, words):
    """Two things that go wrong in one request. A vital row's panic is the same behind any other."""
    def cell(name, **attempt):
        return Cell(name, Attempt(**attempt), "pair")

    plain = [r for r in rows if r.kind == "plain"]
    for row, later in itertools.product(plain, rows[:-1]):
        if row.undo and rows.index(later) > rows.index(row):
            yield cell(f"{later.step} fails, {row.step} fails to undo", fail=later.step, fail_undo=(row.step,))
    resumed = [r for r in plain if r.resume]
    for one, other in itertools.combinations(resumed, 2):
        yield cell(f"{one.step}, {other.step} fail to resume", fail_resume=(one.step, other.step))
    for row in resumed:
        yield cell(f"wrong CPU, GIC poisoned, {row.step} fails to resume", fail_resume=(row.step,), gic="poison",
                   wake_cpu="1")
        yield cell(f"SUCCESS without sleep, {row.step} fails to undo", fail_undo=(row.step,), suspend="early")
        yield cell(f"firmware refuses, {row.step} fails to undo", fail_undo=(row.step,), suspend="denied")
        yield cell(f"a CPU is lost, {row.step} fails to resume", fail_resume=(row.step,), cpu_on="lost")
        yield cell(f"a CPU doesn't go off, {row.step} fails to undo", fail_undo=(row.step,), cpu_off="denied")
    for gic in words["gic"]:
        yield cell(f"gic={gic}, the wrong CPU, a CPU is lost", gic=gic, wake_cpu="1", cpu_on="lost")
    for row in rows[[r.step for r in rows].index(SECONDARIES) + 1:]:
        yield cell(f"{row.step} fails, a CPU refuses to start", fail=row.step, cpu_on="internal")


def firmware_options(rows, words, attempts):
    """The words that the firmware needs for that row of attempts, each at its turn."""
    turns = {key: [] for key in ("suspend", "gic", "wake-cpu", "cpu-off")}
    turns["cpu-on"] = ["ok"]  # the boot's
    for attempt in attempts:
        e = expected(rows, words, attempt)
        if e.cpu_off:
            turns["cpu-off"].append(attempt.cpu_off)
        if e.suspend:
            turns["suspend"].append(attempt.suspend)
        if e.slept:
            turns["gic"].append(attempt.gic)
            turns["wake-cpu"].append(attempt.wake_cpu)
            if attempt.wake_cpu == str(CPU_OFF_FAILS):
                turns["cpu-off"].append("ok")  # that of a CPU that was woken by mistake
        if e.cpu_on:
            turns["cpu-on"].append(attempt.cpu_on)
    out = [f"cpu-on-fail={CPU_ON_FAILS}", f"cpu-off-fail={CPU_OFF_FAILS}"]
    for key, values in turns.items():
        while len(values) > 1 and values[-1] == values[-2]:
            values.pop()  # the last one goes on
        out += [f"{key}={'+'.join(values)}"] if values else []
    return out
