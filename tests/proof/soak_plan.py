# SPDX-License-Identifier: Apache-2.0
"""What the soak does, in which order: a function of the seed alone, never of what the machine answers or how fast.

An action is a dictionary: "do", mostly "domain", and what else it needs. The plan keeps a model of the domains, so
that each action is one whose outcome is known before, and soak.py can say what is wrong.
"""

import random

PHASES = ("check", "freeze", "cpus", "devices", "core")
CHECK_EVERY = 25   # actions between two looks at everything
CLEAR_EVERY = 100  # between two times when all domains that were made at run time are gone again
MADE = ("g1", "g2", "g3")
# What an action makes of a domain: a field of Domain.
BECOMES = {
    "sleep": ("asleep", True), "wake": ("asleep", False), "pause": ("paused", True), "unpause": ("paused", False),
    "mute": ("muted", True), "unmute": ("muted", False),
}

# Rounds of work between two sleeps of those that sleep by themselves; soak.c.
ROUNDS = 10
PAIR_ROUNDS = 40


class Domain:
    """One domain, as the plan knows it. kind: alarm, pair, work (bare ones), linux."""

    def __init__(self, name, kind, *, todo="work", vcpus=1, memory=8, time="continuous", boot=False):
        self.name, self.kind, self.vcpus, self.memory, self.time, self.boot = name, kind, vcpus, memory, time, boot
        self.paused = False
        self.peer = None  # who has to work for it to work
        self.reset(todo)

    def reset(self, todo):
        """As it is right after its start."""
        self.first = self.todo = todo
        self.asleep = self.muted = False
        self.cap = 0

    @property
    def bare(self):
        return self.kind != "linux"

    @property
    def awake(self):
        """It runs and doesn't sleep by itself: it can be asked for something, and answers."""
        return self.todo == "work" and not self.asleep and not self.paused

    @property
    def advances(self):
        """Its work goes on, perhaps between sleeps."""
        return not (self.asleep or self.paused or self.muted or (self.peer and self.peer.paused))


def at_boot():
    domains = [
        Domain("a1", "alarm", todo="alarm", boot=True),
        Domain("a2", "alarm", todo="alarm", time="frozen", boot=True),
        Domain("p1", "pair", todo="pair", boot=True),
        Domain("p2", "pair", todo="pair", boot=True),
        Domain("w", "work", vcpus=2, time="frozen", boot=True),
        Domain("z", "linux", memory=160, boot=True),
    ]
    pair = [d for d in domains if d.kind == "pair"]
    pair[0].peer, pair[1].peer = pair[1], pair[0]
    return domains


class Plan:
    """Iterate over it for ever. `domains` is the model, as it is once the last action given has been done."""

    def __init__(self, seed, linux=True):
        self.random = random.Random(seed)
        self.domains = {d.name: d for d in at_boot() if linux or d.bare}
        self.number = 0
        # (weight, what it needs of a domain, the action of that domain)
        self.table = (
            (30, None, self.host),
            (3, None, self.test),
            (2, lambda d: d.awake and d.kind != "alarm", self.of("refused")),
            (2, lambda d: d.awake and not d.cap, self.veto),
            (6, lambda d: d.awake, self.of("sleep")),
            (9, lambda d: d.asleep and not d.paused, self.wake),
            (3, lambda d: d.awake and d.bare, self.of("type")),
            (5, lambda d: not d.paused, self.of("pause")),
            (8, lambda d: d.paused, self.of("unpause")),
            # Its alarm is due soon, and as nobody takes it the machine stays awake, rightly.
            (40, lambda d: d.paused and d.todo == "alarm", self.of("unpause")),
            (3, lambda d: True, self.sched),
            (3, lambda d: True, self.pin),
            (4, lambda d: d.kind == "alarm" and d.advances, self.todo),
            (2, lambda d: d.todo == "alarm" and d.advances, self.of("mute", source="alarm")),
            (4, lambda d: d.muted and not d.paused, self.of("unmute", source="alarm")),
            (5, None, self.create),
            (4, lambda d: not d.boot, self.of("destroy")),
            (1, lambda d: d.boot and d.awake and d.bare, self.of("reboot")),
            (0.2, lambda d: d.boot and d.awake and not d.bare, self.of("reboot")),
        )

    def __iter__(self):
        return self

    def __next__(self):
        action = self._choose()
        self.apply(action)
        return action

    def _choose(self):
        self.number += 1
        if self.number % CHECK_EVERY == 0:
            return {"do": "check"}
        if self.number % CLEAR_EVERY > CLEAR_EVERY - 6 and self._made():
            return self.of("destroy")(self.random.choice(self._made()))
        while True:
            weights = [row[0] for row in self.table]
            _, needs, action = self.random.choices(self.table, weights)[0]
            if needs is None:
                found = action()
            else:
                able = [d for d in self.domains.values() if needs(d)]
                found = action(self.random.choice(able)) if able else None
            if found:
                return found

    def _made(self):
        return [d for d in self.domains.values() if not d.boot]

    def apply(self, action):
        """The model follows an action, of its own or of a file."""
        do, name = action["do"], action.get("domain")
        if do == "create":
            self.domains[name] = Domain(name, action["kind"], todo=action["kind"], vcpus=action["vcpus"],
                                        memory=action["memory"], time=action["time"])
            return
        if do == "destroy":
            del self.domains[name]
            return
        d = self.domains.get(name)
        if do == "reboot":
            d.reset(d.first)
        elif do == "sched":
            d.cap = action["cap"]
        elif do == "todo":
            d.todo = action["todo"]
        elif do in BECOMES:
            field, value = BECOMES[do]
            setattr(d, field, value)

    # --- the machine ---

    def host(self):
        how = self.random.choices(("console", "key", "rtc", "nap", "alarm"), (8, 5, 3, 1, 6))[0]
        if how == "alarm" and not any(d.todo == "alarm" and d.advances for d in self.domains.values()):
            how = "console"
        return {"do": "host", "wake": how}

    def test(self):
        return {"do": "test", "phase": self.random.choice(PHASES)}

    def veto(self, d):
        return {"do": "veto", "domain": d.name, "wake": self.random.choice(("console", "key"))}

    # --- domains ---

    @staticmethod
    def of(do, **more):
        """An action of a domain that has nothing to choose."""
        return lambda d: {"do": do, "domain": d.name, **more}

    def wake(self, d):
        # Not by a key: the tool resumes a domain before it presses one.
        return {"do": "wake", "domain": d.name, "how": self.random.choice(("command", "console"))}

    def todo(self, d):
        return {"do": "todo", "domain": d.name, "todo": "work" if d.todo == "alarm" else "alarm"}

    def sched(self, d):
        return {"do": "sched", "domain": d.name, "weight": self.random.choice((64, 128, 256, 512)),
                "cap": self.random.choice((0, 0, 0, 40, 80))}

    def pin(self, d):
        return {"do": "pin", "domain": d.name, "vcpu": self.random.randrange(d.vcpus),
                "cpus": self.random.choice(("0", "1", "all", "all"))}

    def create(self):
        free = [name for name in MADE if name not in self.domains]
        if not free:
            return None
        return {"do": "create", "domain": free[0], "kind": self.random.choice(("alarm", "work")),
                "vcpus": self.random.choice((1, 1, 2)), "memory": self.random.choice((4, 6, 8, 16, 30)),
                "time": self.random.choice(("continuous", "frozen"))}
