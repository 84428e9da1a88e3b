# SPDX-License-Identifier: Apache-2.0
"""Many domains on few CPUs: all come up, all sleep and wake, and survive the machine's sleep."""

import json
import time

from checks import cycle, cycle_records, hears_its_key, intact


def states(m):
    """{name: (state, how often it suspended itself)} of all but Dom0, by the tool."""
    listed = json.loads(m.sh("dormouse list --json"))
    return {d["name"]: (d["state"], d["suspends"]) for d in listed if d["domid"]}


def all_are(m, state, suspends, seconds=240):
    end = time.monotonic() + seconds
    while (seen := set(states(m).values())) != {(state, suspends)}:
        assert time.monotonic() < end, f"not all are {state} after {suspends} sleeps: {seen}"
        m.sh("sleep 0.5")


def test_many_domains(machine, gic, count):
    names = [f"d{i}" for i in range(count(5, 16))]
    append = "dormouse.mode=agent dormouse.sleepkey=1"
    guests = [word for name in names for word in ("--domu", f"name={name},mem=128M,append={append}")]
    m = machine("--gic", gic, "--cpus", 2, "--mem", "2G" if len(names) < 10 else "5G",
                "--hyp-append", "dom0_mem=512M", *guests, ready=False, timeout=1500)
    for _ in range(1 + len(names)):
        m.wait_ready(timeout=900)
    m.sh("true")
    assert sorted(states(m)) == sorted(names)
    for name in names:
        m.sh(f"dormouse suspend {name}")
    all_are(m, "suspended", 1)
    for name in names:
        m.sh(f"dormouse resume {name}")
    all_are(m, "running", 1)
    cycle(m, seconds=10)
    assert cycle_records(m)[-1]["outcome"] == "slept"
    m.sh("dormouse ready")  # or they would wait for Dom0 a little longer
    for name in names:
        hears_its_key(m, name)
        m.sh(f"dormouse suspend {name}")
    all_are(m, "suspended", 2)
    intact(m, 2)
