#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Soak: a machine under load whose domains and which itself sleep and wake at random, for hours.

usage: tests/proof/soak.py [--time TIME] [--seed N] [--gic 2|3] [--host-suspends N] [--guest-suspends N]
                           [--stop-after N] [--replay FILE] [--list N] [--short] [--no-linux]

Dom0 and a dozen domains compute, use a disk and take interrupts, and are suspended, woken, paused, pinned, made, destroyed
and rebooted; the machine is put to sleep and woken by whatever there is, and some sleeps are made to fail. All along
it is looked at whether each domain works, its memory and clocks are right, each sleep is counted once
everywhere, and no memory is lost. The seed gives the actions and their order; what is left of a failed run is in
build/soak/SEED/. docs/proof.md has more.
"""

import datetime
import itertools
import json
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from rig import ROOT, Rig, seconds

from dormouse_run.machine import MachineError
from dormouse_run.qmp import QmpError
from soak_plan import Plan
from soak_world import Miss, World, need

# What each run proves, and a failure is about one of: keys of Miss.
POINTS = {
    "alive": "every domain lives, and works when it may",
    "patterns": "memory, registers, disks, interrupts of the domains are intact",
    "accounted": "each sleep of the machine is one loss of power, counted once",
    "journal": "the journal tells the truth",
    "guest sleeps": "each sleep of a domain is counted once",
    "wake": "wake-ups come once, from where they may",
    "clocks": "clocks are right, those that stand still too",
    "scheduler": "weights, caps and affinities are as set",
    "memory": "Dormouse's memory comes back to the page",
    "log": "Dormouse and Linux's kernels have nothing to complain of",
    "answers": "whatever is asked is answered",
}
# Requests among which one fails by debug-power= each; Dormouse's command line has no room for more.
FAULT_CYCLES = ((4, 12), (13, 60), (61, 200), (201, 500), (501, 1000))
# Rows that can fail for a reason of their own, and leave everything as before (suspend/steps.c).
FAULT_STEPS = ("domains", "page-alloc", "unload", "route-irqs", "secondary-cpus", "rtc", "console", "timer", "gic", "el2",
               "firmware-suspend")
SHORT, SHORT_SEED = 60, 7
ALARM_S = 2
NO_ALARM_S = 4        # the domain whose alarm was to wake it was awake when the machine fell asleep
ANSWER_S = 240


def faults_of(seed):
    """{number of the request: the step that fails}."""
    rng = random.Random(f"faults {seed}")
    return {rng.randint(*cycles): rng.choice(FAULT_STEPS) for cycles in FAULT_CYCLES}


class Soak:
    """Does actions to a world. Each method is one value of "do"."""

    def __init__(self, world):
        self.w = world
        self.m = world.m

    def do(self, action):
        """One action, and a look at what can be seen then; how the machine's sleeps in it ended, for the list."""
        getattr(self, "do_" + action["do"])(action)
        self.w.look()
        ended, self.w.ended = self.w.ended, []
        return ended

    def sh(self, command):
        return self.m.sh(command, timeout=ANSWER_S)

    def domain(self, action):
        return self.w.plan.domains[action["domain"]]

    # --- the machine sleeps ---

    def asleep(self, command, wake=None):
        """(status, output) of a command that puts the machine to sleep; `wake` is done as soon as the power is off."""
        before, off = self.m.resets(), None
        end = time.monotonic() + ANSWER_S
        self.m.start_command(command)
        while True:
            ended = self.m.command_ended(0.02)
            if ended:
                return ended
            if off is None and self.m.resets() > before:
                off = time.monotonic()
            if wake and off and time.monotonic() > off + (NO_ALARM_S if wake == "alarm" else 0):
                self.rouse(wake)
                wake = None
            need(time.monotonic() < end, "answers", f"the machine doesn't come back from: {command}")

    def rouse(self, wake):
        if wake == "key":
            self.m.qmp.command("system_powerdown")
        else:
            self.m.con.send("\n")

    def do_host(self, action):
        wake = action["wake"]
        for wait in itertools.count(ALARM_S):
            cycles = self.w.slept + self.w.not_slept + self.w.failed
            if wake == "rtc":
                status, said = self.asleep(f"dormouse sleep --wake-in {wait} 2>&1")
            elif wake == "nap":
                status, said = self.asleep(f"nap {wait} 2>&1; s=$?; echo 0 >/sys/class/rtc/rtc0/wakealarm; (exit $s)")
            else:
                status, said = self.asleep("dormouse sleep 2>&1", wake)
            self.w.records()
            failed = self.w.cycles[max(self.w.cycles)]["end"]["outcome"] == "failed" if self.w.cycles else False
            if self.w.slept + self.w.not_slept + self.w.failed > cycles:
                need(failed == bool(status), "answers", f"status {status} of {wake}: {said}")
                break
            # Linux gave it up before it asked Dormouse: an alarm or a key was early.
            need(status and wait < 30, "answers", f"the machine isn't put to sleep: {status}, {said}")
        self.judge_wake(action)

    def judge_wake(self, action):
        end = self.w.cycles[max(self.w.cycles)]["end"]
        if end["outcome"] != "slept":
            return
        who, owner = end["device"], end["owner"]
        alarms = {d.name for d in self.w.plan.domains.values() if d.todo == "alarm" and not d.muted}
        if who == "rtc":
            good = owner in alarms or owner == "dom0" and action["wake"] in ("rtc", "nap")
        else:
            good = owner in ("dom0", "dormouse")
        need(good, "wake", f"woken by {who} of {owner}; {action}, {alarms} have alarms")

    def do_test(self, action):
        tests, resets = self.w.tests + self.w.not_slept + self.w.failed, self.m.resets()
        status, said = self.asleep(f"dormouse sleep --test {action['phase']} 2>&1")
        self.w.records()
        end = self.w.cycles[max(self.w.cycles)]["end"]
        need(self.m.resets() == resets, "accounted", "a test has slept")
        if self.w.tests + self.w.not_slept + self.w.failed == tests:
            need(status, "answers", f"no test: {said}")  # Linux gave it up
            return
        need(end["outcome"] != "failed" or status, "answers", f"status {status}: {said}")

    def do_refused(self, action):
        """One domain that runs forbids it: Dom0 has the error, nobody else notices."""
        name, resets, failed = action["domain"], self.m.resets(), self.w.failed
        self.sh(f"dormouse policy {name} host_suspend=require")
        said = self.sh("dormouse blockers")
        need(name in said, "answers", f"dormouse blockers doesn't name {name}: {said}")
        status, said = self.asleep("echo mem 2>&1 >/sys/power/state")
        self.sh(f"dormouse policy {name} host_suspend=freeze")
        self.w.records()
        need(status and self.m.resets() == resets and self.w.failed == failed + 1, "accounted",
             f"{name} forbade the machine's sleep: status {status}, {said}")

    def do_veto(self, action):
        """One domain is asked, suspends, and goes on with the machine."""
        name = action["domain"]
        before = self.w.listed()[name]["suspends"]
        self.sh(f"dormouse policy {name} host_suspend=veto veto_ms=120000")
        self.do_host(dict(action, wake=action["wake"]))
        self.sh(f"dormouse policy {name} host_suspend=freeze")
        self.w.until(lambda: self.w.listed()[name]["state"] != "suspended", "wake", f"{name} sleeps on", pause=0.3)
        after = self.w.listed()[name]["suspends"]
        need(after == before + 1 or self.w.failed, "guest sleeps", f"{name}: {before} sleeps, then {after}")

    # --- domains sleep ---

    def do_sleep(self, action):
        name = action["domain"]
        sleeps = self.w.page(name)["sleeps"]
        if self.domain(action).bare:
            self.sh(f"dormouse suspend -w -t 200s {name}")
        else:
            # A press right after it woke is that wake-up's (scripts/initrd/sleepkey): pressed again if need be.
            self.sh(f"for i in 1 2 3 4 5 6; do dormouse suspend -w -t 30s {name} && break; [ $i != 6 ] || false; done")
        self.w.base[name] = sleeps
        if self.domain(action).bare:
            self.w.until(lambda: self.w.page(name)["asleep"], "guest sleeps", f"{name} doesn't sleep")

    def do_wake(self, action):
        name, how = action["domain"], action["how"]
        sleeps, beat = self.w.page(name)["sleeps"], self.w.page(name)["beat"]
        if how == "console":
            self.send(name)
        else:
            self.sh(f"dormouse resume {name}")
        if self.domain(action).bare:
            self.w.until(lambda: self.w.page(name)["sleeps"] > sleeps, "wake", f"{name} sleeps on, woken by {how}")
            self.w.until(lambda: not self.w.page(name)["by_key"], "wake", f"{name} doesn't go on")
        self.w.until(lambda: self.w.page(name)["beat"] > beat, "wake", f"{name} doesn't go on, woken by {how}")
        if how == "console":
            self.sent(name)
        if self.domain(action).bare:
            need(self.w.page(name)["sleeps"] == sleeps + 1 or self.domain(action).todo != "work", "wake",
                 f"{name} was woken once by {how}: {self.w.page(name)}")

    def send(self, name):
        """A character to its console, from a program that then waits for output."""
        self.sh(f"printf x | dormouse console {name} >/dev/null & echo $! >/tmp/typist")

    def sent(self, name):
        self.sh("kill $(cat /tmp/typist)")

    def do_type(self, action):
        name = action["domain"]
        typed = self.w.page(name)["typed"]
        self.send(name)
        self.w.until(lambda: self.w.page(name)["typed"] > typed, "wake", f"{name} doesn't hear what is typed")
        self.sent(name)
        need(self.w.page(name)["typed"] == typed + 1, "wake", f"{name} hears it twice")

    def do_todo(self, action):
        name = action["domain"]
        page = self.w.pages[name]
        page.tell(action["todo"])
        want = ("work", "alarm", "pair").index(action["todo"])
        self.w.until(lambda: page.read()["doing"] == want, "alive", f"{name} doesn't do what it is told")

    def do_mute(self, action):
        self.sh(f"dormouse wakeup disable {action['domain']} {action['source']}")

    def do_unmute(self, action):
        """Its alarm is long over, or will be: switched on again, it wakes it."""
        name = action["domain"]
        beat = self.w.page(name)["beat"]
        self.sh(f"dormouse wakeup enable {name} {action['source']}")
        self.w.until(lambda: self.w.page(name)["beat"] > beat, "wake", f"{name} sleeps on, its alarm enabled again")

    # --- its vCPUs ---

    def do_pause(self, action):
        self.sh(f"dormouse pause {action['domain']}")

    def do_unpause(self, action):
        self.sh(f"dormouse unpause {action['domain']}")

    def do_sched(self, action):
        self.sh(f"dormouse sched -w {action['weight']} -c {action['cap']} {action['domain']}")
        self.w.weights[action["domain"]] = (action["weight"], action["cap"])

    def do_pin(self, action):
        self.sh(f"dormouse vcpu-pin {action['domain']} {action['vcpu']} {action['cpus']}")
        self.w.pins[action["domain"], action["vcpu"]] = action["cpus"]

    # --- its life ---

    def forget(self, name):
        self.w.weights.pop(name, None)
        for pin in [p for p in self.w.pins if p[0] == name]:
            del self.w.pins[pin]

    def do_create(self, action):
        name = action["domain"]
        words = (f"dormouse=1 id={self.w.new_page(name)} todo={('work', 'alarm').index(action['kind'])} rounds=10")
        self.sh(f"echo 'name=\"{name}\"; kernel=\"/guests/soak.bin\"; memory={action['memory']}; "
                f"vcpus={action['vcpus']}' >/tmp/{name}.cfg")
        self.sh(f"echo 'time=\"{action['time']}\"; extra=\"{words}\"' >>/tmp/{name}.cfg")
        self.sh(f"dormouse create -qe /tmp/{name}.cfg")
        self.w.arrived(name)
        self.w.made += 1

    def do_destroy(self, action):
        name = action["domain"]
        self.w.gone(name)
        self.sh(f"dormouse destroy {name}")
        self.forget(name)

    def do_reboot(self, action):
        name = action["domain"]
        d = self.domain(action)
        if not d.bare:
            self.w.finished["linux"] += self.w.listed()[name]["suspends"]
        number = self.w.pages[name].number
        self.w.gone(name)
        self.sh(f"dormouse reboot {name}")
        self.w.again(name, number)
        self.forget(name)

    def do_check(self, _action):
        self.w.check()


