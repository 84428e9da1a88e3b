# SPDX-License-Identifier: Apache-2.0
"""The machine of the soak, and what must be true of it at any time. soak.py does things to it."""

import json
import re
import time

from dormouse_run import ROOT
from dormouse_run.machine import Machine, MachineError
from dormouse_run.qmp import QmpError

from soak_journal import Journal, log
from soak_pages import Page, Ram

STUCK_S = 150    # a domain that hasn't moved for so long hangs: a loaded host is slow, but not so slow
WAIT_S = 150
RAM_MIB = 1024
CPUS = 2
TICKS_MS = 62500  # of QEMU's counter
DISK = 1 << 20
INITRD = ROOT / "build/soak/initrd.cpio"
GUEST = ROOT / "build/release/guest/soak.bin"
KEY_DEVICES = ("pl061", "gpio", "key")

# What Dormouse may say while it runs: anything else is a miss. "suspend failed" is held against the plan.
SAYS = re.compile("|".join((
    r"\S+: resumed, .*", r"\S+: (?:reboot|rebooted|destroyed|powered off|shut down).*", r"resumed: cycle \d+, .*",
    r"suspend(?: failed)?: cycle \d+, .*", r"suspend blocked by .*", r"input to .*", r"journal: .*",
    r"suspend counts: .*", r"heap: .*", r" *\d+ \S+: .*", r"  vCPU .*", r"\S+: started by the control domain",
    r"domain \d+, .*", r"interrupt \d+ .*")))
LATE = re.compile(r"suspend: cycle \d+, step \S+ \(\w+\) took longer than")
FAILS = re.compile(r"suspend(?: failed)?: cycle (\d+), step (\S+?):? .*")


class Miss(Exception):
    """Something isn't as it must be. `about` is one of soak.py's points."""

    def __init__(self, about, text):
        super().__init__(text)
        self.about = about


def need(good, about, text):
    if not good:
        raise Miss(about, text)


