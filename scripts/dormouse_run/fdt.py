# SPDX-License-Identifier: Apache-2.0
"""Flattened device trees (version 17): just enough to read QEMU's and to write small ones."""

import struct

BEGIN, END_NODE, PROP, NOP, END = 1, 2, 3, 4, 9
MAGIC = 0xd00dfeed


class Node:
    """props: name -> bytes; children in order."""

    def __init__(self, name="", props=None, children=None):
        self.name = name
        self.props = dict(props or {})
        self.children = list(children or [])
        self.parent = None

    def cells(self, name):
        value = self.props.get(name, b"")
        return list(struct.unpack(f">{len(value) // 4}I", value[:len(value) // 4 * 4]))

    def strings(self, name):
        return [s.decode() for s in self.props.get(name, b"").split(b"\0") if s]

    def find(self, path):
        """The node of that path below this one, or None."""
        node = self
        for part in path.strip("/").split("/"):
            node = next((c for c in node.children if c.name == part), None) if part else node
            if node is None:
                return None
        return node

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()


def read(data):
    """The root. ValueError if it is none."""
    header = struct.unpack_from(">10I", data)
    if header[0] != MAGIC:
        raise ValueError("not a device tree blob")
    at, strings = header[2], header[3]
    root = node = None
    while True:
        token, = struct.unpack_from(">I", data, at)
        at += 4
        if token == BEGIN:
            end = data.index(b"\0", at)
            new = Node(data[at:end].decode())
            at = end + 4 - (end - at) % 4
            new.parent = node
            if node is not None:
                node.children.append(new)
            root, node = root or new, new
        elif token == PROP:
            length, name = struct.unpack_from(">II", data, at)
            end = data.index(b"\0", strings + name)
            node.props[data[strings + name:end].decode()] = bytes(data[at + 8:at + 8 + length])
            at += 8 + (length + 3) // 4 * 4
        elif token == END_NODE:
            node = node.parent
        elif token == END:
            return root
        elif token != NOP:
            raise ValueError("a broken device tree blob")


def write(root):
    names, body = bytearray(), bytearray()

    def name_offset(name):
        at = len(names)
        names.extend(name.encode() + b"\0")
        return at

    def add(node):
        name = node.name.encode() + b"\0"
        body.extend(struct.pack(">I", BEGIN) + name + b"\0" * (-len(name) % 4))
        for key, value in node.props.items():
            body.extend(struct.pack(">III", PROP, len(value), name_offset(key)) + value + b"\0" * (-len(value) % 4))
        for child in node.children:
            add(child)
        body.extend(struct.pack(">I", END_NODE))

    add(root)
    body.extend(struct.pack(">I", END))
    header, reserved = 40, 16
    strings = header + reserved + len(body)
    return struct.pack(">10I", MAGIC, strings + len(names), header + reserved, strings, header, 17, 16, 0,
                       len(names), len(body)) + b"\0" * reserved + bytes(body) + bytes(names)
