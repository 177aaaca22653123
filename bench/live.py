"""What a cloud's answers cost: python bench/live.py [--endpoints N] [--latency SECONDS] [--check]

Endpoints are applied in a sandbox that runs in a process of its own, and planned again: nothing is
to do, and every object is read. First without latency, against the same plan offline and at a
quarter of the size; then with a delay for every call, against what so many calls take by
themselves: asked by plain HTTP, as many at a time as the planner lets run, and their answers thrown
away. All by the closed form: the solver's verification is
in startup.py.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from fleet import write_endpoints
from measure import PLANNER, once, table

PARALLEL = 10
"""The default of --parallelism."""

OFFLINE_RATIO = 10.0
BOUND_RATIO = 1.3
PEAK_MIB = 400.0
GROWTH = 1.25
SEEN = "sandbox"
EACH = 60
"""Calls of one thread of which the time by plain HTTP is taken."""


@contextmanager
def sandbox() -> Iterator[str]:
    """A sandbox without delays in another process; yields its URL."""
    command = [*PLANNER, "sandbox", "serve", "--provider", "sagemaker", "--port", "0"]
    serving = subprocess.Popen(
        [*command, "--state", ":memory:"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert serving.stdout is not None
    url = serving.stdout.readline().strip()
    tell(url, "pace", {"create_s": 0, "update_s": 0, "delete_s": 0, "consistency_s": 0})
    try:
        yield url
    finally:
        serving.terminate()
        serving.wait()


def tell(url: str, path: str, document: object) -> None:
    """Steer the sandbox."""
    urlopen(Request(f"{url}/_sandbox/{path}", data=json.dumps(document).encode())).close()


def asked(url: str) -> int:
    """How many requests the sandbox has heard."""
    with urlopen(f"{url}/_sandbox/calls") as answer:
        return len(json.load(answer))


def alone_s(url: str) -> float:
    """Seconds for one of many calls, asked by `PARALLEL` threads that do nothing else."""
    heads = {
        "X-Amz-Target": "SageMaker.DescribeEndpoint",
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={SEEN}/20261121/us-east-1/sagemaker/"
        "aws4_request, SignedHeaders=host, Signature=0",
    }
    body = json.dumps({"EndpointName": "fraud-scorer-0000"})

    def ask(calls: int) -> None:
        there = HTTPConnection(urlsplit(url).netloc)
        for _ in range(calls):
            there.request("POST", "/", body=body, headers=heads)
            there.getresponse().read()
        there.close()

    with ThreadPoolExecutor(PARALLEL) as threads:
        started = time.perf_counter()
        list(threads.map(ask, [EACH] * PARALLEL))
        return (time.perf_counter() - started) / (EACH * PARALLEL)


def measured(count: int, latency_s: float) -> dict[str, float]:
    """Seconds and calls of one size."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as directory, sandbox() as url:
        specs = str(write_endpoints(Path(directory), count))
        plan = [*PLANNER, "-q", "plan", specs, "--no-verify", "-o", "json"]
        found["offline_s"], _ = once([*plan, "--offline"])
        os.environ.update(AWS_ENDPOINT_URL=url, AWS_ACCESS_KEY_ID=SEEN, AWS_SECRET_ACCESS_KEY=SEEN)
        apply = [*PLANNER, "-q", "apply", specs, "--no-verify", "--auto-approve"]
        found["apply_s"], _ = once([*apply, "--parallelism", "16"])
        before = asked(url)
        found["live_s"], found["peak_mib"] = once([*plan, "--detailed-exitcode"])
        found["calls"] = asked(url) - before
        if latency_s:
            tell(url, "faults", [{"match": {}, "effect": "delay", "seconds": latency_s}])
            started = time.perf_counter()
            once(plan)
            found["slow_s"] = time.perf_counter() - started
            found["nominal_s"] = found["calls"] * latency_s / PARALLEL
            found["bound_s"] = found["calls"] * alone_s(url)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoints", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    quarter = options.endpoints // 4
    small = measured(quarter, 0.0)
    large = measured(options.endpoints, options.latency)
    rows = [
        [name, f"{small.get(key, 0):.2f}", f"{large.get(key, 0):.2f}"]
        for name, key in (
            ("offline plan, s", "offline_s"),
            ("apply, s", "apply_s"),
            ("plan without a change, s", "live_s"),
            ("its calls", "calls"),
            ("its peak, MiB", "peak_mib"),
            (f"the same at {options.latency * 1000:.0f} ms a call, s", "slow_s"),
            ("what so many calls take by plain HTTP, s", "bound_s"),
            ("calls x latency / 10, s", "nominal_s"),
        )
    ]
    table(["what", f"{quarter} endpoints", f"{options.endpoints} endpoints"], rows)
    ratio = large["live_s"] / large["offline_s"]
    bound = large["slow_s"] / large["bound_s"]
    growth = (large["live_s"] / options.endpoints) / (small["live_s"] / quarter)
    print()
    table(
        ["what", "measured", "ceiling"],
        [
            ["plan without a change over the offline plan", f"{ratio:.1f}x", f"< {OFFLINE_RATIO}x"],
            ["wall time over the calls' own", f"{bound:.2f}x", f"< {BOUND_RATIO}x"],
            ["peak memory", f"{large['peak_mib']:.0f} MiB", f"< {PEAK_MIB:.0f} MiB"],
            ["growth of time per endpoint", f"{growth:.2f}x", f"< {GROWTH}x"],
        ],
    )
    broken = (
        ratio >= OFFLINE_RATIO
        or bound >= BOUND_RATIO
        or large["peak_mib"] >= PEAK_MIB
        or growth >= GROWTH
    )
    return int(broken and options.check)


if __name__ == "__main__":
    sys.exit(main())
