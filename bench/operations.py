# SPDX-License-Identifier: Apache-2.0
"""Runs bench/guest, which measures operations one by one, on a machine whose counter advances with each instruction."""

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

from suspend_measure import ROOT, BenchError

ROW = re.compile(r"# bench (\S+) \d+ (\d+) (\d+) (\d+)\s*$", re.M)
TIMEOUT_S = 200


def _rows(gic, build):
    """{name: (minimum, median, maximum)} of one run."""
    argv = [ROOT / "scripts/run", "--build", build, "--icount", "--gic", str(gic), "--cpus", "2", "--cpu", "a57", "--mem", "512M",
            "--kernel", build / "bench/bench.bin", "--initrd", "none", "--append", "dormouse=1", "--timeout", str(TIMEOUT_S)]
    run = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         errors="replace", check=False)
    rows = {name: tuple(map(int, costs)) for name, *costs in ROW.findall(run.stdout)}
    if run.returncode or not rows:
        raise BenchError(f"GICv{gic}: bench/guest ended with status {run.returncode}\n{run.stdout[-3000:]}")
    return rows


def operations(gic, build, jobs):
    """{name: median}. BenchError: two runs differ."""
    with ThreadPoolExecutor(min(jobs, 2)) as pool:
        first, second = pool.map(_rows, (gic, gic), (build, build))
    differ = [f"{name}: {first.get(name)}, then {second.get(name)}" for name in first | second
              if first.get(name) != second.get(name)]
    if differ:
        raise BenchError(f"GICv{gic}: two runs differ: {'; '.join(differ)}")
    return {name: median for name, (_, median, _) in first.items()}
