# SPDX-License-Identifier: Apache-2.0
"""Machines in series, each of them twice: what bench/suspend's tables and bench/run's budget are made from."""

import dataclasses
import statistics
from concurrent.futures import ThreadPoolExecutor

from suspend_measure import BenchError, Setup, guest_sleeps, image_memory, measure

MEMORY = ("512M", "1G", "2G", "4G", "8G", "16G")
NOISE = 8  # instructions: an interrupt of the other CPUs' may fall here or there
PAD = 1 << 20
DIRECTIONS = ("down", "up")


@dataclasses.dataclass
class Twice:
    """Two runs of one machine."""
    results: list

    @property
    def setup(self):
        return self.results[0].setup

    def figure(self, direction):
        """The median of all counted cycles."""
        return int(statistics.median_low([c.total[direction] for r in self.results for c in r.cycles]))

    def spread(self, direction):
        seen = [c.total[direction] for r in self.results for c in r.cycles]
        return max(seen) - min(seen)

    def thaw(self):
        return int(statistics.median_low([c.thaw for r in self.results for c in r.cycles]))

    def steps(self, direction):
        return getattr(self.results[0].best, direction)


class Bench:
    """All machines of one GIC."""

    def __init__(self, gic, build, jobs, quick):
        self.gic, self.build, self.jobs, self.quick = gic, build, jobs, quick
        self.complaints, self.notes = [], []

    def twice(self, setups):
        setups = list(setups)
        with ThreadPoolExecutor(self.jobs) as pool:
            runs = list(pool.map(lambda s: measure(s, self.build), [s for s in setups for _ in range(2)]))
        out = [Twice(runs[i:i + 2]) for i in range(0, len(runs), 2)]
        for t in out:
            for direction in DIRECTIONS:
                spread = t.spread(direction)
                if spread > NOISE:
                    self.notes.append(f"{t.setup}, {direction}: the cycles differ by {spread} instructions")
                    # One CPU and nobody else: nothing may differ.
                    if t.setup.cpus == 1 and not t.setup.domains:
                        self.complaints.append(self.notes[-1])
        return out

    def setup(self, **changes):
        return Setup(gic=self.gic, **changes)

    def by(self, key, values, **rest):
        return self.twice(self.setup(**{key: value}, **rest) for value in values)

    def memory(self):
        """Until the host has no more: QEMU takes RAM only when it is touched, but wants the addresses."""
        out = []
        for value in MEMORY[:3] if self.quick else MEMORY:
            try:
                out += self.twice([self.setup(mem=value)])
            except BenchError as error:
                if "memory" not in str(error).rsplit("\n", 3)[-2].lower():
                    raise
                self.notes.append(f"{value}: this host can't run it")
                break
        for direction in DIRECTIONS:
            figures = [t.figure(direction) for t in out]
            if max(figures) - min(figures) > NOISE:
                self.complaints.append(f"GICv{self.gic}, {direction}: RAM matters: {figures}")
        return out

    def boot(self):
        """Instructions apart from copying; copying, for each MiB. One CPU."""
        plain, padded = self.twice([self.setup(cpus=1), self.setup(cpus=1, pad=PAD)])
        a, b = (min(r.boot for r in t.results) for t in (plain, padded))
        kernel = (self.build / "bench/suspend.bin").stat().st_size
        per_mib = (b - a) * (1 << 20) / PAD
        return round(a - per_mib * kernel / (1 << 20)), round(per_mib)

    def domain_sleeps(self):
        """The dearest and the cheapest of a domain's sleeps; and the cheapest's functions."""
        seen = [c for _ in range(2) for c in guest_sleeps(self.gic, self.build)]
        return min(seen, key=lambda c: c.total()), max(c.total() for c in seen)


FEW, MANY = 4, 12  # domains, for what each further one takes


def figures(gic, build, jobs):
    """{name: figure} of what has a budget."""
    bench = Bench(gic, build, jobs, True)
    # On one CPU what each further domain takes is exact; with more, another CPU's instructions fall in between now and then.
    machine, dom0, few, many, one, padded = bench.twice([
        bench.setup(domains=FEW), bench.setup(), bench.setup(cpus=1, domains=FEW), bench.setup(cpus=1, domains=MANY), bench.setup(cpus=1),
        bench.setup(cpus=1, pad=PAD)])
    boot = min(r.boot for r in one.results)
    per_mib = min(r.boot for r in padded.results) - boot
    kernel = (build / "bench/suspend.bin").stat().st_size
    cheapest, _ = bench.domain_sleeps()
    _, heap = dom0.results[0].heap
    out = {f"machine {d}, 4 CPUs, {FEW} domains": machine.figure(d) for d in DIRECTIONS}
    out |= {f"machine {d}, per domain, 1 CPU": round((many.figure(d) - few.figure(d)) / (MANY - FEW)) for d in DIRECTIONS}
    out["thaw, per domain, 1 CPU"] = round((many.thaw() - few.thaw()) / (MANY - FEW))
    out["domain's sleep and wake-up, 1 CPU"] = cheapest.total()
    out["boot, 1 CPU, without copying"] = round(boot - per_mib * kernel / PAD)
    out["memory taken, KiB, 4 CPUs, Dom0 only"] = image_memory(build / "dormouse.elf") + heap
    return out
