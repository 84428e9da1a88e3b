# SPDX-License-Identifier: Apache-2.0
"""Domains besides Dom0: what --domu says, and the small device tree that the firmware takes of it."""

import hashlib
import re
import struct
import tempfile
from pathlib import Path

from . import ROOT, fdt

UNITS = {"": 1 << 20, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
# Policies of Dormouse, docs/boot.md: property "dormouse,KEY".
POLICIES = {"host-suspend": ("freeze", "require", "veto"), "time": ("continuous", "frozen")}
WAKEUP = ("alarm", "console", "device", "event", "key", "command")
KEYS = ("name", "kernel", "initrd", "mem", "cpus", "append", "xen", "wakeup", "veto-timeout-ms", "device",
        "dtb", "direct-map", "static-mem", "reboot", *POLICIES)
REPEATED = ("device", "static-mem")
SWITCHES = {"direct-map": ("on", "off"), "reboot": ("on", "off")}
# Whether it finds Xen: event channels, grants, PV drivers; property "xen,enhanced".
XEN = ("enabled", "no-xenstore", "disabled")
# fw_cfg names have 55 characters at most.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,23}")


def parse(text):
    """"name=a,mem=256M" as a dictionary; ",," is a comma in a value. ValueError says what is wrong."""
    out = {}
    for item in text.replace(",,", "\0").split(","):
        key, equals, value = item.replace("\0", ",").partition("=")
        if key in SWITCHES and not equals:
            equals, value = "=", "on"
        if not equals or key not in KEYS:
            raise ValueError(f"{item!r} is not KEY=VALUE with KEY one of {', '.join(KEYS)}")
        if key in REPEATED:
            out.setdefault(key, []).append(value)
            continue
        if key in out:
            raise ValueError(f"{key} is given twice")
        out[key] = value
    if not NAME.fullmatch(out.get("name", "")) or out["name"] == "dom0":
        raise ValueError("name= of 1 to 24 letters, digits, '.', '_', '-' is needed; dom0 is taken")
    out["mem"] = size(out.get("mem", "256M"))
    if not re.fullmatch(r"[0-9]{1,4}", out.setdefault("cpus", "1")):
        raise ValueError(f"cpus={out['cpus']} is no number")
    for key, values in {**POLICIES, **SWITCHES, "xen": XEN}.items():
        if key in out and out[key] not in values:
            raise ValueError(f"{key}={out[key]}: it is one of {', '.join(values)}")
    for source in out.get("wakeup", "none").split("+"):
        if source not in WAKEUP and out.get("wakeup", "none") != "none":
            raise ValueError(f"wakeup={out['wakeup']}: none, or some of {', '.join(WAKEUP)}, "
                             "joined by +")
    if not re.fullmatch(r"[1-9][0-9]{0,5}", out.get("veto-timeout-ms", "1")):
        raise ValueError(f"veto-timeout-ms={out['veto-timeout-ms']} is no number of 1 to 999999")
    if "dtb" in out and "device" in out:
        raise ValueError("device= makes the device tree that dtb= gives: one of them")
    out["static-mem"] = [bank(text) for text in out.get("static-mem", ())]
    return out


def bank(text):
    base, colon, length = text.partition(":")
    try:
        return int(base, 0), size(length)
    except ValueError:
        raise ValueError(f"static-mem={text} is no BASE:SIZE such as 0x60000000:64M") from None


def size(text):
    """Bytes; a plain number is MiB, as for QEMU."""
    match = re.fullmatch(r"([0-9]+)([KMG]?)", text.upper())
    if not match:
        raise ValueError(f"mem={text} is no size such as 256M or 1G")
    return int(match.group(1)) * UNITS[match.group(2)]


def properties(domain):
    """Of the domain's node, as Xen's device tree bindings have them."""
    out = {"memory": struct.pack(">Q", domain["mem"] // 1024),
           "cpus": struct.pack(">I", int(domain["cpus"])), "vpl011": b""}
    for key in POLICIES:
        if key in domain:
            out[f"dormouse,{key}"] = domain[key].encode() + b"\0"
    if "wakeup" in domain:
        out["dormouse,wakeup"] = domain["wakeup"].replace("+", "\0").encode() + b"\0"
    if "veto-timeout-ms" in domain:
        out["dormouse,veto-timeout-ms"] = struct.pack(">I", int(domain["veto-timeout-ms"]))
    if domain.get("direct-map") == "on":
        out["direct-map"] = b""
    if domain.get("reboot") == "off":
        out["dormouse,no-reboot"] = b""
    if domain["static-mem"]:
        out["xen,static-mem"] = b"".join(struct.pack(">QQ", *b) for b in domain["static-mem"])
    if "xen" in domain:
        out["xen,enhanced"] = domain["xen"].encode() + b"\0"
    return out


def file_of(data):
    """The path of a file with that device tree, named after what is in it: it may stay."""
    path = Path(ROOT / "build/domu" / (hashlib.sha1(data).hexdigest()[:16] + ".dtb"))
    if not path.is_file() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Of a name that is nobody else's: machines start side by side.
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.stem, delete=False) as new:
            new.write(data)
        Path(new.name).replace(path)
    return path


def config_file(values):
    """A tree with nothing but a root and its properties."""
    return file_of(fdt.write(fdt.Node("", values)))
