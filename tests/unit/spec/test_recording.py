"""What is kept of recorded traffic, and that it is read in bounded memory."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections import Counter
from io import BytesIO
from pathlib import Path
from random import Random

import pyarrow
import pytest
from pyarrow import parquet

from planner.errors import SpecError
from planner.model.traffic import Trace
from planner.model.workload import Workload
from planner.spec import Source, load
from planner.spec.quantities import SpecBlock, Text
from planner.spec.recording import EXACT, MAX_BUCKETS, Arrivals, grid_of

BASE = (Path(__file__).parents[2] / "cases" / "spec" / "bases" / "trace.yaml").read_text()


class Cloud(SpecBlock):
    region: Text


def workload(content: bytes, *, name: str = "requests.csv", columns: str = "t") -> Workload:
    text = BASE.replace("requests.csv", name).replace("{timestamp: t}", f"{{timestamp: {columns}}}")
    specs = load(
        [Source(name="planner.yaml", text=text.encode())],
        reader=lambda _: BytesIO(content),
        settings_models=lambda _: Cloud,
        provider_names=("cloud",),
    )
    return specs[0].workload


def trace_of(content: bytes, **named: str) -> Trace:
    pattern = workload(content, **named).traffic.pattern
    assert isinstance(pattern, Trace)
    return pattern


def poisson(number: int, rate: float, *, seed: int = 1) -> list[float]:
    random, at, stamps = Random(seed), 0.0, []
    for _ in range(number):
        stamps.append(at)
        at += random.expovariate(rate)
    return stamps


def test_csv_jsonl_parquet_and_packed_files_say_the_same() -> None:
    stamps = [round(at, 6) for at in poisson(40_000, 30.0)]
    rows = "".join(f"x,{at}\n" for at in stamps)
    csv = f"id,t\n{rows}".encode()
    lines = "".join(json.dumps({"t": at, "id": "x"}) + "\n" for at in stamps).encode()
    packed = BytesIO()
    parquet.write_table(pyarrow.table({"t": stamps}), packed)
    expected = tuple(stamps)
    assert trace_of(csv).stamps_s == expected
    assert trace_of(gzip.compress(csv), name="r.csv.gz").stamps_s == expected
    assert trace_of(lines, name="r.jsonl").stamps_s == expected
    assert trace_of(gzip.compress(lines), name="r.jsonl.gz").stamps_s == expected
    assert trace_of(packed.getvalue(), name="r.parquet").stamps_s == expected


@pytest.mark.parametrize(
    ("step", "rate", "late"),
    [(0.01, 300.0, 0), (0.1, 20.0, 0), (1.0, 5.0, 0), (3.0, 3.0, 1), (7.0, 2.0, 1), (60.0, 1.0, 9)],
)
def test_rounded_stamps_are_counts_on_their_grid(step: float, rate: float, late: int) -> None:
    random = Random(2)
    steps = [int(at / step) for at in poisson(4000, rate)]
    stamps = sorted(n * step + random.randint(-late, late) / 1000 for n in steps)
    arrivals = Arrivals()
    arrivals.add([stamp + 1000.0 for stamp in stamps])
    found = arrivals.recording(None)
    assert found.grid_s == pytest.approx(step)
    numbers = Counter(steps)
    assert found.counts == tuple(float(numbers[n]) for n in range(steps[-1] + 1))


def test_a_few_stamps_off_the_grid_do_not_hide_it() -> None:
    stamps = sorted([float(int(at)) for at in poisson(4000, 5.0)] + [0.123, 99.77, 400.5, 512.25])
    found = grid_of(stamps)
    assert found is not None
    assert found.step == 1000


@pytest.mark.parametrize("digits", [3, 6])
def test_exact_arrivals_have_no_grid(digits: int) -> None:
    assert grid_of([round(at, digits) for at in poisson(20_000, 100.0)]) is None


def test_regular_stamps_that_never_coincide_stay() -> None:
    assert grid_of([float(n) for n in range(500)]) is None


def test_a_fine_grid_over_a_long_time_is_coarsened_until_it_fits() -> None:
    stamps = [(n // 4) * 400.0 + (n % 2) * 0.1 for n in range(20_000)]
    arrivals = Arrivals()
    arrivals.add(stamps)
    found = arrivals.recording(None)
    assert found.grid_s == pytest.approx(0.1)
    assert found.bucket_s == pytest.approx(1.0)
    assert len(found.counts) <= MAX_BUCKETS
    assert sum(found.counts) == len(stamps)


def test_more_than_can_be_kept_are_counted_and_it_is_said() -> None:
    number = EXACT + 20_000
    content = b"t\n" + b"".join(b"%d.%03d\n" % divmod(n * 7, 1000) for n in range(number))
    found = workload(content)
    pattern = found.traffic.pattern
    assert isinstance(pattern, Trace)
    assert pattern.stamps_s == ()
    assert pattern.bucket_s == pytest.approx(0.01)
    assert sum(pattern.counts) == number
    said = [a for a in found.assumptions if a.subject == "spec.traffic.columns.timestamp"]
    assert [a.value for a in said] == ["counts per 10 ms"]
    assert f"{number:,}" in said[0].reason


def test_counts_widen_while_the_recording_grows() -> None:
    arrivals = Arrivals()
    exact = [float(at) for at in poisson(EXACT + 1, 1000.0)]
    arrivals.add(exact)
    later = [1e5 + n for n in range(1000)]
    arrivals.add(later)
    found = arrivals.recording(None)
    assert found.bucket_s == pytest.approx(0.1)
    numbers = Counter(int(at / found.bucket_s + 1e-6) for at in (*exact, *later))
    assert {i: n for i, n in enumerate(found.counts) if n} == numbers


def test_a_bad_row_far_down_is_quoted_at_its_line() -> None:
    rows = [b"%d" % n for n in range(40_000)]
    rows[33_333] = b"soon"
    with pytest.raises(SpecError) as raised:
        trace_of(b"t\n" + b"\n".join(rows) + b"\n")
    (found,) = raised.value.diagnostics
    assert str(found.location) == "requests.csv:33335:1"
    assert found.excerpt == "soon\n^^^^"
    with pytest.raises(SpecError) as raised:
        trace_of(b'{"t": 1}\n' * 30_000 + b'{"t": \n', name="r.jsonl")
    assert str(raised.value.diagnostics[0].location) == "r.jsonl:30001:7"


MEASURED = """
import resource, sys
from pathlib import Path
from planner.sources import read_beside
from planner.spec import Source, load
from planner.spec.quantities import SpecBlock

class Cloud(SpecBlock):
    region: str

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
path = Path(sys.argv[1])
load([Source(name=str(path), text=path.read_bytes())], reader=read_beside,
     settings_models=lambda _: Cloud, provider_names=("cloud",))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_many_requests_need_little_memory(tmp_path: Path) -> None:
    (tmp_path / "planner.yaml").write_text(BASE)
    with (tmp_path / "requests.csv").open("wb") as file:
        file.write(b"t\n")
        for start in range(0, 1_500_000, 100_000):
            file.write(
                b"".join(b"%d.%03d\n" % divmod(n * 3, 1000) for n in range(start, start + 100_000))
            )
    run = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path / "planner.yaml")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(run.stdout) < 150, f"{run.stdout} MB"
