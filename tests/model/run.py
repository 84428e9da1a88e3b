#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Check the models of the suspend protocols with spin, that they are models of this code, and that they can fail.

usage: tests/model/run.py [--short] [-j N]

  drift      the models against the code, both ways (drift.py), and that changed code is noticed
  safety     every state of each model
  liveness   that what is asked for comes, with weak fairness, in smaller ones
  mutants    the models and the table with one mistake each: a counterexample has to be found

--short leaves out the big variants. Ends in one line with the figures.
"""

import dataclasses
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "proof"))
sys.path.insert(0, str(HERE))

import drift  # noqa: E402
from rig import Rig  # noqa: E402

LIMIT_S = 1500
MEMORY_MB = 2000

# Code that has changed in a way that the models don't have: file, before, after.
CHANGES = (
    ("a row's hook has another name", "hyp/suspend/steps.c", ".suspend = route_irqs", ".suspend = route"),
    ("a row's hooks are gone", "hyp/suspend/steps.c", ".suspend = gic_down, .resume = gic_up, .undo = gic_undo",
     ".suspend = el2_suspend"),
    ("a new row", "hyp/suspend/steps.c", '{ .name = "el2", .phase',
     '{ .name = "new", .phase = DM_PHASE_CORE, .suspend = new_suspend },\n\t{ .name = "el2", .phase'),
    ("a function has another name", "hyp/core/vcpu.c", "void vcpu_restart(", "void vcpu_start_over("),
    ("unblocked before its power is written", "hyp/core/vcpu.c", "v->power = VCPU_ON_PENDING;\n\t/* Release", "/* Release"),
    ("no look for what is pending", "hyp/virt/vpsci.c", "if (domain_wake_pending(v->domain, &vintid))", "if (0)"),
)

# Tables in another order: the row that is moved, and the one that it comes to stand before.
ORDERS = (
    ("unload", "domains"),
    ("firmware-suspend", "gic"),
)


@dataclasses.dataclass(frozen=True)
class Case:
    """One run of spin."""
    name: str
    model: str
    defines: tuple = ()
    ltl: str = ""
    fails: bool = False  # a counterexample must be found
    order: tuple = ()
    log_states: int = 20  # 2 to that: the hash table's first size


def mutants():
    """Each MUTANT_... of each model. One that needs a second call says so beside its #ifdef."""
    for model in drift.MODELS:
        text = drift.models()[model]
        for name in sorted(set(re.findall(r"\bMUTANT_\w+", text))):
            more = ("REQUESTS=2",) if re.search(name + r"\b.*needs two calls", text) else ()
            words = name.removeprefix("MUTANT_").lower().replace("_", " ")
            yield Case(f"{model}: mutant: {words}", model, (name, *more), fails=True)


def cases(short):
    yield Case("host.pml: every state", "host.pml", log_states=24)
    yield Case("domain.pml: every state", "domain.pml", log_states=22)
    small = ("LIVENESS", "SUSPENDS=1", "RAISES=1")
    for model, ltl in (("host.pml", "answered"), ("host.pml", "delivered"), ("domain.pml", "resumed")):
        yield Case(f"{model}: {ltl}, in the end", model, small, ltl=ltl)
    yield from mutants()
    for moved, before in ORDERS:
        yield Case(f"host.pml: mutant: row {moved} before {before}", "host.pml", order=(moved, before), fails=True)
    if not short:
        yield Case("domain.pml: delivered, in the end", "domain.pml", small, ltl="delivered")
        yield Case("host.pml: two calls, each policy", "host.pml", ("LONG", "REQUESTS=2", "ONE_KIND"), log_states=26)
        yield Case("host.pml: two interrupts", "host.pml", ("RAISES=2", "ONE_KIND"), log_states=26)
        yield Case("domain.pml: three suspends", "domain.pml", ("SUSPENDS=3", "RAISES=3"), log_states=24)


def table(order):
    rows = drift.rows(drift.source(drift.STEPS))
    if order:
        moved = next(r for r in rows if r.name == order[0])
        rows.remove(moved)
        rows.insert(next(i for i, r in enumerate(rows) if r.name == order[1]), moved)
    return drift.promela(rows)


def command(argv, cwd):
    run = subprocess.run(argv, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                         stdin=subprocess.DEVNULL, timeout=LIMIT_S)
    return run.returncode, run.stdout


def verify(case):
    """(counterexample or None, states, what is wrong with the run itself)"""
    folder = Path(tempfile.mkdtemp(prefix="dormouse-model-"))
    try:
        for model in drift.MODELS:
            shutil.copy(HERE / model, folder)
        (folder / "table.pml").write_text(table(case.order))
        spin = ["spin", "-a", *(f"-D{d}" for d in case.defines), case.model]
        # A mutant is soon refuted: what takes time is the compiler.
        cc = ["gcc", "-w", "-O0" if case.fails else "-O2", "-DVECTORSZ=256", "-DCOLLAPSE", f"-DMEMLIM={MEMORY_MB}",
              *(["-DNFAIR=3"] if case.ltl else ["-DSAFETY"]), "-o", "pan", "pan.c"]
        pan = ["./pan", "-E", "-m1000000", f"-w{case.log_states}",
               *(["-a", "-f", "-N", case.ltl] if case.ltl else [])]
        for argv in (spin, cc):
            status, text = command(argv, folder)
            if status:
                return None, 0, f"{argv[0]} failed:\n{text[-1000:]}"
        _, text = command(pan, folder)
        return judge(text)
    except subprocess.TimeoutExpired:
        return None, 0, f"no end after {LIMIT_S} s"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def judge(text):
    states = re.search(r"^\s*([\d.e+]+) states, stored", text, re.MULTILINE)
    found = re.search(r"^pan:1: (.*)$", text, re.MULTILINE)
    count = int(float(states.group(1))) if states else 0
    if found:
        return found.group(1), count, None
    if not states or "Search not completed" in text or "max search depth too small" in text:
        return None, count, f"not all states were seen:\n{text[-1000:]}"
    return None, count, None


def prove_drift(rig):
    cited, complaints = drift.drift()
    rig.point(not complaints, "the models are of this code", "\n".join(complaints))
    for name, changed, before, after in CHANGES:
        text = drift.source(changed)
        if before not in text:
            rig.point(False, f"drift is noticed: {name}", f"{changed} has no {before!r}")
            continue
        read = lambda file, c=changed, t=text.replace(before, after): t if file == c else drift.source(file)
        rig.point(drift.drift(read)[1], f"drift is noticed: {name}", "it is not")
    return cited


def main():
    rig = Rig("model", __doc__)
    rig.parser.add_argument("--short", action="store_true", help="without the big variants")
    args = rig.parse()
    cited = prove_drift(rig)
    total = refuted = 0
    for case, (found, states, wrong) in rig.run(cases(args.short), verify):
        total += states
        refuted += bool(found and case.fails)
        why = wrong or (None if bool(found) == case.fails else found or "no counterexample")
        rig.point(not why, case.name, why)
    return rig.end(f"{total / 1e6:.1f} million states, {refuted} mutants refuted, {cited} pieces of code tied, "
                   f"{rig.passed} passed, {rig.failed} failed")


if __name__ == "__main__":
    sys.exit(main())
