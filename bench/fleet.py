"""How time grows with the work: python bench/fleet.py [--runs N] [--check]

One endpoint of 2,000 models against `planner --version`, and runs of 250, 500 and 1,000
independent endpoints, which must grow in a straight line and stay under 10 ms each. Both by the
closed form alone; what verification adds is in startup.py.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from measure import PLANNER, ROOT, alternating, table

FLEET = "examples/merchant-fleet"
SIZES = (250, 500, 1000)
FLEET_RATIO = 20
MS_EACH = 10.0
GROWTH = 1.25
"""Time per endpoint at the largest size over that at the smallest."""


def write_endpoints(directory: Path, count: int) -> Path:
    """One file of `count` steady endpoints, each with a rate of its own."""
    base = (ROOT / "examples" / "fraud-scorer" / "planner.yaml").read_text()
    body = base[base.index("apiVersion:") :]
    documents = [
        body.replace("name: fraud-scorer", f"name: fraud-scorer-{index:04d}", 1)
        .replace("rate: 1200/s", f"rate: {200 + index}/s", 1)
        .replace("rate: 1800/s", f"rate: {300 + 2 * index}/s", 1)
        for index in range(count)
    ]
    path = directory / f"{count}.planner.yaml"
    path.write_text("---\n".join(documents))
    return path


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        plan = [*PLANNER, "plan", "--offline", "--no-verify", "-o", "json"]
        commands = {
            "planner --version": [*PLANNER, "--version"],
            "2,000 models": [*plan, FLEET],
        }
        for size in SIZES:
            commands[f"{size} endpoints"] = [*plan, str(write_endpoints(Path(directory), size))]
        costs = alternating(commands, runs=options.runs)
    version = costs["planner --version"].seconds
    each = {size: costs[f"{size} endpoints"].seconds / size * 1000 for size in SIZES}
    ratio = costs["2,000 models"].seconds / version
    growth = each[SIZES[-1]] / each[SIZES[0]]
    rows = [
        [
            name,
            f"{cost.seconds:.2f} s",
            f"{cost.seconds / version:.1f}x",
            f"{cost.peak_mib:.0f} MiB",
        ]
        for name, cost in costs.items()
    ]
    table(["command", "median", "of --version", "peak"], rows)
    print()
    table(
        ["what", "measured", "ceiling"],
        [
            ["2,000 models over planner --version", f"{ratio:.1f}x", f"< {FLEET_RATIO}x"],
            ["one of 1,000 endpoints", f"{each[SIZES[-1]]:.2f} ms", f"< {MS_EACH:.0f} ms"],
            ["growth of time per endpoint", f"{growth:.2f}x", f"< {GROWTH}x"],
        ],
    )
    broken = ratio >= FLEET_RATIO or each[SIZES[-1]] >= MS_EACH or growth >= GROWTH
    return int(broken and options.check)


if __name__ == "__main__":
    sys.exit(main())
