# SPDX-License-Identifier: Apache-2.0
"""From the launcher's options to QEMU's command line."""

import argparse
import re
from pathlib import Path

from . import ROOT, domu, partial

CPU_ALIASES = {"a35": "cortex-a35", "a53": "cortex-a53", "a55": "cortex-a55", "a57": "cortex-a57",
               "a72": "cortex-a72", "a76": "cortex-a76", "n1": "neoverse-n1"}

EXIT_STATUS = """\
exit status:
  0    the guest powered the machine off
  2    bad arguments
  3    a file that is needed does not exist (not built, not fetched)
  4    QEMU could not be started, or failed
  5    Dormouse panicked: its console has a line "(dormouse) panic: ..."
  6    the firmware gave up: its log has a line "dormouse-firmware: fatal: ..."
  7    Dormouse could not go on: its console has a line "(dormouse) fatal: ..."
  124  the time of --timeout is up
  130  ended by the user: Ctrl-A x, Ctrl-C or SIGINT (other signals: 128 + number)

on a terminal:
  Ctrl-A x         end the machine
  Ctrl-A three times switches Dormouse's input focus between the domains and its own debug keys
"""


class UsageError(Exception):
    """Arguments that contradict each other."""


class MissingFile(Exception):
    """A file that the machine needs is not there."""


