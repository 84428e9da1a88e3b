# SPDX-License-Identifier: Apache-2.0
"""The deepest call chain on every stack, computed.

Where a CPU begins with an empty stack is a root. The graph (callgraph.py, pointers.py) must be whole: each call through
a pointer has targets, each function that the linker kept is reached from a root, and no function is on its own chain
but for those of RECURSION. Then the deepest chain is a sum over a graph without cycles.
"""

import re
from dataclasses import dataclass

import callgraph
import chains
import compdb
import pointers

# What must stay free at the end of a stack.
MARGIN = 512


@dataclass(frozen=True)
class Stack:
    """Its size stands in `file`, as what `pattern` captures, times `unit`."""
    name: str
    file: str
    pattern: str
    unit: int = 1

    def size(self):
        match = re.search(self.pattern, (compdb.ROOT / self.file).read_text())
        if not match:
            raise SystemExit(f"static: {self.file}: no size of {self.name} ({self.pattern})")
        return int(match[1], 0) * self.unit


@dataclass(frozen=True)
class Recursion:
    """A function that may be on its own chain, at most `times` more."""
    times: int
    why: str


BOOT = Stack("the boot CPU's stack", "hyp/dormouse.lds", r"boot_stack = \.;\s*\. \+= (\d+);")
CPU = Stack("a CPU's stack", "hyp/core/smp.c", r"#define STACK_PAGES\s+(\d+)", 4096)
EMERGENCY = Stack("the emergency stack", "hyp/arch/vectors.S", r"\.skip\s+(\d+).*\nemergency_stack_top:")
FIRMWARE = Stack("the firmware's stack of a CPU", "firmware/platform.h", r"#define STACK_SIZE\s+(\w+)")


ANYWHERE = ("*",)   # on top of the deepest of the roots before it


@dataclass(frozen=True)
class Program:
    area: str
    elf: str
    roots: tuple      # (what, function, stack, functions that it may interrupt, or ANYWHERE)
    through: tuple    # (what, function): reported besides
    recursion: dict
    # What assembly does that its instructions don't show to callgraph.disassemble().
    calls: dict       # function -> what it calls: pointers.Flow.place(), or ("label", NAME)
    frames: dict      # function -> bytes
    unreached: dict   # function that is linked, but not called -> why it's there


PROGRAMS = (
    Program(
        area="hyp", elf="build/release/dormouse-linked.elf",
        roots=(
            ("cold boot, MMU off", "cold_boot", BOOT, ()),
            ("boot CPU", "hyp/main.c:boot_main", BOOT, ()),
            ("secondary CPU", "hyp/core/smp.c:secondary_main", CPU, ()),
            ("exception of EL2's own", "el2_exception", EMERGENCY, ()),
        ),
        through=(
            ("guest exit", "guest_run"),
            ("hypercall", "hypercall_trap"),
            ("interrupt", "irq_dispatch"),
            ("suspend engine", "engine_run"),
            ("firmware call of a suspend", "suspend_call"),
            ("panic", "panic"),
        ),
        recursion={
            "fdt_path_offset_namelen": Recursion(1, "an alias; dt_path() refuses one that leads to another"),
            "panic": Recursion(3, "lib/panic.c counts: the fourth ends the machine without another word"),
            "hypercall_multicall": Recursion(1, "a multicall, which refuses one within itself"),
            "domain_shutdown": Recursion(2, "a domain's end is an event for Dom0, which may end Dom0, and then it's down"),
            "hyp/core/p2m.c:free_block": Recursion(2, "a block, its slices, their pages"),
            "hyp/mm/stage2.c:free_table": Recursion(2, "levels 1 to 3"),
            "hyp/mm/stage2.c:drop_subtree": Recursion(2, "levels 1 to 3"),
            "hyp/mm/stage2.c:reap_table": Recursion(3, "levels 0 to 3"),
        },
        calls={
            "guest_run": (("field", "guest_handlers", "sync"), ("field", "guest_handlers", "irq"),
                          ("field", "guest_handlers", "serror")),
            # suspend_resumed: the door back, by way of the block.
            "suspend_call": (("param", "", "suspend_call", 0), ("label", "suspend_resumed")),
        },
        frames={"el2_exception": 256},
        unreached={"gic_line_is_enabled": "a part of the drivers' interface; their tests ask"},
    ),
    Program(
        area="firmware", elf="build/release/firmware.elf",
        roots=(
            ("reset", "_start", FIRMWARE, ()),
            ("reset of another CPU", "secondary", FIRMWARE, ()),
            ("SMC", "lower_sync", FIRMWARE, ()),
            ("powered off and on", "cpu_restart_stack", FIRMWARE, ()),
            ("FIQ", "fiq", FIRMWARE, ("power_drop", "cpu_hang")),
            ("exception of EL3's own", "own_exception", FIRMWARE, ANYWHERE),
        ),
        through=(("panic", "fatal"),),
        recursion={
            "fdt_path_offset_namelen": Recursion(1, "an alias, of which the firmware follows none: its paths are constant"),
            "fatal": Recursion(1, "the canary of its own message: the machine is off after either"),
        },
        calls={"cpu_restart_stack": (("param", "", "cpu_restart_stack", 0),)},
        frames={},
        unreached={},
    ),
)


