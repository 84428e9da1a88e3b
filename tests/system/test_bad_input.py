# SPDX-License-Identifier: Apache-2.0
"""Bad input: each ends in one clear line and a power-off with a failure status, never in silence."""

import random
import shutil
import struct
import subprocess

import pytest

from conftest import ROOT

FIRMWARE_FATAL, HYP_FATAL = 6, 7


def run(run_args, *args, timeout=120):
    argv = [str(ROOT / "scripts/run"), *run_args, "--timeout", str(timeout), *map(str, args)]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=timeout + 60, text=True,
                          errors="replace", check=False)
    return done.returncode, done.stdout, done.stderr


def refused(run_args, *args, words, status=HYP_FATAL):
    """It ends with that status, and the launcher repeats the one line, which names the trouble."""
    code, out, err = run(run_args, *args)
    lines = [line for line in (out + err).splitlines() if "panic" in line]
    assert code == status, f"status {code}\n{out[-3000:]}\n{err}"
    assert not lines, "a panic is for Dormouse's own faults"
    said = [line for line in out.splitlines() if "(dormouse) " in line] + [err]
    assert any(w.lower() in " ".join(said).lower() for w in words), f"{out[-2000:]}\n{err}"
    assert "fatal: " in err


def image():
    return (ROOT / "build/deps/kernel/Image").read_bytes()


def broken_kernels():
    data = image()
    header = bytearray(data[:64])
    big_endian = header[:24] + struct.pack("<Q", struct.unpack_from("<Q", header, 24)[0] | 1) \
        + header[32:]
    return {
        "empty": b"",
        "garbage": random.Random(3).randbytes(1 << 20),
        "text": b"#!/bin/sh\necho hello\n" * 1000,
        "elf": b"\x7fELF" + data[4:56] + b"\0" * 4096,
        "short": data[:32],
        "no-magic": data[:56] + b"\0\0\0\0" + data[60:1 << 20],
        "big-endian": bytes(big_endian) + data[64:1 << 20],
    }


@pytest.mark.parametrize("name", sorted(["empty", "garbage", "text", "elf", "short", "no-magic",
                                         "big-endian"]))
def test_kernel_that_is_none(run_args, gic, name, tmp_path):
    file = tmp_path / "kernel"
    file.write_bytes(broken_kernels()[name])
    code, out, err = run(run_args, "--gic", gic, "--kernel", file)
    assert code in (FIRMWARE_FATAL, HYP_FATAL), f"status {code}\n{out[-3000:]}\n{err}"
    assert "kernel" in err.lower() or "image" in (out + err).lower()


def test_no_kernel(run_args, gic):
    code, out, err = run(run_args, "--gic", gic, "--kernel", "none")
    assert code in (FIRMWARE_FATAL, HYP_FATAL), f"status {code}\n{out[-3000:]}\n{err}"
    assert "kernel" in err


@pytest.mark.parametrize("mem", ["16M", "32M", "40M"])
def test_too_little_memory(run_args, gic, mem):
    code, out, err = run(run_args, "--gic", gic, "--mem", mem)
    assert code in (FIRMWARE_FATAL, HYP_FATAL), f"status {code}\n{out[-3000:]}\n{err}"
    assert "memory" in (out + err).lower() or "ram" in (out + err).lower() or "fit" in out + err


@pytest.mark.parametrize("words", ["dom0_mem=2M", "dom0_mem=lots", "dom0_max_vcpus=0"])
def test_bad_command_line(run_args, words):
    refused(run_args, "--hyp-append", words, words=[words.split("=")[0]])


def device_tree(run_args, path, *args):
    """The tree that QEMU makes for our machine, without the free space in it: QEMU doubles what it
    reads and then finds it too large."""
    raw = path.with_suffix(".raw")
    subprocess.run([str(ROOT / "scripts/run"), *run_args, *args, "--qemu-arg=-machine",
                    f"--qemu-arg=dumpdtb={raw}"], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
    subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dtb", "-o", path, raw], check=True)
    return path


def with_tree(run_args, gic, tmp_path, *edits):
    tree = device_tree(run_args, tmp_path / "dtb", "--gic", gic)
    for edit in edits:
        subprocess.run(["fdtput", *edit[:-1], str(tree), *edit[-1]], check=True)
    return run(run_args, "--gic", gic, "--qemu-arg=-dtb", f"--qemu-arg={tree}")


@pytest.mark.parametrize("edit, words", [
    (("-r", ["/intc@8000000"]), ["interrupt controller", "gic"]),
    (("-t", "s", ["/intc@8000000", "compatible", "acme,gic-900"]), ["acme,gic-900", "gic"]),
    (("-r", ["/timer"]), ["timer"]),
    (("-r", ["/cpus"]), ["cpu"]),
], ids=["no-gic", "unknown-gic", "no-timer", "no-cpus"])
def test_device_tree_lacks(run_args, gic, tmp_path, edit, words):
    code, out, err = with_tree(run_args, gic, tmp_path, edit)
    assert code in (FIRMWARE_FATAL, HYP_FATAL), f"status {code}\n{out[-3000:]}\n{err}"
    assert any(w in (out + err).lower() for w in words), f"{out[-2000:]}\n{err}"


def test_the_tree_unedited_boots(machine, run_args, gic, tmp_path):
    """The edited ones fail because of their edit."""
    tree = device_tree(run_args, tmp_path / "dtb", "--gic", gic)
    m = machine("--gic", gic, "--qemu-arg=-dtb", f"--qemu-arg={tree}")
    assert m.power_off() == 0


def test_hypervisor_that_is_none(run_args, tmp_path):
    build = tmp_path / "build"
    build.mkdir()
    flavour = run_args[run_args.index("--build") + 1]
    shutil.copy(f"{flavour}/firmware.bin", build / "firmware.bin")
    (build / "dormouse.bin").write_bytes(b"\0" * 70000)
    code, _, err = run([*run_args, "--build", str(build)])
    assert code == FIRMWARE_FATAL, err


@pytest.mark.parametrize("option", ["gic=what", "nonsense=1", "suspend=perhaps"])
def test_bad_firmware_option(run_args, option):
    code, _, err = run(run_args, "--native", "--firmware", option)
    assert code == FIRMWARE_FATAL
    assert option.split("=")[0] in err
