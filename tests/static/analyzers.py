# SPDX-License-Identifier: Apache-2.0
"""Three analysers over one compilation each: gcc's own, clang-tidy, cppcheck.

What is switched off for all is switched off here or in .clang-tidy, with its reason. Results are kept under
build/static/cache by a hash of all that they depend on: the tool, its arguments, and every file that was read.
"""

import functools
import hashlib
import json
import re
import subprocess
from pathlib import Path

import compdb
from findings import Finding

CACHE = compdb.OUT / "cache"

GCC = ("-fanalyzer", "-Wno-error", "-fdiagnostics-plain-output", "-o", "/dev/null")
CPPCHECK = ("--enable=warning,style,performance,portability", "--std=c11", "--platform=unix64", "--quiet",
            "--template={file}:{line}:{column}: {severity}: {message} [{id}]",
            # Headers that aren't given (the compiler's own) are no finding.
            "--suppress=missingIncludeSystem",
            # An early declaration is the style here (docs: C as in a kernel); a narrower one doesn't make a fault.
            "--suppress=variableScope",
            # `x & M ? a : b` reads well enough for who reads register code; gcc warns where it's ambiguous.
            "--suppress=clarifyCalculation",
            # Tables of operations have one signature: not every operation changes what it's given.
            "--suppress=constParameter", "--suppress=constParameterCallback",
            # A local variable may have the name of a function somewhere; gcc's -Wshadow sees what matters.
            "--suppress=shadowFunction",
            # Headers serve more than the one source that is looked at.
            "--suppress=unusedStructMember")
LINE = re.compile(r"^([^\s:][^:\n]*):(\d+):(?:\d+:)? (?:warning|error|style|performance|portability): (.*)"
                  r" \[([^\]\n]+)\]$", re.MULTILINE)


def gcc(unit):
    return [word for word in unit.gcc(*GCC) if word != "-fstack-usage"]   # that would leave its files about


def tidy(unit):
    return ["clang-tidy", "--quiet", unit.source, "--", *unit.clang_flags()]


def cppcheck(unit):
    """It takes a part of the compiler's flags only."""
    flags, words = ["-D__aarch64__=1", "-D__GNUC__=12", "-D__STDC_VERSION__=201112L"], list(unit.argv)
    for at, word in enumerate(words):
        if word.startswith(("-I", "-D")):
            flags.append(word)
        elif word == "-isystem":
            flags.append("-I" + words[at + 1])
    return ["cppcheck", *CPPCHECK, *flags, unit.source]


TOOLS = {"gcc -fanalyzer": gcc, "clang-tidy": tidy, "cppcheck": cppcheck}


@functools.cache
def version(program):
    return subprocess.run([program, "--version"], check=True, text=True, stdout=subprocess.PIPE).stdout


@functools.cache
def digest(path):
    return hashlib.sha256(Path(compdb.ROOT, path).read_bytes()).hexdigest()


def dependencies(unit):
    """Files that the compiler read, from what the build left beside the object."""
    made = (compdb.ROOT / unit.object).with_suffix(".d")
    if not made.exists():
        return None
    words = made.read_text().split("\n\n")[0].replace("\\\n", " ").split()
    return sorted({w for w in words if not w.endswith(":")} | {unit.source})


def key(unit, argv):
    read = dependencies(unit)
    if read is None or not all(Path(compdb.ROOT, r).exists() for r in read):
        return None
    text = json.dumps([argv, version(argv[0]), digest(".clang-tidy"), [(r, digest(r)) for r in read]])
    return hashlib.sha256(text.encode()).hexdigest()


def parse(output):
    found = []
    for file, line, text, check in LINE.findall(output):
        path = Path(compdb.ROOT, file)
        if not path.is_relative_to(compdb.ROOT) or path.is_relative_to(compdb.ROOT / "build"):
            continue
        check = re.sub(r",-warnings-as-errors$", "", check).removeprefix("-W").removesuffix("=")
        found.append(Finding(str(path.relative_to(compdb.ROOT)), int(line), check, text.strip()))
    return found


def run(tool, unit):
    """What a tool finds in one compilation. A tool that can't read the source is a finding, too."""
    argv = TOOLS[tool](unit)
    name = key(unit, argv)
    kept = CACHE / name if name else None
    if kept and kept.exists():
        return [Finding(*f) for f in json.loads(kept.read_text())]
    done = subprocess.run(argv, cwd=compdb.ROOT, check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    found = parse(done.stdout)
    if done.returncode and not found:
        return [Finding(unit.source, 1, "tool", f"{tool} failed: {done.stdout.strip()[-500:]}")]
    if kept:
        CACHE.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps([[f.file, f.line, f.check, f.text] for f in found]))
    return found
