#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tie the models to the code.

usage: tests/model/drift.py [--table OUT]

A model says in comments which code it stands for:

    code: hyp/suspend/wake.c:wake_look: gic->pending_wake < vpending

There must be such a function, and its body must have those pieces of text, in that order. Also each hook
of the table in hyp/suspend/steps.c must have an inline of its name in host.pml, and the other way round. --table writes the table
as Promela: order, flags, phases and hooks of the rows, which the model then walks.
"""

import argparse
import dataclasses
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent
STEPS = "hyp/suspend/steps.c"
MODELS = ("host.pml", "domain.pml")
NO_HOOKS = {"psci_system_suspend"}  # has an error, too
CITED = re.compile(r"code:\s*([\w/.]+\.[ch]):(\w+)\s*(?::([^*]*))?\*/")


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    phase: str
    flags: tuple
    suspend: str
    resume: str
    undo: str


def strip_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.DOTALL)


def rows(text):
    """The table's rows, in order."""
    table = re.search(r"suspend_steps\[\]\s*=\s*\{(.*?)\n\};", strip_comments(text), re.DOTALL)
    out = []
    for body in re.findall(r"\{([^{}]*)\}", table.group(1)):
        field = dict(re.findall(r"\.(\w+)\s*=\s*(\"[^\"]*\"|[^,]+)", body))
        flags = tuple(f.strip() for f in field.get("flags", "").split("|") if f.strip())
        out.append(Row(field["name"].strip('"'), field["phase"].strip(), flags,
                       field["suspend"].strip(), field.get("resume", "").strip(),
                       field.get("undo", "").strip()))
    return out


def promela(table):
    """The table as the model includes it."""
    commits = [i for i, r in enumerate(table) if "STEP_COMMIT" in r.flags]
    last = [i for i, r in enumerate(table) if i + 1 == len(table) or table[i + 1].phase != r.phase]
    either = lambda numbers: " || ".join(f"(row) == {i}" for i in numbers) or "false"
    lines = ["/* Made from hyp/suspend/steps.c by tests/model/drift.py. */",
             f"#define NR_ROWS {len(table)}", "#define RESUME 1", "#define UNDO 2",
             f"#define row_commit(row) ({either(commits)})",
             f"#define last_of_phase(row) ({either(last)})",
             "inline call_suspend(row, error)", "{", "\tif"]
    lines += [f"\t:: row == {i} -> {r.suspend}(error) /* {r.name} */" for i, r in enumerate(table)]
    lines += ["\tfi", "}", "inline call_back(row, dir, error)", "{", "\tif"]
    for i, r in enumerate(table):
        undo = r.undo or r.resume
        if r.resume:
            lines.append(f"\t:: row == {i} && dir == RESUME -> {r.resume}(error) /* {r.name} */")
        if undo:
            lines.append(f"\t:: row == {i} && dir == UNDO -> {undo}(error) /* {r.name} */")
    return "\n".join(lines + ["\t:: else", "\tfi", "}", ""])


def function_body(text, name):
    """The body of a C function's definition, without comments; None: there is none."""
    match = re.search(r"^[A-Za-z_][^;{}()\n]*\b" + name + r"\([^;{}]*\)\s*\{\n(.*?)^\}",
                      strip_comments(text), re.MULTILINE | re.DOTALL)
    return match and match.group(1)


def squeeze(text):
    return re.sub(r"\s+", "", text)


def check_citation(read, file, name, order):
    """What is wrong with one "code:" of a model, or None."""
    text = read(file)
    if text is None:
        return f"{file} is gone"
    body = function_body(text, name)
    if body is None:
        return f"{file} has no function {name}()"
    body, at, before = squeeze(body), 0, ""
    for piece in filter(None, (squeeze(p) for p in (order or "").split("<"))):
        found = body.find(piece, at)
        if found < 0:
            where = f" after \"{before}\"" if before else ""
            return f"{file}: {name}() has no \"{piece}\"{where}, as the model has it"
        at, before = found + len(piece), piece
    return None


def check_hooks(table, model):
    """Hooks of the table against the inlines that the model gives them, both ways."""
    hooks = {h for r in table for h in (r.suspend, r.resume, r.undo) if h}
    modelled = set(re.findall(r"^inline (\w+)\(error\)", model, re.MULTILINE)) - NO_HOOKS
    return [f"the table's hook {h}() is not in the model" for h in sorted(hooks - modelled)] + \
           [f"the model's hook {h}() is not in the table" for h in sorted(modelled - hooks)]


def source(file):
    path = ROOT / file
    return path.read_text() if path.exists() else None


def models():
    return {name: (HERE / name).read_text() for name in MODELS}


def drift(read=source):
    """(pieces of code that are tied, complaints). read(file): its text, or None."""
    texts = models()
    complaints, cited = check_hooks(rows(read(STEPS)), texts["host.pml"]), 0
    for name, text in texts.items():
        found = CITED.findall(text)
        cited += len(found)
        complaints += [f"{name}: {e}" for e in (check_citation(read, *c) for c in found) if e]
        if text.count("code:") != len(found):
            complaints.append(f"{name}: a \"code:\" that cannot be read")
    return cited, complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", type=Path, help="write the table as Promela there")
    args = parser.parse_args()
    cited, complaints = drift()
    for complaint in complaints:
        print(f"drift: {complaint}", file=sys.stderr)
    table = rows(source(STEPS))
    if args.table:
        args.table.write_text(promela(table))
    print(f"{len(table)} rows, {cited} pieces of code tied, {len(complaints)} differences")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
