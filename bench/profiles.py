"""Published measurements through `planner profile import`, number by number, and plans by them.

python bench/profiles.py DIRECTORY

The directory holds `sagemaker_fmbench_llm_summary.csv`, `sagemaker_fmbench_llm_chunks.csv.gz` (of
aws-samples/foundation-model-benchmarking-tool, data/metrics, MIT-0) and
`ec2_encoder_latency_batch1.csv` (of philschmid/aws-neuron-samples, benchmark/results, MIT). Every
row has to come back, compared with what Python's csv module reads; every run and payload of the
language models has to give a plan on the instance types that were measured, at the service times
measured; and the profile of examples/doc-summarizer has to say what the file says. Ends with 1
where anything does not.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml
from measure import PLANNER, ROOT, table

from planner.profiling import Given, Observation, imported
from planner.profiling.content import Content
from planner.profiling.fmbench import metrics
from planner.profiling.table import table as rows_of

SUMMARY = "sagemaker_fmbench_llm_summary.csv"
CHUNKS = "sagemaker_fmbench_llm_chunks.csv.gz"
ENCODERS = "ec2_encoder_latency_batch1.csv"
ENCODER_COLUMNS = {"mean_ms": "time_avg_ms", "std_ms": "time_std_ms", "p95_ms": "time_p95_ms"}
LABELS = ("run", "experiment_name", "payload_file")
EXAMPLE = ROOT / "examples" / "doc-summarizer"
EXAMPLE_IS = {"run": "llama2-13b-inf2-g5-p4d-v1", "payload_file": "payload_en_1000-2000.jsonl"}
LOAD = 0.4
"""Of what one replica of the slowest type finishes with one request at a time."""

Row = Mapping[str, str]


def read(path: Path) -> list[Row]:
    """The rows as Python reads them."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(data.decode().splitlines()))


def key_of(row: Row) -> tuple[str, ...]:
    """What was measured, by its labels, type and users."""
    return (*(row[name] for name in LABELS), row["instance_type"], f"{float(row['concurrency']):g}")


def seen_key(one: Observation) -> tuple[str, ...]:
    labels = dict(one.labels)
    return (*(labels[name] for name in LABELS), one.instance_type, f"{one.users:g}")


def summary_faults(path: Path) -> Iterator[str]:
    """What of the summary does not come back."""
    rows = {key_of(row): row for row in read(path)}
    found = {seen_key(one): one for one in metrics(Content(path.name, path.read_bytes()), Given())}
    yield from missing(rows.keys(), found.keys(), path.name)
    for key in rows.keys() & found.keys():
        row, one = rows[key], found[key]
        said = {"mean": one.mean_s, "requests": float(one.requests or 0)}
        wanted = {"mean": float(row["mean"]), "requests": float(row["count"]) * (one.users or 0)}
        if one.users == 1:
            columns = {"min": "min", "50%": "p50", "90%": "p90", "99%": "p99", "max": "max"}
            said |= {name: one.percentile(ours) or 0.0 for name, ours in columns.items()}
            said["std"] = one.std_s or 0.0
            wanted |= {name: float(row[name] or 0.0) for name in (*columns, "std")}
        yield from differing(key, said, wanted)


def chunk_faults(path: Path) -> Iterator[str]:
    """What of the chunks does not come back: their means, requests, tokens and errors."""
    rows: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in read(path):
        rows[key_of(row)].append(row)
    rows = {key: some for key, some in rows.items() if any(row["latency_mean_s"] for row in some)}
    found = {seen_key(one): one for one in metrics(Content(path.name, path.read_bytes()), Given())}
    yield from missing(rows.keys(), found.keys(), path.name)
    for key in rows.keys() & found.keys():
        some, one = rows[key], found[key]
        times = [float(row["latency_mean_s"]) for row in some if row["latency_mean_s"]]
        wanted = {"mean": statistics.fmean(times), "requests": len(times) * (one.users or 0)}
        said = {"mean": one.mean_s, "requests": float(one.requests or 0)}
        if one.users == 1 and len(times) > 1:
            wanted["std"], said["std"] = statistics.stdev(times), one.std_s or 0.0
        for column, ours in (
            ("prompt_token_count_mean", one.input_tokens),
            ("completion_token_count_mean", one.output_tokens),
            ("error_rate", one.errors),
        ):
            known = [float(row[column]) for row in some if row[column]]
            wanted[column], said[column] = statistics.fmean(known), ours or 0.0
        yield from differing(key, said, wanted)


def encoder_faults(path: Path) -> Iterator[str]:
    """What of the encoders does not come back, by columns that are named."""
    given = Given(columns=ENCODER_COLUMNS, users=1, at="model", date="2023")
    found = rows_of(Content(path.name, path.read_bytes()), given)
    rows = read(path)
    if len(found) != len(rows):
        yield f"{path.name}: {len(found)} of {len(rows)} rows"
    for row, one in zip(rows, found, strict=False):
        said = {"mean": one.mean_s, "std": one.std_s or 0.0, "p95": one.percentile("p95") or 0.0}
        wanted = {
            "mean": float(row["time_avg_ms"]) / 1e3,
            "std": float(row["time_std_ms"]) / 1e3,
            "p95": float(row["time_p95_ms"]) / 1e3,
        }
        labels = ("model", "sequence_length")
        same = one.instance_type == row["instance_type"]
        if not same or dict(one.labels) != {name: row[name] for name in labels}:
            yield f"{path.name}: {row} came back as {one.instance_type}, {one.labels}"
        yield from differing((row["model"], row["sequence_length"]), said, wanted)