class Analysis:
    """One program. After run(): faults, and lines that say what was found."""

    def __init__(self, program, graph, flow):
        self.program, self.graph, self.flow = program, graph, flow
        self.faults = {"frames": list(graph.mismatches), "pointers": [], "whole": [], "recursion": [], "depth": []}
        self.report = []
        self.depths = []    # (bytes used, stack's size) of each root

    def deepest(self):
        """Of each stack."""
        return [max(d for d in self.depths if d[1] == s) for s in sorted({s for _, s in self.depths})]

    def run(self):
        self.fill_in()
        self.check_frames()
        frames = {t: n.frame for t, n in self.graph.nodes.items()}
        calls = {t: set(n.calls) for t, n in self.graph.nodes.items()}
        frames.update(self.program.frames)
        self.bound_recursion(frames, calls)
        if self.faults["recursion"]:
            return
        deepest = chains.Deepest(frames, calls)
        self.check_whole(deepest)
        self.check_depth(deepest)

    def fill_in(self):
        """The targets of calls through pointers."""
        for node in list(self.graph.nodes.values()):
            for file, line in node.sites:
                self.add_targets(node, self.flow.targets(file, line), f"{file}:{line}")
        for name, places in self.program.calls.items():
            for place in places:
                if place[0] == "label":
                    self.graph.node(name).calls.add(place[1])
                else:
                    self.add_targets(self.graph.node(name), self.flow.place(*place), name)
        entries = {title for _, title, _, _ in self.program.roots}
        for function, where in self.flow.escaped.items():
            if not entries & set(self.graph.find(function)):
                self.faults["pointers"].append(f"{where}: {function.name}'s address is made a number: no root names it")

    def add_targets(self, node, functions, where):
        if not functions:
            self.faults["pointers"].append(f"{where}: what does {node.name} call here?")
        for function in functions or ():
            titles = self.graph.find(function)
            node.calls |= set(titles)
            if not titles:
                self.faults["pointers"].append(f"{where}: {function.name} isn't in the graph")

    def check_frames(self):
        for node in self.graph.nodes.values():
            if node.unbounded:
                self.faults["frames"].append(f"{node.where}: {node.name}: its frame has no fixed size")
        called = set().union(*(n.calls for n in self.graph.nodes.values()))
        for title in sorted(t for t in called if t not in self.graph.nodes or not self.graph.nodes[t].known):
            self.faults["whole"].append(f"{title} is called, but nothing defines it")

    def bound_recursion(self, frames, calls):
        """Cuts the calls that lead back to a function of RECURSION and adds what they may take to its frame."""
        for group in chains.cycles(calls):
            members = set(group)
            for head in members & self.program.recursion.keys():
                back = {t for t in members if head in calls[t]}
                for t in back:
                    calls[t].discard(head)
                inside = {t: calls[t] & members for t in members}
                if not chains.cycles(inside):
                    loop = chains.Deepest(frames, inside)
                    longest = max(c.bytes for c in (loop.through(head, t, exact=True) for t in back) if c)
                    frames[head] += self.program.recursion[head].times * longest
        for group in chains.cycles(calls):
            names = ", ".join(t.split(":")[-1] for t in group)
            self.faults["recursion"].append(f"{names}: call each other without a bound that is explained")

    def check_whole(self, deepest):
        reached = {t.split(":")[-1] for t in deepest.reached(t for _, t, _, _ in self.program.roots)}
        # libfdt's objects come whole.
        reached |= {n.name for n in self.graph.nodes.values() if n.where == callgraph.LIBFDT}
        reached |= self.program.unreached.keys()
        linked = callgraph.linked(compdb.ROOT / self.program.elf) if self.program.elf else set()
        for name in sorted(linked - reached):
            self.faults["whole"].append(f"{name}: the linker keeps it, but no root leads to it")

    def check_depth(self, deepest):
        for what, title, stack, interrupts in self.program.roots:
            if not self.graph.nodes.get(title) or not self.graph.nodes[title].known:
                self.faults["whole"].append(f"{what}: there is no {title} any more")
                continue
            chain, size = deepest.below(title), stack.size()
            depth = chain.bytes + self.depth_under(interrupts, deepest)
            self.depths.append((depth, size))
            self.report.append(f"{what}: {depth} of {size} bytes of {stack.name}: {path(chain, deepest)}")
            if depth > size - MARGIN:
                self.faults["depth"].append(f"{self.report[-1]}; more than {size - MARGIN}")
        for what, title in self.program.through:
            found = [deepest.through(t, title) for _, t, _, _ in self.program.roots]
            chain = max((c for c in found if c), key=lambda c: c.bytes, default=None)
            if chain:
                self.report.append(f"by way of {what}: {chain.bytes} bytes: {path(chain, deepest)}")
            else:
                self.faults["whole"].append(f"{title}: no root leads to it")


    def depth_under(self, interrupts, deepest):
        """What an exception finds on the stack at most."""
        if interrupts == ANYWHERE:
            return max(d for d, _ in self.depths)
        below = []
        for title in interrupts:
            found = [deepest.through(root, title, exact=True) for _, root, _, _ in self.program.roots]
            below += [c.bytes for c in found if c]
            if not any(found):
                self.faults["whole"].append(f"{title}: no root leads to it")
        return max(below, default=0)


def path(chain, deepest):
    return " > ".join(f"{t.split(':')[-1]} {deepest.frames.get(t, 0)}" for t in chain.titles)


def analyse(program, jobs):
    units = [u for u in compdb.units() if u.area == program.area]
    found = Analysis(program, callgraph.build(units, jobs), pointers.read(compdb.c_units(program.area)))
    found.run()
    return found