# --- one run ---------------------------------------------------------------------------------

class Run:
    """What has happened so far, and when it is enough."""

    def __init__(self, args, folder):
        self.args = args
        self.folder = folder
        self.start = time.monotonic()
        self.done = []

    def enough(self, world):
        args = self.args
        if args.stop_after:
            return len(self.done) >= args.stop_after
        counted = args.host_suspends or args.guest_suspends
        if counted and world.slept >= args.host_suspends and world.guest_sleeps() >= args.guest_suspends:
            return True
        return self.elapsed() > (args.limit if counted else args.time)

    def elapsed(self):
        return time.monotonic() - self.start

    def figures(self, world):
        kinds = ", ".join(f"{who} {n}" for who, n in sorted(world.woken_by.items(), key=lambda w: -w[1])[:6])
        return (f"{len(self.done)} actions, {world.slept} host suspends ({kinds}), {world.not_slept} did not sleep, "
                f"{world.failed} refused or failed as planned, {world.tests} tests, {world.guest_sleeps()} guest suspends, {world.made} domains made")


def actions_of(args, plan):
    """The plan's, or those of a file, which the plan's model follows."""
    if not args.replay:
        yield from plan
        return
    for line in args.replay.read_text().splitlines():
        action = json.loads(line).get("action")
        if action:
            plan.apply(action)
            yield action


