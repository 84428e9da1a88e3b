# SPDX-License-Identifier: Apache-2.0
"""The demo's account of the machine's sleeps: what was not as claimed, and the tables."""

# The name that Dormouse gives what woke it; the key's is its interrupt's device in the tree.
DEVICES = {"rtc": ("rtc",), "console": ("console",), "key": ("pl061", "gpio", "key")}


def add_journal(cycles, journal):
    for cycle in cycles:
        records = [r for r in journal if r["cycle"] == cycle["cycle"]]
        cycle["steps"] = [r for r in records if r["kind"] == "step"]
        cycle["thaws"] = sorted((r for r in records if r["kind"] == "thaw"),
                                key=lambda r: r["end_ns"])
        cycle["journal"] = next((r for r in records if r["kind"] == "cycle"), None)


def problems(cycles, cpus):
    """What is not as claimed, in words."""
    found = []
    everyone = "0" if cpus == 1 else f"0-{cpus - 1}"
    for c in cycles:
        def claim(good, text, n=c["cycle"]):
            if not good:
                found.append(f"cycle {n}: {text}")
        claim(c["status"] == 0, f"Dom0's suspend failed: {c['output']}")
        claim(c["power_losses"] == 1, f"{c['power_losses']} losses of power instead of one")
        claim(c["cpus_online"] == everyone, f"CPUs online: {c['cpus_online']}")
        claim(not c["kernel_warnings"], f"kernel warnings: {c['kernel_warnings']}")
        claim(max(map(abs, c["clock_error_s"])) < 1.5, f"clock is off: {c['clock_error_s']}")
        j = c["journal"]
        if not j:
            claim(False, "Dormouse's journal has no record of it")
            continue
        claim(j["outcome"] == "slept", f"the journal says {j['outcome']}")
        claim(any(word in j["wake_device"].lower() for word in DEVICES[c["wake_asked"]]),
              f"woken by {j['wake_device']} (interrupt {j['wake_intid']}), "
              f"not by {c['wake_asked']}")
        claim(j["wake_owner"] in c["wake_owners"],
              f"the wake-up was {j['wake_owner']}'s, not {' or '.join(c['wake_owners'])}'s")
        claim(all(s["result"] in (0, None) for s in c["steps"]), "a step reported an error")
        order = [r["domain"] for r in c["thaws"]]
        claim(order[:1] == ["dom0"] and set(order) >= set(c["wake_owners"]) - {"dormouse"},
              f"the domains went on in this order: {', '.join(order)}")
    return found


def milliseconds(record):
    return (record["end_ns"] - record["start_ns"]) / 1e6 if record["end_ns"] is not None else None


def step_table(cycles):
    """Lines: the steps in the order of the table; columns: down and up of each cycle, in ms."""
    rows = []
    for c in cycles:
        for s in c["steps"]:
            if (s["phase"], s["step"]) not in rows and s["dir"] == "suspend":
                rows.append((s["phase"], s["step"]))
    head = "".join(f"{'cycle ' + str(c['cycle']):>19}" for c in cycles)
    out = [f"  {'':8} {'':17}{head}",
           f"  {'phase':8} {'step':17}" + f"{'down ms':>11}{'up ms':>8}" * len(cycles)]
    for phase, name in rows:
        line = f"  {phase:8} {name:17}"
        for c in cycles:
            for direction, width in (("suspend", 11), ("resume", 8)):
                times = [milliseconds(s) for s in c["steps"]
                         if s["step"] == name and s["dir"] == direction]
                line += f"{times[0]:{width}.2f}" if times and times[0] is not None \
                    else " " * (width - 1) + "-"
        out.append(line)
    return out


def cycle_table(cycles):
    out = [f"  {'cycle':5} {'power loss (QMP)':22} {'outcome':8} {'woken by':38} {'back after':>10}"]
    for c in cycles:
        j = c["journal"] or {}
        by = f"interrupt {j.get('wake_intid')} ({j.get('wake_device')}, {j.get('wake_owner')})"
        out.append(f"  {c['cycle']:5} {c['power_losses']} x {c['reset_event']['data']['reason']:18} "
                   f"{j.get('outcome', '?'):8} {by:38} {c['back_after_s']:8.2f} s")
    return out


def order_table(cycles):
    """Who went on after each wake-up, how long after Dom0, and did he know of the sleep?"""
    out = []
    for c in cycles:
        first = c["thaws"][0]["end_ns"] if c["thaws"] else 0
        names = [f"{r['domain']}"
                 + (f" +{(r['end_ns'] - first) / 1e9:.2f} s" if r["end_ns"] > first else "")
                 + (" (unaware)" if r["unaware"] else "") for r in c["thaws"]]
        out.append(f"  cycle {c['cycle']}: " + ", then ".join(names))
    return out
