"""How long a command takes to start: python bench/startup.py [--runs N] [--check]

Ratios within one run, medians; `--check` fails where a ceiling is broken.
"""

from __future__ import annotations

import argparse
import sys

from measure import PLANNER, alternating, table

PLAN = [*PLANNER, "plan", "examples/fraud-scorer", "--offline", "-o", "json"]
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "python -c 'import typer'": [sys.executable, "-c", "import typer"],
    "planner --version": [*PLANNER, "--version"],
    "planner plan examples/fraud-scorer": PLAN,
}
# name -> (measured against, ratio at most, peak MiB at most)
CEILINGS = {
    "planner --version": ("python -c 'import typer'", 1.6, None),
    "planner plan examples/fraud-scorer": ("planner --version", 3.0, 120),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    costs = alternating(COMMANDS, runs=options.runs)
    broken = False
    rows = []
    for name, cost in costs.items():
        base, ratio_limit, memory_limit = CEILINGS.get(name, ("", None, None))
        ratio = cost.seconds / costs[base].seconds if base else None
        broken |= ratio is not None and ratio > ratio_limit
        broken |= memory_limit is not None and cost.peak_mib > memory_limit
        rows.append(
            [
                name,
                f"{cost.seconds * 1000:.0f} ms",
                f"{ratio:.2f}x" if ratio else "",
                f"<= {ratio_limit}x" if ratio_limit else "",
                f"{cost.peak_mib:.0f} MiB",
                f"<= {memory_limit} MiB" if memory_limit else "",
            ]
        )
    table(["command", "median", "ratio", "ceiling", "peak", "ceiling"], rows)
    return int(broken and options.check)


if __name__ == "__main__":
    sys.exit(main())
