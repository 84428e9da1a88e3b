# SPDX-License-Identifier: Apache-2.0
"""Which functions a call through a pointer may reach: a flow analysis over all sources of one program.

A place that holds a function pointer is a field of a struct type (of whatever instance), a variable, a parameter or
what a function returns. Each initialiser, assignment, argument and return carries functions from place to place; the
sets are grown until nothing changes. Whatever the analysis can't follow (a function's address made an integer) is
listed as escaped: an entry table has to say where it's called from.
"""

import functools
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field

import clang.cindex as clang
from clang.cindex import CursorKind as K, TypeKind as T

TRANSPARENT = (K.UNEXPOSED_EXPR, K.PAREN_EXPR, K.CSTYLE_CAST_EXPR, K.UNARY_OPERATOR, K.ARRAY_SUBSCRIPT_EXPR)


@dataclass(frozen=True)
class Function:
    """file is where it's defined, for a static one; else ''."""
    file: str
    name: str


@dataclass
class Flow:
    edges: dict = field(default_factory=lambda: defaultdict(set))   # place -> places that it flows into
    holds: dict = field(default_factory=lambda: defaultdict(set))   # place -> functions
    sites: dict = field(default_factory=lambda: defaultdict(set))   # (file, line) of a call -> places called
    through: list = field(default_factory=list)                     # (place called, argument number, places)
    escaped: dict = field(default_factory=dict)                     # Function -> "file:line"
    functions: dict = field(default_factory=dict)                   # USR -> Function

    def solve(self):
        while True:
            for called, number, places in self.through:
                for f in list(self.holds[called]):
                    for p in places:
                        self.edges[p].add(("param", f.file, f.name, number))
            grown = False
            for source, targets in list(self.edges.items()):
                for target in targets:
                    before = len(self.holds[target])
                    self.holds[target] |= self.holds[source]
                    grown |= len(self.holds[target]) != before
            if not grown:
                return

    def targets(self, file, line):
        """Functions that the calls through pointers on that line may reach; None if there's no such call."""
        places = self.sites.get((file, line))
        return None if places is None else set().union(*(self.holds[p] for p in places))

    def place(self, *words):
        """("field", struct, name) or ("param", file, function, number), by name."""
        return self.holds.get(words, set())


def is_function(type_):
    """A function, a pointer to one, or an array of those."""
    t = type_.get_canonical()
    while t.kind in (T.CONSTANTARRAY, T.INCOMPLETEARRAY):
        t = t.element_type.get_canonical()
    if t.kind == T.POINTER:
        t = t.get_pointee().get_canonical()
    return t.kind in (T.FUNCTIONPROTO, T.FUNCTIONNOPROTO)