def go(rig, run, world, plan):
    soaker = Soak(world)
    with open(run.folder / "actions", "w", encoding="utf-8", buffering=1) as log:
        for action in actions_of(run.args, plan):
            run.done.append(action)
            log.write(json.dumps({"n": len(run.done), "at": round(run.elapsed(), 2), "action": action}) + "\n")
            ends = soaker.do(action)
            log.write(json.dumps({"n": len(run.done), "done": round(run.elapsed(), 2), "cycles": ends}) + "\n")
            rig.progress(f"{len(run.done)} actions, {world.slept} host and {world.guest_sleeps()} guest suspends, "
                         f"{len(plan.domains) + 1} domains, {world.made} made")
            if run.enough(world):
                break
    world.check()
    short = world.slept < run.args.host_suspends or world.guest_sleeps() < run.args.guest_suspends
    need(not short or run.args.stop_after or run.args.replay, "answers", "too few suspends in the time")


def soak(rig, args, folder):
    """(Miss or None, figures)"""
    plan = Plan(args.seed, linux=not args.no_linux)
    run = Run(args, folder)
    try:
        world = World(plan, args.gic, faults_of(args.seed), folder)
    except (Miss, MachineError, QmpError) as error:
        return error, "it did not come up"
    rig.note(f"GICv{args.gic}, seed {args.seed}: up in {rig.elapsed():.0f} s")
    run.start = time.monotonic()
    miss = None
    try:
        go(rig, run, world, plan)
    except (Miss, MachineError, QmpError, OSError) as error:
        miss = error
        world.remains(f"action {len(run.done)}, {run.done[-1]}: {error}")
    figures = run.figures(world)
    world.stop(keep=bool(miss))
    return miss, figures


