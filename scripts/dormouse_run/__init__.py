# SPDX-License-Identifier: Apache-2.0
"""Starting and driving the QEMU machine that runs Dormouse. scripts/run is its command line."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