def missing(rows: object, found: object, name: str) -> Iterator[str]:
    for key in sorted(set(rows) ^ set(found)):  # type: ignore[call-overload]
        yield f"{name}: {', '.join(key)} is on one side only"


def differing(
    key: Sequence[str], said: Mapping[str, float], wanted: Mapping[str, float]
) -> Iterator[str]:
    for name, number in wanted.items():
        if not math.isclose(said[name], number, rel_tol=1e-9, abs_tol=1e-12):
            yield f"{', '.join(key)}: {name} {said[name]} is not {number}"


def planned(*words: str, cwd: Path) -> dict[str, object]:
    """What a command answers as JSON, or an empty document where it fails."""
    done = subprocess.run([*PLANNER, *words], cwd=cwd, capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 and done.stdout else {}


def plan_by(place: Path, path: Path, only: Mapping[str, str], rate: float) -> tuple[str, ...]:
    """The instance type, replicas and requests at a time of a plan by an imported profile."""
    words = [f"--only={name}={text}" for name, text in only.items()]
    command = (
        "profile",
        "import",
        str(path),
        *words,
        "--out",
        "p.yaml",
        "--force",
        "--date",
        "2024",
    )
    done = subprocess.run(
        [*PLANNER, *command], cwd=place, capture_output=True, text=True, check=False
    )
    if done.returncode:
        return (done.stderr.splitlines()[0],)
    points = yaml.safe_load((place / "p.yaml").read_text())["spec"]["points"]
    types = sorted({one["instance"] for one in points})
    spec = yaml.safe_load((EXAMPLE / "planner.yaml").read_text())
    body = spec["spec"]
    body["models"][0] |= {"profile": "p.yaml", "size": "14GB", "memory": "18GB"}
    body["traffic"] = {"type": "steady", "rate": f"{rate * 60:.6g}/min"}
    slowest = max(seconds_of(one["mean"]) for one in points)
    body["slo"]["latency"] = {"p50": f"{2 * slowest:.6g}s"}
    body["constraints"] = {"instances": {"include": types}, "replicas": {"max": 40}}
    (place / "planner.yaml").write_text(yaml.safe_dump(spec))
    document = planned("plan", "--offline", "--no-verify", "-o", "json", cwd=place)
    if not document:
        return ("no plan",)
    decision = document["endpoints"][0]["decision"]  # type: ignore[index]
    if decision is None:
        return ("infeasible",)
    name, users = decision["instance_type"], decision["concurrency"]["per_replica"]
    known = {(one["instance"], one["concurrency"]): seconds_of(one["mean"]) for one in points}
    if (name, users) not in known:
        return (f"{name} with {users} at a time was not measured",)
    return name, str(decision["replicas"]["max"]), str(users), f"{known[name, users]:.3f} s"


def seconds_of(text: str) -> float:
    number = float(text.rstrip("mus"))
    return number / 1e3 if text.endswith("ms") else number


def plan_rows(path: Path) -> Iterator[tuple[str, ...]]:
    """A row for each run and payload: labels, then what was planned, or one cell of what failed."""
    runs: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in read(path):
        if float(row["concurrency"]) == 1:
            runs[row["run"], row["payload_file"]].append(float(row["mean"]))
    with tempfile.TemporaryDirectory() as place:
        for (run, payload), times in runs.items():
            only = {"run": run, "payload_file": payload}
            yield (run, payload, *plan_by(Path(place), path, only, LOAD / max(times)))


def example_faults(path: Path) -> Iterator[str]:
    """What the example's profile says and the file does not."""
    content = Content(path.name, path.read_bytes())
    found = imported(content, Given(only=EXAMPLE_IS)).observations
    known = {(one.instance_type, one.users): one for one in found}
    for point in yaml.safe_load((EXAMPLE / "measured.yaml").read_text())["spec"]["points"]:
        one = known.get((point["instance"], float(point["concurrency"])))
        alone = known.get((point["instance"], 1.0))
        if one is None or alone is None:
            yield f"{point['instance']} at {point['concurrency']} is not in {path.name}"
            continue
        scv = round((alone.std_s or 0.0) ** 2 / alone.mean_s**2, 2)
        said = {"mean": seconds_of(point["mean"]), "scv": float(point["scv"])}
        yield from differing((point["instance"],), said, {"mean": one.mean_s, "scv": scv})


def main(place: Path) -> int:
    """Print what came of it; 0 where nothing was lost."""
    absent = [name for name in (SUMMARY, CHUNKS, ENCODERS) if not (place / name).exists()]
    if absent:
        print(f"{place} has no {', '.join(absent)}")
        return 1
    faults = [
        *summary_faults(place / SUMMARY),
        *chunk_faults(place / CHUNKS),
        *encoder_faults(place / ENCODERS),
        *example_faults(place / SUMMARY),
    ]
    for name in (SUMMARY, CHUNKS, ENCODERS):
        print(f"{name}: {len(read(place / name)):,} rows")
    print(f"{len(faults)} numbers are lost or other than in the files, or the example is")
    plans = list(plan_rows(place / SUMMARY))
    print("\nplans by what was measured, at 40 % of the slowest type's rate")
    table(
        ["run", "payload", "type", "replicas", "at a time", "service time"],
        [one for one in plans if len(one) == 6],
    )
    failed = [one for one in plans if len(one) != 6]
    for one in failed:
        print("no plan:", *one)
    for fault in faults:
        print(fault)
    return 1 if faults or failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