class Reader:
    """Adds one source's flow to `flow`. Headers are read with the first source that includes them."""

    def __init__(self, flow, seen):
        self.flow = flow
        self.seen = seen
        self.used = set()   # offsets of references to functions that were followed

    def read(self, unit):
        tu = clang.Index.create().parse(unit.source, args=[*unit.clang_flags(), *builtin_headers()])
        errors = [str(d) for d in tu.diagnostics if d.severity >= clang.Diagnostic.Error]
        if errors:
            raise SystemExit(f"static: clang can't read {unit.source}:\n" + "\n".join(errors))
        files = set()
        for cursor in tu.cursor.get_children():
            file = cursor.location.file.name if cursor.location.file else ""
            if file in self.seen or file.startswith("/") or not file:
                continue
            files.add(file)
            self.walk(cursor, None)
            self.unfollowed(cursor)
        self.seen |= files

    # Names of places and functions

    def function(self, cursor):
        cursor = cursor.get_definition() or cursor.canonical
        static = cursor.storage_class == clang.StorageClass.STATIC
        return Function(cursor.location.file.name if static else "", cursor.spelling)

    def decl_place(self, cursor):
        if cursor.kind == K.FIELD_DECL:
            parent = cursor.semantic_parent
            file = parent.location.file.name
            name = parent.spelling if file.endswith(".h") and parent.spelling else parent.get_usr()
            return ("field", name, cursor.spelling)
        if cursor.kind == K.PARM_DECL:
            owner = cursor.semantic_parent
            if owner.kind == K.FUNCTION_DECL:
                f = self.function(owner)
                for number, argument in enumerate(owner.get_arguments()):
                    if argument == cursor:
                        return ("param", f.file, f.name, number)
        return ("var", cursor.get_usr())

    def places(self, expr):
        """Where the value of an expression may come from; functions named in it become holders of themselves."""
        kind = expr.kind
        if kind in (K.DECL_REF_EXPR, K.MEMBER_REF_EXPR):
            decl = expr.referenced
            if decl is None:
                return set()
            if decl.kind == K.FUNCTION_DECL:
                self.used.add(key(expr))
                f = self.function(decl)
                self.flow.holds[("fn", f.file, f.name)].add(f)
                return {("fn", f.file, f.name)}
            return {self.decl_place(decl)}
        children = list(expr.get_children())
        if kind == K.CONDITIONAL_OPERATOR:
            return set().union(*(self.places(c) for c in children[1:]))
        if kind == K.CALL_EXPR:
            if callee := called_by_name(expr):
                f = self.function(callee)
                return {("returned", f.file, f.name)}
            return set()
        if kind == K.ARRAY_SUBSCRIPT_EXPR:
            return self.places(children[0])
        if kind == K.BINARY_OPERATOR and children:
            return self.places(children[-1])
        if kind in TRANSPARENT and children:
            return self.places(children[-1])
        return set()

    def flows(self, expr, target):
        for place in self.places(expr):
            self.flow.edges[place].add(target)

    # The walk

    def walk(self, cursor, function):
        kind = cursor.kind
        if kind == K.FUNCTION_DECL:
            function = cursor
        elif kind == K.VAR_DECL and is_function(cursor.type):
            for child in cursor.get_children():
                self.initialise(child, self.decl_place(cursor))
        elif kind == K.INIT_LIST_EXPR:
            self.init_list(cursor)
        elif kind == K.BINARY_OPERATOR and is_function(cursor.type):
            left, right = cursor.get_children()
            for target in self.places(left):
                self.flows(right, target)
        elif kind == K.CALL_EXPR:
            self.call(cursor)
        elif kind == K.RETURN_STMT and function and is_function(function.result_type):
            f = self.function(function)
            for child in cursor.get_children():
                self.flows(child, ("returned", f.file, f.name))
        for child in cursor.get_children():
            self.walk(child, function)

    def initialise(self, expr, target):
        """An initialiser, or a list of them, of a place that holds function pointers."""
        if expr.kind == K.INIT_LIST_EXPR:
            for child in expr.get_children():
                inner = list(child.get_children())
                by_index = child.kind == K.UNEXPOSED_EXPR and len(inner) > 1   # [n] = value
                self.initialise(inner[-1] if by_index else child, target)
        elif is_function(expr.type):
            self.flows(expr, target)

    def init_list(self, cursor):
        record = cursor.type.get_canonical()
        if record.kind != T.RECORD:
            return
        fields = list(record.get_fields())
        at = 0
        for child in cursor.get_children():
            value = child
            if named := designated(child):
                value = list(child.get_children())[-1]
                target = named.referenced
                at = next((i for i, f in enumerate(fields) if f == target), at)
            elif at < len(fields):
                target = fields[at]
            else:
                continue
            at += 1
            if is_function(target.type):
                self.initialise(value, self.decl_place(target))

    def call(self, cursor):
        children = list(cursor.get_children())
        if callee := called_by_name(cursor):
            self.mark(children[0])
            f = self.function(callee)
            for number, argument in enumerate(cursor.get_arguments()):
                if is_function(argument.type):
                    self.flows(argument, ("param", f.file, f.name, number))
            return
        called = self.places(children[0]) if children else set()
        start, end = cursor.extent.start, cursor.extent.end
        for line in range(start.line, end.line + 1):
            self.flow.sites[(start.file.name, line)] |= called
        for number, argument in enumerate(children[1:]):
            if is_function(argument.type):
                for place in called:
                    self.flow.through.append((place, number, self.places(argument)))

    def mark(self, cursor):
        """The name of a function that is called isn't its address taken."""
        if cursor.kind == K.DECL_REF_EXPR:
            self.used.add(key(cursor))
        for child in cursor.get_children():
            self.mark(child)

    def unfollowed(self, cursor):
        """References to functions that no rule above has followed."""
        for c in cursor.walk_preorder():
            if (c.kind == K.DECL_REF_EXPR and c.referenced is not None and
                    c.referenced.kind == K.FUNCTION_DECL and key(c) not in self.used):
                self.flow.escaped[self.function(c.referenced)] = f"{c.location.file}:{c.location.line}"


def key(cursor):
    return cursor.location.file.name, cursor.extent.start.offset, cursor.location.offset, cursor.spelling


def called_by_name(call):
    """The function that a call names; None of a call through a pointer."""
    callee = next(call.get_children(), None)
    while callee is not None and callee.kind in (K.UNEXPOSED_EXPR, K.PAREN_EXPR):
        callee = next(callee.get_children(), None)
    if callee is None or callee.kind != K.DECL_REF_EXPR or callee.referenced is None:
        return None
    return callee.referenced if callee.referenced.kind == K.FUNCTION_DECL else None


def designated(cursor):
    """The field that `.name = value` names, if that is what it is."""
    if cursor.kind != K.UNEXPOSED_EXPR:
        return None
    named = [c for c in cursor.get_children() if c.kind == K.MEMBER_REF]
    return named[-1] if named else None


@functools.cache
def builtin_headers():
    where = subprocess.run(["clang", "-print-resource-dir"], check=True, text=True, stdout=subprocess.PIPE)
    return ["-isystem", where.stdout.strip() + "/include"]


def read(units):
    """The flow of a whole program."""
    flow, seen = Flow(), set()
    for unit in units:
        Reader(flow, seen).read(unit)
    flow.solve()
    return flow
