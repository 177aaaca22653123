"""Runs commands in processes of their own and takes medians of time and peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLANNER = (sys.executable, "-m", "planner")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Median wall seconds and the highest resident memory of one command."""

    seconds: float
    peak_mib: float


def once(command: Sequence[str]) -> tuple[float, float]:
    """Wall seconds and peak MiB of one run; the command must succeed."""
    started = time.perf_counter()
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(running.pid, 0)
    seconds = time.perf_counter() - started
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        sys.exit(f"{' '.join(command)}: exit code {running.returncode}")
    scale = 1024 if sys.platform != "darwin" else 1024**2
    return seconds, usage.ru_maxrss / scale


def alternating(commands: dict[str, Sequence[str]], *, runs: int) -> dict[str, Cost]:
    """Medians of all commands, run in turn so that a slow minute hits each of them."""
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for command in commands.values():
        once(command)  # fills the file cache and the byte code
    for _ in range(runs):
        for name, command in commands.items():
            samples[name].append(once(command))
    return {
        name: Cost(
            seconds=statistics.median(one[0] for one in taken),
            peak_mib=max(one[1] for one in taken),
        )
        for name, taken in samples.items()
    }


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print aligned columns."""
    widths = [max(len(row[index]) for row in (header, *rows)) for index in range(len(header))]
    for row in (header, ["-" * width for width in widths], *rows):
        cells = [row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]
        print("  ".join(cells).rstrip())
