# SPDX-License-Identifier: Apache-2.0
"""The deepest call chain from a function, in bytes of stack; and recursion, which has none."""

import sys
from dataclasses import dataclass

sys.setrecursionlimit(10000)


@dataclass(frozen=True)
class Chain:
    bytes: int
    titles: tuple    # from the root down


def cycles(calls):
    """Strongly connected sets of more than one function, or of one that calls itself (Tarjan)."""
    index, low, on, stack, found = {}, {}, set(), [], []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        on.add(v)
        for w in sorted(calls.get(v, ())):
            if w not in index:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in on:
                low[v] = min(low[v], index[w])
        if low[v] == index[v]:
            group = []
            while not group or group[-1] != v:
                group.append(stack.pop())
                on.discard(group[-1])
            if len(group) > 1 or v in calls.get(v, ()):
                found.append(sorted(group))

    for v in sorted(calls):
        if v not in index:
            visit(v)
    return found


class Deepest:
    """Chains over a graph without cycles: frames {title: bytes}, calls {title: titles}."""

    def __init__(self, frames, calls):
        self.frames, self.calls, self.known = frames, calls, {}

    def below(self, title):
        if title not in self.known:
            below = [self.below(c) for c in sorted(self.calls.get(title, ()))]
            best = max(below, key=lambda c: c.bytes, default=Chain(0, ()))
            self.known[title] = Chain(self.frames.get(title, 0) + best.bytes, (title, *best.titles))
        return self.known[title]

    def through(self, root, title, exact=False):
        """The deepest from the root that goes through a function, or (exact) ends in it; None if there is no such."""
        memo = {}

        def to(v):
            if v == title:
                return Chain(self.frames.get(v, 0), (v,)) if exact else self.below(v)
            if v not in memo:
                memo[v] = None
                below = [c for c in map(to, sorted(self.calls.get(v, ()))) if c]
                if below:
                    best = max(below, key=lambda c: c.bytes)
                    memo[v] = Chain(self.frames.get(v, 0) + best.bytes, (v, *best.titles))
            return memo[v]

        return to(root)

    def reached(self, roots):
        seen, todo = set(), list(roots)
        while todo:
            v = todo.pop()
            if v not in seen:
                seen.add(v)
                todo += self.calls.get(v, ())
        return seen