def parser():
    p = argparse.ArgumentParser(
        prog="scripts/run", epilog=EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Run Dormouse with Debian's Linux as Dom0 on QEMU's virt machine.")
    m = p.add_argument_group("machine")
    m.add_argument("--gic", choices=("2", "3"), default="3", help="GIC version (default 3)")
    m.add_argument("--cpus", type=int, default=4, metavar="N", help="number of CPUs (default 4)")
    m.add_argument("--mem", default="1G", metavar="SIZE", help="memory, such as 512M (default 1G)")
    m.add_argument("--cpu", default="cortex-a72", metavar="MODEL",
                   help="a53, a57, a72, a76, neoverse-n1, max, or any of QEMU's (default a72)")
    m.add_argument("--disk", action="append", default=[], type=Path, metavar="FILE",
                   help="a raw disk image, virtio by MMIO (repeatable)")
    m.add_argument("--icount", action="store_true",
                   help="count instructions: runs are repeatable, one tick is one instruction")
    s = p.add_argument_group("software")
    s.add_argument("--kernel", type=Path, default=ROOT / "build/deps/kernel/Image", metavar="FILE",
                   help="Dom0's kernel (default: Debian's, from scripts/fetch; 'none')")
    s.add_argument("--initrd", type=Path, default=ROOT / "build/initrd/dom0.cpio", metavar="FILE",
                   help="Dom0's initramfs (default: from scripts/mkinitrd; 'none')")
    s.add_argument("--append", default="", metavar="STR",
                   help="Dom0's command line; the right console= is added")
    s.add_argument("--hyp-append", default="", metavar="STR", help="Dormouse's command line")
    s.add_argument("--domu", action="append", default=[], metavar="KEY=VALUE,...",
                   help="a domain besides Dom0 (repeatable): name=NAME, kernel=FILE, initrd=FILE "
                        "(default: Dom0's), mem=SIZE (256M), cpus=N (1), append=STR; a comma in a "
                        "value is doubled; policies: host-suspend=freeze|require|veto, "
                        "time=continuous|frozen, veto-timeout-ms=N, wakeup=alarm+console+...|none; "
                        "xen=enabled|no-xenstore|disabled; reboot=off; "
                        "RAM of its own: direct-map, static-mem=BASE:SIZE; devices of the machine: "
                        "device=PATH or dtb=FILE; see docs/running.md")
    s.add_argument("--no-dom0", action="store_true", help="only the domains of --domu")
    s.add_argument("--native", action="store_true", help="no hypervisor: Linux on the firmware")
    s.add_argument("--firmware", action="append", default=[], metavar="KEY=VALUE",
                   help="an option of the firmware, such as gic=poison (repeatable)")
    s.add_argument("--build", type=Path, default=ROOT / "build/release", metavar="DIR",
                   help="where dormouse.bin and firmware.bin are (default build/release)")
    s.add_argument("--bios", default=None, metavar="FILE",
                   help="the firmware; 'none': QEMU's own PSCI, which cannot suspend")
    c = p.add_argument_group("connections")
    c.add_argument("--console", default="stdio", metavar="SOCKET|stdio",
                   help="the console: a Unix socket to listen on, or this terminal (default)")
    c.add_argument("--qmp", type=Path, metavar="SOCKET", help="listen for QMP on a Unix socket")
    c.add_argument("--firmware-log", type=Path, metavar="FILE", help="write the firmware's log here")
    c.add_argument("--gdb", type=int, metavar="PORT",
                   help="serve gdb on this port of localhost (--qemu-arg=-S: start stopped)")
    q = p.add_argument_group("QEMU")
    q.add_argument("--qemu", default="qemu-system-aarch64", metavar="PATH")
    q.add_argument("--qemu-arg", action="append", default=[], metavar="ARG",
                   help="one more argument for QEMU (repeatable; --qemu-arg=-dtb --qemu-arg=FILE)")
    q.add_argument("--timeout", type=float, default=0, metavar="S", help="end after S seconds")
    q.add_argument("--print", action="store_true", help="show QEMU's command, don't run it")
    return p


def doubled(text):
    """QEMU separates options by commas; two of them are one in a value."""
    return str(text).replace(",", ",,")


def check(args):
    if not 1 <= args.cpus <= 512:
        raise UsageError("--cpus: at least 1")
    if args.gic == "2" and args.cpus > 8:
        raise UsageError("--cpus: a GICv2 has 8 CPUs at most")
    if not re.fullmatch(r"[0-9]+[kKmMgG]?", args.mem):
        raise UsageError(f"--mem: {args.mem} is no size such as 512M or 2G")
    for item in args.firmware:
        if not re.fullmatch(r"[^=\s]+=\S*", item):
            raise UsageError(f"--firmware: {item} is not KEY=VALUE")
    if args.native and args.hyp_append:
        raise UsageError("--hyp-append: with --native there is no hypervisor")
    if args.native and (args.domu or args.no_dom0):
        raise UsageError("--domu: with --native there is no hypervisor")
    if args.no_dom0 and not args.domu:
        raise UsageError("--no-dom0: at least one --domu is needed")
    if args.bios == "none" and not args.native:
        raise UsageError("--bios none: only with --native")


def need(path, how):
    if not Path(path).is_file():
        raise MissingFile(f"{path} does not exist: {how}")
    return doubled(path)


def cpu_option(args):
    model = CPU_ALIASES.get(args.cpu, args.cpu)
    # One counter tick is one virtual nanosecond, and so one instruction.
    return model + (",cntfrq=1000000000" if args.icount else "")


def modules(domain, kernel, initrd, append, config=None, dtb=None):
    """What the firmware makes a domain's modules of, docs/firmware.md."""
    prefix = f"name=opt/dormouse/module/{domain}"
    out = []
    if config:
        out += ["-fw_cfg", f"{prefix}/config,file={doubled(config)}"]
    if dtb:
        out += ["-fw_cfg", f"{prefix}/dtb,file={doubled(dtb)}"]
    if kernel:
        out += ["-fw_cfg", f"{prefix}/kernel,file={kernel}"]
    out += ["-fw_cfg", f"{prefix}/bootargs,string={doubled(append)}"]
    return out + (["-fw_cfg", f"{prefix}/ramdisk,file={initrd}"] if initrd else [])


def domains(args, kernel, initrd, console_arg):
    # Five files each; QEMU has room for 32, of which some are its own.
    out = ["-global", f"fw_cfg_mem.x-file-slots={32 + 5 * len(args.domu)}"] if args.domu else []
    names = set()
    for text in args.domu:
        try:
            d = domu.parse(text)
        except ValueError as error:
            raise UsageError(f"--domu {text}: {error}") from None
        if d["name"] in names:
            raise UsageError(f"--domu: two domains with the name {d['name']}")
        names.add(d["name"])
        own = {key: need(d[key], "--domu names it") if d.get(key, "none") != "none" else None
               for key in ("kernel", "initrd")}
        out += modules(d["name"], own["kernel"] if "kernel" in d else kernel,
                       own["initrd"] if "initrd" in d else initrd,
                       " ".join(w for w in (console_arg, d.get("append")) if w),
                       domu.config_file(domu.properties(d)), partial_tree(args, d))
    return out


def partial_tree(args, domain):
    """The file that says which of the machine's devices go to the domain, or None."""
    if "dtb" in domain:
        return need(domain["dtb"], "--domu names it")
    if "device" not in domain:
        return None
    try:
        tree = partial.machine_tree(args.qemu, [*machine(args), "-nodefaults", "-display", "none"])
        return domu.file_of(partial.make(tree, domain["device"]))
    except ValueError as error:
        raise UsageError(f"--domu name={domain['name']}: {error}") from None


def software(args, console_arg):
    """What boots: -kernel and the rest, natively or under Dormouse."""
    kernel = None if str(args.kernel) == "none" \
        else need(args.kernel, "run `scripts/fetch kernel`, or give --kernel")
    initrd = None if str(args.initrd) == "none" \
        else need(args.initrd, "run `scripts/mkinitrd`, or give --initrd")
    words = [console_arg, args.append] + (["nokaslr"] if args.icount else [])
    append = " ".join(w for w in words if w)
    if args.native:
        return (["-kernel", str(args.kernel), "-append", append] if kernel else []) \
            + (["-initrd", str(args.initrd)] if initrd else [])
    hyp = args.build / "dormouse.bin"
    need(hyp, "run `make`")
    out = ["-kernel", str(hyp)]
    if args.hyp_append:
        out += ["-append", args.hyp_append]
    if not args.no_dom0:
        out += modules("dom0", kernel, initrd, append)
    return out + domains(args, kernel, initrd, console_arg)


def devices(args):
    out = []
    if args.disk:
        out += ["-global", "virtio-mmio.force-legacy=false"]
    # QEMU fills its virtio-mmio slots from the first on, Linux finds the last one first.
    for i, disk in reversed(list(enumerate(args.disk))):
        file = need(disk, "make it, for instance with `truncate -s 64M FILE`")
        out += ["-drive", f"if=none,id=disk{i},format=raw,file={file}",
                "-device", f"virtio-blk-device,drive=disk{i}"]
    if args.qmp:
        out += ["-qmp", f"unix:{doubled(args.qmp)},server=on,wait=off"]
    if args.gdb:
        out += ["-gdb", f"tcp:127.0.0.1:{args.gdb}"]
    if args.icount:
        out += ["-icount", "shift=0,sleep=off", "-seed", "1",
                "-rtc", "base=2026-01-01T00:00:00,clock=vm"]
    return out


def machine(args):
    """The options that its device tree depends on."""
    return ["-M", f"virt,gic-version={args.gic},acpi=off,dtb-randomness=off"
            + (",secure=on,virtualization=on" if args.bios != "none" else ""),
            "-cpu", cpu_option(args), "-smp", str(args.cpus), "-m", args.mem]


def qemu_command(args, console, firmware_log):
    """QEMU's command line. `console` and `firmware_log` are what its -serial options name."""
    check(args)
    secure = args.bios != "none"
    out = [args.qemu, "-nodefaults", "-no-user-config", *machine(args),
           "-nic", "none", "-display", "none", "-monitor", "none"]
    out += ["-serial", console]
    if secure:
        bios = Path(args.bios) if args.bios else args.build / "firmware.bin"
        need(bios, "run `make`")
        out += ["-serial", firmware_log, "-bios", str(bios)]
    if args.firmware:
        options = doubled(",".join(args.firmware))
        out += ["-fw_cfg", f"name=opt/dormouse/firmware,string={options}"]
    out += software(args, "console=ttyAMA0")
    return out + devices(args) + args.qemu_arg
