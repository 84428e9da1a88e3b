# SPDX-License-Identifier: Apache-2.0
"""The partial device tree by which devices of the machine go to a domain: docs/boot.md, "Pass-through"."""

import struct
import subprocess
import tempfile
from pathlib import Path

from . import fdt

PAGE = 4096


def machine_tree(qemu, options):
    """What QEMU makes for that machine, without the firmware's additions. ValueError if it doesn't."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "machine.dtb")
        words = list(options)
        at = words.index("-M") + 1
        words[at] += f",dumpdtb={path}"     # it ends then
        done = subprocess.run([qemu, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        if not path.is_file():
            raise ValueError(f"{qemu} gives no device tree: {done.stderr.strip() or done.stdout.strip()}")
        return fdt.read(path.read_bytes())


def cells(*values):
    return b"".join(struct.pack(">Q", v) for v in values)


def registers(node):
    """xen,reg: whole pages, at the same addresses for the domain."""
    out, words = [], node.cells("reg")
    for i in range(0, len(words) - 3, 4):
        base, size = words[i] << 32 | words[i + 1], words[i + 2] << 32 | words[i + 3]
        first = base // PAGE * PAGE
        out += [first, -(-(base + size - first) // PAGE) * PAGE, first]
    return cells(*out)


def copied(node, tree):
    """The node, and what feeds its clocks."""
    clocks = [n for phandle in dict.fromkeys(node.cells("clocks")) for n in tree.walk()
              if n.cells("phandle") == [phandle]]
    new = fdt.Node(node.name, node.props, [copied(c, tree)[0] for c in node.children])
    # What the firmware says of the machine's key.
    for child in new.children if "gpio-keys" in node.strings("compatible") else []:
        child.props.setdefault("wakeup-source", b"")
    return [new] + [fdt.Node(c.name, c.props) for c in clocks]


def make(tree, paths):
    """The blob for the devices of these paths; ValueError if one isn't there or can't be passed."""
    devices = {}
    for path in paths:
        node = tree.find(path)
        if node is None or node is tree:
            raise ValueError(f"device={path}: the machine has no such node")
        if node.parent is not tree:
            raise ValueError(f"device={path}: only devices right below the root are offered; write a dtb=")
        first, *others = copied(node, tree)
        first.props["xen,path"] = path.encode() + b"\0"
        if "reg" in node.props:
            first.props["xen,reg"] = registers(node)
        devices[first.name] = first
        for other in others:
            devices.setdefault(other.name, other)
    gic = next(n for n in tree.walk() if n.cells("phandle") == tree.cells("interrupt-parent"))
    return fdt.write(fdt.Node("", {"#address-cells": b"\0\0\0\2", "#size-cells": b"\0\0\0\2"}, [
        fdt.Node("gic", {"#interrupt-cells": b"\0\0\0\3", "interrupt-controller": b"",
                         "phandle": gic.props["phandle"]}),
        fdt.Node("passthrough", {"compatible": b"simple-bus\0", "ranges": b"",
                                 "#address-cells": b"\0\0\0\2", "#size-cells": b"\0\0\0\2"}, devices.values())]))