class World:
    """Boots the machine with the plan's domains. `faults`: {cycle: step} that debug-power makes fail."""

    def __init__(self, plan, gic, faults, folder):
        self.plan = plan
        self.faults = faults
        self.folder = folder
        self.numbers = 0
        self.pages = {}      # by the domain's name
        self.offsets = {}    # ticks that its virtual counter was behind the physical one at first
        self.held = {}       # ticks that the journal has said of it since
        self.base = {}       # its sleeps when it was last told to sleep or was stopped
        self.finished = {"bare": 0, "linux": 0}  # sleeps of domains that are no more
        self.linux_sleeps = 0
        self.slept = self.not_slept = self.failed = self.tests = self.late = self.made = 0
        self.woken_by = {}
        self.ended = []      # how the machine's sleeps in this action did
        self.cycles = {}     # of the records that are to be judged when all domains have gone on
        self.order = None    # the steps of the first sleep
        self.read_to = 0     # of the console's log
        self.free_at_first = None
        self.weights = {}
        self.pins = {}
        self.ram = Ram(RAM_MIB)
        try:
            self._boot(gic)
        except BaseException:
            self.ram.close()
            raise

    # --- boot ---

    def _append(self, d):
        number = self.new_page(d.name)
        if not d.bare:
            return f"dormouse.run=soak~{number} dormouse.sleepkey=1"
        words = f"dormouse=1 id={number} todo={('work', 'alarm', 'pair').index(d.todo)}"
        if d.kind == "pair":
            ids = sorted(self.plan.domains)
            peer = "p2" if d.name == "p1" else "p1"
            return f"{words} rounds={40} peer={ids.index(peer) + 1} offer={int(d.name == 'p1')}"
        return f"{words} rounds=10 chatty={int(d.kind == 'work')}"

    def _domu(self, d):
        kernel = "" if not d.bare else f"kernel={GUEST},initrd=none,"
        xen = ",xen=no-xenstore" if d.kind == "pair" else ""
        return ["--domu", f"name={d.name},{kernel}mem={d.memory}M,cpus={d.vcpus},time={d.time},"
                f"append={self._append(d)}{xen}"]

    def _boot(self, gic):
        disk = self.folder / "disk"
        disk.write_bytes(bytes(DISK))
        power = ",".join(f"fail:{step}@{cycle}" for cycle, step in sorted(self.faults.items()))
        domus = [word for d in self.plan.domains.values() for word in self._domu(d)]
        self.m = Machine("--gic", gic, "--cpus", CPUS, *self.ram.arguments, "--initrd", INITRD, "--disk", disk,
                         "--append", "dormouse.mode=agent", *domus, "--hyp-append",
                         f"dom0_mem=400M dom0-grace=300 debug-power{'=' + power if power else ''}",
                         keep=self.folder)
        try:
            self.m.expect(r"ready, mode agent[^\n]*\n", 300)
            self.m.sh(f"dmesg -n 1; mkdir -p /var/log/xen; soak {self.new_page('dom0')} /dev/vda >/tmp/soak 2>&1 &")
            self.journal = Journal(self.ram)
            for name in list(self.pages):
                self.arrived(name)
            # The balloon gives what the tool maps guests with, once.
            self.m.sh("printf 'name=\"g0\"\\nkernel=\"/guests/soak.bin\"\\nmemory=4\\n' >/tmp/g0.cfg; "
                      "dormouse create -qe /tmp/g0.cfg; dormouse destroy g0")
            self.free_at_first = self.free_kib()
            self.read_to = len(self.console())
        except BaseException:
            self.stop()
            raise

    def stop(self, keep=False):
        if not keep:
            self.m.keep = None
        self.m.stop()
        self.ram.close()
        (self.folder / "disk").unlink(missing_ok=True)

    # --- domains ---

    def new_page(self, name):
        self.numbers += 1
        self.pages[name] = Page(self.ram, self.numbers)
        return self.numbers

    def page(self, name):
        return self.pages[name].read()

    def arrived(self, name):
        """Until the domain works; what its counters are like at first."""
        page = self.pages[name]
        self.until(page.find, "alive", f"{name} doesn't start", pause=1 if name == "z" else 0.2)
        self.until(lambda: page.read()["beat"] > 0, "alive", f"{name} doesn't begin to work")
        self.records()  # of its predecessor's last sleep
        self.base[name] = 0
        self.held[name] = 0
        self.offsets[name] = self._offset(page)

    def again(self, name, number):
        """The same domain, after its reboot."""
        self.pages[name] = Page(self.ram, number)
        self.arrived(name)

    @staticmethod
    def _offset(page):
        """How many ticks its virtual counter is behind."""
        now = page.read()
        return now["phys"] - now["virt"]

    def gone(self, name):
        """Its sleeps count on. Call it before it ends, while it is still readable."""
        page = self.pages.pop(name)
        now = page.read()
        if now:
            self.finished["bare"] += now["sleeps"]
        page.forget()
        self.held.pop(name, None)

    def until(self, condition, about, text, seconds=WAIT_S, pause=0.02):
        end = time.monotonic() + seconds
        while not condition():
            self.errors()
            need(time.monotonic() < end, about, f"{text}, in {seconds} s")
            time.sleep(pause)

    def guest_sleeps(self):
        now = sum(p.read()["sleeps"] for p in self.pages.values() if p.at is not None)
        return now + self.finished["bare"] + self.linux_sleeps

    # --- what holds always: looked at after each action ---

    def console(self):
        self.m.log.flush()
        return self.m.console_log.read_bytes()

    def look(self):
        """Whatever can be seen without the machine's help."""
        self.errors()
        self.lines()
        self.records()
        now = time.monotonic()
        for name, page in self.pages.items():
            d = self.plan.domains.get(name)
            if page.read() is None:
                continue
            if d and not d.advances:
                page.moved = now
            need(now - page.moved < STUCK_S, "alive", f"{name} hasn't moved for {STUCK_S} s: {page.last}")

    def errors(self):
        for name, page in self.pages.items():
            now = page.read()
            if now and now["error"]:
                said = now["said"].split(b"\0")[0].decode(errors="replace").strip()
                raise Miss("patterns", f"{name} found something wrong at line {now['error']} of its source: "
                           f"0x{now['got']:x}, should be 0x{now['wanted']:x} {said}")

    def lines(self):
        """Each new line of Dormouse's on the console."""
        text = self.console()[self.read_to:]
        whole = text.rfind(b"\n") + 1
        self.read_to += whole
        for line in text[:whole].decode(errors="replace").splitlines():
            match = re.match(r"\(dormouse\) (.*)", line.strip("\r"))
            if not match:
                continue
            if LATE.match(match[1]):
                self.late += 1
                continue
            need(SAYS.fullmatch(match[1]), "log", f"Dormouse says: {line}")
            fails = FAILS.fullmatch(match[1])
            if fails and fails[2] != "policies":
                need(self.faults.get(int(fails[1])) == fails[2], "log", f"no such fault was planned: {line}")

    def records(self):
        """Each new record of the journal, against what is known otherwise."""
        try:
            new = self.journal.new()
        except ValueError as error:
            raise Miss("journal", str(error)) from None
        for r in new:
            cycle = self.cycles.setdefault(r["cycle"], {"steps": [], "thaws": [], "end": None, "judged": False})
            if r["kind"] == "step":
                cycle["steps"].append(r)
            elif r["kind"] == "thaw":
                cycle["thaws"].append(r)
                if r["owner"] in self.held:
                    self.held[r["owner"]] += r["asleep"]
            else:
                need(cycle["end"] is None, "journal", f"cycle {r['cycle']} ends twice")
                cycle["end"] = r
                cycle["domains"] = {"dom0", *self.plan.domains}
                self._judge(r["cycle"], cycle)

    def _judge(self, number, cycle):
        end, steps = cycle["end"], [(s["step"], s["dir"]) for s in cycle["steps"]]
        outcome = end["outcome"]
        self.ended.append(f"{number} {outcome} {end['step']}{end['device']} {end['owner']}")
        need(outcome in ("slept", "did-not-sleep", "failed", "test"), "journal", f"cycle {number}: {outcome}")
        self.slept += outcome == "slept"
        self.not_slept += outcome == "did-not-sleep"
        self.failed += outcome == "failed"
        self.tests += outcome == "test"
        bad = [s for s in cycle["steps"] if s["result"] and (s["step"], outcome) != ("firmware-suspend", "did-not-sleep")]
        if outcome == "failed":
            need(end["step"] in ("policies", self.faults.get(number)), "journal",
                 f"cycle {number} failed in {end['step']}")
            bad = [s for s in bad if s["step"] != end["step"]]
        need(not bad, "journal", f"cycle {number}, {outcome}: step {bad and bad[0]['step']} gave "
             f"{bad and bad[0]['result']}")
        if outcome == "slept":
            self.order = self.order or steps
            need(steps == self.order, "journal", f"cycle {number} went {steps}, the first one {self.order}")
            who = f"{end['device']} {end['owner']}"
            self.woken_by[who] = self.woken_by.get(who, 0) + 1

    def judge_thaws(self):
        """The domains of all sleeps but the last went on, Dom0 first."""
        for number in sorted(self.cycles)[:-1]:
            cycle = self.cycles.pop(number)
            if not cycle["end"] or cycle["end"]["outcome"] not in ("slept", "did-not-sleep"):
                continue
            order = [t["owner"] for t in cycle["thaws"]]
            need(order[:1] == ["dom0"], "journal", f"cycle {number}: they went on in this order: {order}")
            need(len(order) == len(set(order)), "journal", f"cycle {number}: one went on twice: {order}")

    # --- a look at everything ---

    def listed(self):
        return {d["name"]: d for d in json.loads(self.m.sh("dormouse list --json"))}

    def free_kib(self):
        """Dormouse's own memory, without what Dom0's mappings cost, as its own console has it."""
        self.m.focus("Dormouse")
        self.m.con.send("m")
        heap = self.m.expect(r"heap: (\d+) of (\d+) KiB free")
        self.m.con.send("d")
        tables = self.m.expect(r" 0 dom0: [^\n]* (\d+) KiB of tables")
        self.m.focus("dom0")
        self.m.sh("true")
        return int(heap.group(1)) + int(tables.group(1))

    def check(self):
        self.look()
        domains = self.plan.domains
        before = {name: page.read() for name, page in self.pages.items()}
        for name in self.pages:
            if name == "dom0" or domains[name].advances:
                self.until(lambda n=name: self.page(n)["beat"] != before[n]["beat"], "alive", f"{name} doesn't work")
        for name, d in domains.items():
            now = self.page(name)
            if d.paused:
                need(now["beat"] == before[name]["beat"], "alive", f"{name} is paused and works")
            if d.asleep and d.bare:
                need(now["by_key"] and now["sleeps"] == self.base[name], "wake", f"{name} woke by itself: {now}")
        self._check_list()
        info = json.loads(self.m.sh("dormouse info --json"))
        self.records()
        resets = self.m.resets()
        need(resets == self.slept == info["sleeps"], "accounted",
             f"{resets} losses of power, the journal has {self.slept}, the tool says {info['sleeps']}")
        need(info["did_not_sleep"] == self.not_slept and info["failed_sleeps"] == self.failed, "accounted",
             f"the tool says {info}, the journal {self.not_slept} and {self.failed}")
        self.judge_thaws()
        self._check_clocks()
        need(self.m.online() == f"0-{CPUS - 1}", "alive", "Dom0 has lost a CPU")
        if all(d.boot for d in domains.values()):
            self.check_memory()
        self.look()

    def check_memory(self):
        free = self.free_kib()
        need(free == self.free_at_first, "memory", f"{free} KiB are free, at first there were {self.free_at_first}")

    def _check_list(self):
        before = {name: page.read()["sleeps"] for name, page in self.pages.items()}
        listed = self.listed()
        domains = self.plan.domains
        need(set(listed) == {"Domain-0", *domains}, "alive", f"there are {', '.join(listed)}")
        for name, d in domains.items():
            it = listed[name]
            need(bool(it["pause_count"]) == d.paused, "alive", f"{name} should be {'paused' if d.paused else 'not paused'}")
            need((it["weight"], it["cap"]) == self.weights.get(name, (256, 0)), "scheduler", f"{name}: {it}")
            need(it["time"] == d.time and it["host_suspend"] == "freeze", "alive", f"{name}: {it}")
            if not d.bare:
                self.linux_sleeps = self.finished["linux"] + it["suspends"]
                continue
            now = self.page(name)["sleeps"]
            need(before[name] <= it["suspends"] <= now + 1, "guest sleeps",
                 f"{name} has come back {before[name]} to {now} times, Dormouse says {it['suspends']}")
        for v in json.loads(self.m.sh("dormouse vcpu-list --json")):
            want = self.pins.get((v["name"], v["vcpu"]), "all")
            need(v["name"] not in domains or v["affinity"] == want, "scheduler", f"{v}, should be {want}")

    def _check_clocks(self):
        clock, rtc = self.m.clock_offsets()
        need(abs(clock) < 2 and abs(rtc) < 2.5, "clocks", f"Dom0 is off by {clock:.2f} s, its RTC by {rtc:.2f} s")
        for name, d in self.plan.domains.items():
            if not d.bare or not d.advances:
                continue  # what it has looked at last is old
            self.records()
            offset = self._offset(self.pages[name]) - self.offsets[name]
            held = self.held[name]
            need(held == 0 or d.time == "frozen", "clocks", f"{name}'s counter was held back by {held}")
            need(abs(offset - held) < TICKS_MS, "clocks",
                 f"{name}'s counter is {offset} ticks behind, the journal says {held}")
        a, b = self.pair()
        need(0 <= a["sent"] - b["received"] <= 1 and 0 <= b["sent"] - a["received"] <= 1, "wake",
             f"events of the pair: {a} and {b}")

    def pair(self):
        """Both ends at one moment: what they say while neither changes."""
        while True:
            now = [self.page(name) for name in ("p1", "p2")]
            again = [self.page(name) for name in ("p1", "p2")]
            if all((a["sent"], a["received"]) == (b["sent"], b["received"]) for a, b in zip(now, again)):
                return now

    # --- the post-mortem ---

    def remains(self, why):
        """What is left behind for who has to find out, besides the list of actions."""
        out = self.folder
        (out / "why").write_text(why + "\n")
        (out / "domains").write_text("".join(f"{name}: {page.last}\n" for name, page in self.pages.items()))
        (out / "journal").write_text("".join(json.dumps(r) + "\n" for r in self.journal.everything()))
        (out / "log").write_text("".join(f"{line}\n" for line in log(self.ram)))
        try:
            for name, command in (("registers", "info registers -a"), ("cpus", "info cpus"), ("interrupts", "info pic")):
                text = self.m.qmp.command("human-monitor-command", **{"command-line": command})
                (out / name).write_text(text.replace("\r", ""))
        except QmpError as error:
            (out / "registers").write_text(f"{error}\n")
        try:
            self.m.focus("Dormouse")
            for key in "dmr":
                self.m.con.send(key)
            self.m.focus("dom0")
            for name in self.plan.domains:
                self.m.sh(f"dormouse console {name} </dev/null & usleep 500000; kill $!", timeout=20, check=False)
        except (MachineError, QmpError, OSError):
            pass  # Dom0 doesn't answer: what the domains said while they had the console is in console.log
