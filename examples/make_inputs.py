"""Writes every trace, profile and table the examples read: python examples/make_inputs.py [DIR]

Seeded and free of dependencies: the same bytes everywhere. Nothing here was measured; the numbers
have the shape of real ones and belong to nobody.
"""

from __future__ import annotations

import json
import math
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

SEED = 20261103
WEEK_START = datetime(2026, 10, 5, tzinfo=UTC)
"""A Monday."""

TOOL = "examples/make_inputs.py (invented numbers)"


@dataclass(frozen=True, kw_only=True)
class Machine:
    """How one instance type answers: alone in `alone_ms`, `slots` at a time without slowing down.

    Beyond its slots the requests share it; `share_ms` is what each further one adds.
    """

    name: str
    alone_ms: float
    slots: int
    share_ms: float
    up_to: int

    def mean_ms(self, concurrency: int) -> float:
        contention = 0.03 * self.alone_ms * (min(concurrency, self.slots) - 1)
        return self.alone_ms + contention + self.share_ms * max(concurrency - self.slots, 0)


RANKER = (
    Machine(name="CPU", alone_ms=26.0, slots=1, share_ms=26.0, up_to=1),
    Machine(name="ml.c7i.xlarge", alone_ms=20.0, slots=2, share_ms=9.0, up_to=4),
    Machine(name="ml.c7i.2xlarge", alone_ms=20.0, slots=4, share_ms=4.5, up_to=8),
    Machine(name="ml.g6.xlarge", alone_ms=7.0, slots=2, share_ms=2.4, up_to=8),
)
TAGGER = (
    Machine(name="GPU_SMALL", alone_ms=44.0, slots=1, share_ms=34.0, up_to=4),
    Machine(name="ml.c7i.2xlarge", alone_ms=310.0, slots=1, share_ms=250.0, up_to=2),
    Machine(name="ml.g5.xlarge", alone_ms=17.0, slots=2, share_ms=6.5, up_to=8),
    Machine(name="ml.g6.xlarge", alone_ms=21.0, slots=2, share_ms=9.0, up_to=8),
)
EMBEDDER = (
    Machine(name="ml.c7i.4xlarge", alone_ms=140.0, slots=2, share_ms=60.0, up_to=4),
    Machine(name="ml.g6.xlarge", alone_ms=11.0, slots=2, share_ms=4.0, up_to=8),
)


def profile(name: str, model: str, machines: Sequence[Machine], noise: random.Random) -> str:
    """Points at 1, 2, 4 ... requests in service, with the scatter of a short measurement."""
    lines = [
        f"# Written by {TOOL}.",
        "apiVersion: planner/v1alpha1",
        "kind: Profile",
        f"metadata: {{name: {name}}}",
        "spec:",
        f"  model: {model}",
        f'  measured: {{tool: "{TOOL}", date: "2026-10-20", loop: open}}',
        "  points:",
    ]
    for machine in machines:
        concurrency = 1
        while concurrency <= machine.up_to:
            mean = machine.mean_ms(concurrency) * noise.uniform(0.99, 1.01)
            p99 = mean * noise.uniform(1.55, 1.75)
            lines.append(
                f"    - {{instance: {machine.name}, concurrency: {concurrency}, "
                f"mean: {mean:.2f}ms, p99: {p99:.2f}ms}}"
            )
            concurrency *= 2
    return "\n".join(lines) + "\n"


def merchants(noise: random.Random, count: int = 2000) -> str:
    """One model per merchant: a few are asked all day, most of them hardly ever."""
    rows = ["merchant_id,s3_key,bytes,req_per_day"]
    for rank in range(1, count + 1):
        size = int(18e6 * math.exp(noise.gauss(0.0, 0.35)))
        per_day = round(90_000 / (rank + 6) ** 1.05 * noise.uniform(0.8, 1.2), 1)
        identity = f"m{noise.randrange(16**6):06x}-{rank:04d}"
        rows.append(f"{identity},{identity}/model.tar.gz,{size},{per_day}")
    head, body = rows[:1], rows[1:]
    noise.shuffle(body)
    return "\n".join(head + body) + "\n"


def hill(hour: float, *, peak_hour: float, width_h: float) -> float:
    """Share of the daily peak: a bell that knows that midnight is one hour after eleven."""
    away = min(abs(hour - peak_hour), 24 - abs(hour - peak_hour))
    return math.exp(-0.5 * (away / (width_h / 2.355)) ** 2)


def poisson(mean: float, noise: random.Random) -> int:
    """A count around `mean`; large means by their normal limit."""
    if mean > 500:
        return max(0, round(noise.gauss(mean, math.sqrt(mean))))
    level, count, product = math.exp(-mean), 0, noise.random()
    while product > level:
        count += 1
        product *= noise.random()
    return count


def invocations(noise: random.Random) -> str:
    """Counts per five minutes of one week: office hours, quiet weekends, two re-index runs."""
    rows = ["ts,invocations"]
    for bucket in range(7 * 24 * 12):
        stamp = WEEK_START + timedelta(minutes=5 * bucket)
        hour = stamp.hour + stamp.minute / 60
        per_second = 6 + 70 * hill(hour, peak_hour=14.0, width_h=8.0)
        if stamp.weekday() >= 5:
            per_second *= 0.35
        if stamp.weekday() in (1, 3) and 2 <= hour < 2.5:
            per_second += 90
        rows.append(f"{stamp:%Y-%m-%dT%H:%M:%SZ},{poisson(per_second * 300, noise)}")
    return "\n".join(rows) + "\n"


def tickets(noise: random.Random) -> str:
    """One line per request over a week: people write in bursts, and hardly ever at night."""
    lines = [json.dumps({"t": round(stamp, 3)}) for stamp in _ticket_stamps(noise)]
    return "\n".join(lines) + "\n"


def _ticket_stamps(noise: random.Random) -> Iterator[float]:
    second, end = 0.0, 7 * 86400.0
    while True:
        hour, day = second % 86400 / 3600, int(second // 86400)
        per_hour = 1.5 + 34 * hill(hour, peak_hour=11.0, width_h=7.0) * (1.0 if day < 5 else 0.2)
        second += noise.expovariate(per_hour / 3600)
        if second >= end:
            return
        yield second
        for _ in range(poisson(0.6, noise)):
            yield (second := min(second + noise.expovariate(1 / 8.0), end))


def inputs() -> Mapping[str, str]:
    """Every file by its path below examples/, each from a generator of its own."""
    return {
        "doc-embedder/profiles/e5.yaml": profile("e5", "embedder", EMBEDDER, _noise("e5")),
        "doc-embedder/traces/invocations.csv": invocations(_noise("invocations")),
        "image-tagger/profiles/tagger.yaml": profile("tagger", "tagger", TAGGER, _noise("tagger")),
        "merchant-fleet/models.csv": merchants(_noise("merchants")),
        "shop-ranker/profiles/ranker.yaml": profile("ranker", "ranker", RANKER, _noise("ranker")),
        "ticket-router/requests.jsonl": tickets(_noise("tickets")),
    }


def _noise(name: str) -> random.Random:
    return random.Random(f"{SEED}-{name}")


def main() -> None:
    base = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for name, text in inputs().items():
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        print(f"{name}: {len(text.encode()):,} bytes")


if __name__ == "__main__":
    main()
