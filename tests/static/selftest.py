# SPDX-License-Identifier: Apache-2.0
"""The checks, run on faults that were planted for them: a check that finds nothing there proves nothing elsewhere."""

import dataclasses

import analyzers
import callgraph
import chains
import compdb
import findings
import pointers
import size
import stack

FOUND_BY = {
    "gcc -fanalyzer": "analyzer-use-after-free",
    "clang-tidy": "bugprone-suspicious-string-compare",
    "cppcheck": "arrayIndexOutOfBounds",
}

LONG = "static int planted(void)\n{\n" + "\treturn 0;\n" * (size.FUNCTION - 2) + "}\n"
EXPLAINED = """
/* static: one, two: a reason of some length */
int a;
int b; /* static: three: because it is as it should be */
/* static: four: short */
/* static: five */
/* static: six: over the whole of a macro, too */
#define M(x) \\
	x + 1
"""
WRONG_FRAME = "f: gcc says 32 bytes, its code takes 48"


def planted(source, model):
    """As a compilation of the area that `model` is of."""
    return dataclasses.replace(model, source=f"tests/static/planted/{source}.c", object=f"planted/{source}.o")


def of_analyzers():
    unit = planted("analysers", compdb.c_units("tools")[0])
    for tool, check in FOUND_BY.items():
        found = {f.check for f in analyzers.run(tool, unit)}
        yield check in found, f"{tool} finds what is planted", f"{check} isn't in {sorted(found)}"


def of_stack():
    libfdt = {"fdt_path_offset_namelen": stack.Recursion(1, "")}
    program = stack.Program(area="hyp", elf="", roots=(("planted", "planted_root", stack.CPU, ()),), through=(),
                            recursion=libfdt, calls={}, frames={}, unreached={})
    units = [planted("stack", compdb.c_units("hyp")[0])]
    found = stack.Analysis(program, callgraph.build(units, 1), pointers.read(units))
    found.run()
    text = {kind: "\n".join(faults) for kind, faults in found.faults.items()}
    for kind, word, what in (("recursion", "planted_again, planted_mutual", "recursion"),
                             ("frames", "planted_unbounded", "a frame without a fixed size"),
                             ("pointers", "what does planted_root call here", "a call through a pointer that nobody sets"),
                             ("pointers", "what does planted_by_number call here", "a call through a number"),
                             ("pointers", "planted_unbounded's address is made a number", "an address made a number"),
                             ("whole", "planted_sink is called, but nothing defines it", "a call of nothing known")):
        yield word in text[kind], f"stack: {what} is found", f"not in: {text[kind]}"

    # Once the recursion has a bound, the depth can be computed: through the table, 7000 bytes down.
    head = next(t for t in found.graph.nodes if t.endswith(":planted_mutual"))
    bound = dataclasses.replace(program, recursion=libfdt | {head: stack.Recursion(100, "planted")})
    found = stack.Analysis(bound, callgraph.build(units, 1), pointers.read(units))
    found.run()
    deep = "\n".join(found.faults["depth"])
    yield not found.faults["recursion"] and "planted" in deep, "stack: a chain that is too deep is found", str(found.faults)

    gone = dataclasses.replace(bound, roots=(*bound.roots, ("renamed", "planted_once", stack.CPU, ())))
    found = stack.Analysis(gone, callgraph.build(units, 1), pointers.read(units))
    found.run()
    yield "renamed: there is no planted_once" in "\n".join(found.faults["whole"]), "stack: a root that is gone is found", \
        str(found.faults["whole"])

    graph = callgraph.Graph()
    graph.add_gcc('node: { title: "f" label: "f\\nf.c:1:1\\n32 bytes (static)\\n0 dynamic objects" }')
    graph.check_frames({"f": (48, set())}, "f.c")
    yield WRONG_FRAME in "\n".join(graph.mismatches), "stack: a frame that isn't what gcc says is found", str(graph.mismatches)

    counted = chains.Deepest({"a": 1, "b": 10, "c": 5}, {"a": {"b", "c"}, "c": {"b"}})
    yield counted.below("a") == chains.Chain(16, ("a", "c", "b")), "stack: the deepest of two chains is taken", str(counted.known)


def of_comments():
    good, bad = findings.explanations_of("f.c", EXPLAINED)
    covers = {e.checks[0]: (e.covers.start, e.covers.stop) for e in good}
    yield covers == {"one": (3, 4), "three": (4, 5), "six": (8, 10)}, "explanations: each covers its place", str(covers)
    yield [f.line for f in bad] == [5, 6], "explanations: one without a reason is found", str(bad)
    found = list(size.functions("f.c", LONG + LONG.replace("{\n", "{\n\n")))
    lengths = [length for _, _, length in found]
    yield lengths == [size.FUNCTION + 1, size.FUNCTION + 2], "lines of functions are counted", str(found)


def run():
    """(good, what, why not) of each."""
    yield from of_analyzers()
    yield from of_stack()
    yield from of_comments()
