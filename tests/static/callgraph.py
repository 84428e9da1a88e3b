# SPDX-License-Identifier: Apache-2.0
"""The call graph of a linked program with each function's stack frame.

C that we compile: from gcc itself (-fcallgraph-info=su,da), after inlining, cloning and merging, so that frames and
calls are those of the code that runs. Assembly and libfdt, which comes compiled: from the disassembled objects. The same
disassembly checks gcc's frames. Calls through pointers are filled in by pointers.py.
"""

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import compdb

LIBFDT = "build/deps/libfdt/libfdt.a"
OBJDUMP = "aarch64-linux-gnu-objdump"
NODE = re.compile(r'^node: \{ title: "([^"]*)" label: "([^"]*)"', re.MULTILINE)
EDGE = re.compile(r'^edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"(?: label: "([^"]*)")?', re.MULTILINE)
FRAME = re.compile(r"(\d+) bytes \(([a-z,]+)\)")
CLONE = re.compile(r"\.(?:part|constprop|isra|cold|lto_priv)\b.*")

FUNCTION = re.compile(r"^[0-9a-f]+ <([^>]+)>:$")
PUSH = re.compile(r"\s(?:stp|str)\s.*\[sp, #-(\d+)\]!")
SUB = re.compile(r"\ssub\s+sp, sp, #0x([0-9a-f]+)(, lsl #12)?")
MOVE = re.compile(r"\smov\s+(x\d+), #0x([0-9a-f]+)")   # of a frame too large for one instruction
SUB_REGISTER = re.compile(r"\ssub\s+sp, sp, (x\d+)$")
BRANCH = re.compile(r"\s(?:bl|b)\s+[0-9a-f]+ <([^>+]+)(\+0x[0-9a-f]+)?>")
SYMBOL = re.compile(r"^([0-9a-f]{16}) .{6}F (\S+)\s+[0-9a-f]{16}\s+(?:\.hidden )?(\S+)$")
RELOC = re.compile(r"R_AARCH64_(?:CALL26|JUMP26|CONDBR19|TSTBR14)\s+(\S+)")
SECTION = re.compile(r"^Disassembly of section")
INSTRUCTION = re.compile(r"^\s+[0-9a-f]+:\s+(\S+)")
LEAVES = ("b", "br", "ret", "eret")   # what is behind isn't run by falling through


@dataclass
class Node:
    """title as gcc's: NAME, or FILE:NAME of a static function."""
    title: str
    frame: int = 0
    where: str = ""                              # file:line
    calls: set = field(default_factory=set)      # titles
    sites: list = field(default_factory=list)    # (file, line) of calls through pointers
    unbounded: bool = False                      # alloca or a variable-length array
    known: bool = True                           # False: only called, never seen defined

    @property
    def name(self):
        return self.title.split(":")[-1]

    @property
    def base(self):
        """The function's name in the source, whichever clone of it this is."""
        return CLONE.sub("", self.name)

    @property
    def file(self):
        return self.title.split(":")[0] if ":" in self.title else ""


