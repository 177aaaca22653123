"""How long a command takes to start: python bench/startup.py [--runs N] [--check]

Ratios within one run, medians; `--check` fails where a ceiling is broken. Plans by the closed form
alone, then verified by simulation, each example.
"""

from __future__ import annotations

import argparse
import sys

from measure import PLANNER, alternating, table

PLAN = [*PLANNER, "plan", "--offline", "-o", "json"]
VERIFIED = (
    "databricks-high-qps",
    "doc-embedder",
    "fraud-scorer",
    "image-tagger",
    "internal-tool",
    "merchant-fleet",
    "overlays",
    "shop-ranker",
    "ticket-router",
)
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "python -c 'import typer'": [sys.executable, "-c", "import typer"],
    "planner --version": [*PLANNER, "--version"],
    "fraud-scorer --no-verify": [*PLAN, "examples/fraud-scorer", "--no-verify"],
    **{name: [*PLAN, f"examples/{name}"] for name in VERIFIED},
}
# name -> (measured against, ratio at most, peak MiB at most)
CEILINGS = {
    "planner --version": ("python -c 'import typer'", 1.6, None),
    "fraud-scorer --no-verify": ("planner --version", 3.0, 120),
    **dict.fromkeys(VERIFIED, ("planner --version", 12.0, None)),
}
SECONDS = 2.0
"""A verified plan takes no longer."""


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
        broken |= name in VERIFIED and cost.seconds > SECONDS
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