def options(rig):
    add = rig.parser.add_argument
    add("--gic", choices=("2", "3"), help="default 3")
    add("--host-suspends", type=int, default=0, metavar="N", help="end after so many, and as many of the domains:")
    add("--guest-suspends", type=int, default=0, metavar="N")
    add("--limit", type=seconds, default=6 * 3600.0, metavar="TIME", help="for these numbers (default 6h)")
    add("--stop-after", type=int, metavar="N", help="so many actions")
    add("--replay", type=Path, metavar="FILE", help="the actions of that file, as a failed run leaves it")
    add("--list", type=int, metavar="N", help="print the first N actions and do nothing")
    add("--short", action="store_true", help="what make check runs: one GIC today, the other one tomorrow")
    add("--no-linux", action="store_true", help="without the Linux DomU, which takes long to boot")
    return rig.parse()


def main():
    rig = Rig("soak", __doc__, time=600, seed=True)
    args = options(rig)
    if args.short:
        args.seed, args.stop_after, args.no_linux = SHORT_SEED, SHORT, True
        args.gic = args.gic or "23"[datetime.date.today().toordinal() % 2]
    args.gic = args.gic or "3"
    if args.list:
        for number, action in enumerate(itertools.islice(Plan(args.seed, linux=not args.no_linux), args.list), 1):
            print(json.dumps({"n": number, "action": action}))
        return 0
    folder = ROOT / "build/soak" / str(args.seed)
    if args.replay:
        args.replay = Path(shutil.copy(args.replay, folder.parent / "replayed"))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run(["make", "-s", "soak-build"], cwd=ROOT, check=True, stdout=sys.stderr)
    rig.plan(len(POINTS))
    miss, figures = soak(rig, args, folder)
    about = miss.about if isinstance(miss, Miss) else "answers"
    for key, what in POINTS.items():
        rig.point(not miss or key != about, what, f"{miss}\nwhat is left of it: {folder}")
    if miss:
        figures += f"; FAILED: {str(miss).splitlines()[0]} (see {folder.relative_to(ROOT)})"
    return rig.end(f"seed {args.seed}, GICv{args.gic}: {figures}, {0 if not miss else 1} failures")


if __name__ == "__main__":
    sys.exit(main())