def run(*argv):
    done = subprocess.run(argv, cwd=compdb.ROOT, check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    if done.returncode:
        raise SystemExit(f"static: {' '.join(map(str, argv[:1]))} failed:\n{done.stderr}")
    return done.stdout


def disassemble(path, assembly=False):
    """{function: (bytes pushed, functions called)} of an object or an archive of some.

    Everything that a function takes from its stack is added up, whatever the order. Assembly may run on into the next label.
    """
    found, held, name, last = {}, {}, None, ""
    for line in run(OBJDUMP, "-dr", "--no-show-raw-insn", path).splitlines():
        if match := FUNCTION.match(line):
            if assembly and name and last not in ("", *LEAVES):
                found[name][1].add(match[1])
            name, last = match[1], ""
            found.setdefault(name, [0, set()])
            continue
        if SECTION.match(line):
            name = None
        if name is None:
            continue
        if match := INSTRUCTION.match(line):
            last = match[1]
        if match := PUSH.search(line):
            found[name][0] += int(match[1])
        elif match := SUB.search(line):
            found[name][0] += int(match[1], 16) << (12 if match[2] else 0)
        elif match := MOVE.search(line):
            held[match[1]] = int(match[2], 16)
        elif match := SUB_REGISTER.search(line):
            found[name][0] += held.get(match[1], 0)
        elif match := RELOC.search(line):
            found[name][1].add(match[1].split("+")[0])
        elif (match := BRANCH.search(line)) and not match[2]:
            found[name][1].add(match[1])
    return {name: (frame, calls - {name}) for name, (frame, calls) in found.items()}


def aliases(obj):
    """Sets of names of one address: gcc merges functions that are the same."""
    at = {}
    for line in run(OBJDUMP, "-t", obj).splitlines():
        if match := SYMBOL.match(line):
            at.setdefault((match[2], match[1]), []).append(match[3])
    return [names for names in at.values() if len(names) > 1]


class Graph:
    def __init__(self):
        self.nodes = {}
        self.mismatches = []    # frames on which gcc and the disassembly disagree

    def node(self, title):
        return self.nodes.setdefault(title, Node(title, known=False))

    def add_gcc(self, text):
        for title, label in NODE.findall(text):
            size = FRAME.search(label)
            if not size:
                continue
            node = self.node(title)
            node.known, node.frame = True, int(size[1])
            node.where = re.sub(r":\d+$", "", label.split("\\n")[1])
            node.unbounded = size[2] == "dynamic"
        for caller, callee, where in EDGE.findall(text):
            if callee == "__indirect_call":
                file, line, _ = where.rsplit(":", 2)
                self.node(caller).sites.append((file, int(line)))
            else:
                self.node(caller).calls.add(callee)

    def add_code(self, code, source):
        """All functions that were disassembled from assembly or an archive."""
        for name, (frame, calls) in code.items():
            node = self.node(name)
            node.known, node.frame, node.where = True, max(frame, node.frame), source
            node.calls |= {c for c in calls if not c.startswith(".")}

    def merge(self, merged, source):
        for names in merged:
            titles = [self.title_of(n, source) for n in names]
            known = [t for t in titles if t in self.nodes and self.nodes[t].known]
            for title in titles:
                if known and title not in known:
                    self.node(title).calls.add(known[0])
                    self.node(title).known = True

    def title_of(self, symbol, source):
        return symbol if symbol in self.nodes else f"{source}:{symbol}"

    def check_frames(self, code, source):
        for name, (frame, _) in code.items():
            node = self.nodes.get(self.title_of(name, source))
            if node and node.where and not node.unbounded and node.frame != frame:
                self.mismatches.append(f"{node.where}: {name}: gcc says {node.frame} bytes, its code takes {frame}")

    def find(self, function):
        """Titles of the nodes that are a pointers.Function, clones included."""
        file = function.file if function.file.endswith(".c") else None
        return [n.title for n in self.nodes.values()
                if n.base == function.name and (file is None or n.file == file)]


def build(units, jobs):
    """The graph of a program, calls through pointers still open (Node.sites)."""
    out = compdb.OUT / "stack"

    def compile_one(unit):
        obj = out / unit.object
        obj.parent.mkdir(parents=True, exist_ok=True)
        run(*unit.gcc("-w", "-fcallgraph-info=su,da", "-o", str(obj.relative_to(compdb.ROOT))))
        return unit.source, obj, disassemble(obj, unit.source.endswith(".S")), aliases(obj)

    graph = Graph()
    with ThreadPoolExecutor(jobs) as pool:
        done = list(pool.map(compile_one, units))
    for source, obj, code, merged in done:
        if source.endswith(".S"):
            graph.add_code(code, source)
            continue
        graph.add_gcc(obj.with_suffix(".ci").read_text())
        graph.merge(merged, source)
        graph.check_frames(code, source)
    graph.add_code(disassemble(compdb.ROOT / LIBFDT), LIBFDT)
    return graph


def linked(elf):
    """Names of the functions that the linker kept."""
    names = set()
    for line in run("aarch64-linux-gnu-readelf", "-sW", elf).splitlines():
        words = line.split()
        if len(words) == 8 and words[3] == "FUNC" and words[6] != "UND":
            names.add(words[7])
    return names
