"""The text of a starter spec."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from textwrap import dedent, indent


class Pattern(StrEnum):
    """Traffic patterns a starter spec can show."""

    STEADY = "steady"
    INTERMITTENT = "intermittent"
    DIURNAL = "diurnal"
    STAGES = "stages"
    TRACE = "trace"


_HEAD = """\
# Check this file:   planner validate {file}
# Plan it:           planner plan {file} --offline
# See why:           planner explain {file}
# Every quantity has a unit: 50ms, 1m30s, 120MiB, 1200/s, 400/day, 65%, 3000 USD.
apiVersion: planner/v1alpha1
kind: Endpoint
metadata:
  name: my-endpoint
  labels: {{team: my-team, env: dev}}    # become tags in the cloud
spec:
  models:
    - name: my-model
      artifact: s3://my-bucket/my-model/model.tar.gz
      framework: xgboost
      size: 120MiB                 # on disk
      memory: 400MiB               # resident, per copy
      compute: cpu                 # cpu, gpu or any
      service_time: 20ms           # mean of one request alone; measure it, all else rests on it
      max_concurrency: 2           # requests one copy can serve at a time
  payload: {{request: 4KiB, response: 1KiB}}
"""

_TRAFFIC = {
    Pattern.STEADY: """\
        traffic:
          type: steady
          rate: 50/s
          # burst: {rate: 80/s, duration: 2m, every: 1h}
        """,
    Pattern.INTERMITTENT: """\
        traffic:
          type: intermittent
          requests: 400/day
          windows:                     # requests come only in these hours
            - {days: [mon, tue, wed, thu, fri], start: "08:00", end: "18:00"}
          timezone: UTC
        """,
    Pattern.DIURNAL: """\
        traffic:
          type: diurnal
          base: 5/s                    # at night
          peak: 60/s
          peak_at: "20:30"
          width: 6h                    # of the daily hill, at half its height
          weekend: 80%
          timezone: UTC
          # spikes:
          #   - {name: campaign, at: "0 12 * * fri", rate: 150/s, duration: 20m}
        """,
    Pattern.STAGES: """\
        traffic:
          type: stages                 # straight lines from rate to rate, repeated for ever
          start: 5/s
          stages:
            - {target: 60/s, duration: 2h}
            - {target: 60/s, duration: 6h}
            - {target: 5/s, duration: 16h}
        """,
    Pattern.TRACE: """\
        traffic:
          type: trace
          file: requests.csv           # beside this file; csv or jsonl
          columns: {timestamp: t}      # seconds or ISO-8601, one row per request
          scale: 1.0                   # 1.3: plan for 30 % more
          size_for: p99                # capacity covers the 99th percentile minute; max: every one
        """,
}

_ALWAYS_WARM = """\
slo:
  latency: {p99: 200ms}          # p50 ... p99.9, mean, max
  measured_at: endpoint          # model, endpoint or client
  cold_start: forbid
constraints:
  replicas: {min: 1, max: 20}
  # hosting: [dedicated, single-model]
  # budget: {monthly: 3000 USD}
"""

_MAY_BE_COLD = """\
slo:
  latency: {p95: 2s}             # p50 ... p99.9, mean, max
  measured_at: endpoint          # model, endpoint or client
  cold_start: {max: 30s, fraction: 5%}   # 1 request in 20 may wait that long
constraints:
  replicas: {min: 0, max: 4}
  scale_to_zero: allow
  # budget: {monthly: 60 USD}
"""


def starter_text(*, file: str, pattern: Pattern, blocks: Mapping[str, str]) -> str:
    """A commented spec with this traffic and these provider blocks; it plans as it stands.

    Only the trace pattern needs a file of the user's beside it.
    """
    goals = _MAY_BE_COLD if pattern is Pattern.INTERMITTENT else _ALWAYS_WARM
    parts = [
        _HEAD.format(file=file),
        indent(dedent(_TRAFFIC[pattern]), "  "),
        indent(goals, "  "),
        "  providers:                     # several blocks: compare them, and take the cheapest\n",
        *(f"    {name}:\n{indent(block, '      ')}" for name, block in blocks.items()),
    ]
    return "".join(parts)
