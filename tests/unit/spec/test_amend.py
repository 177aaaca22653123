import pytest
import yaml

from planner.spec import Source
from planner.spec.amend import Spot, block_of, with_calibration

ENTRIES: dict[str, str | float] = {
    "instance": "ml.c6i.large",
    "factor": 1.66667,
    "date": "2026-11-21",
    "reason": 'p50 of 9.66 ms where 5.72 ms was predicted, at 1,200/s on 9 replicas: "slow"',
}
SPEC = """\
# A spec of somebody who writes comments.
apiVersion: planner/v1alpha1
kind: Endpoint
metadata: {name: other}
spec:
  models:
    - {name: alone, service_time: 2ms, reference_instance: CPU}   # in one line
---
kind: Endpoint
metadata: {name: fraud-scorer}
spec:
  models:
    - name: first
      service_time: 1ms
    - name: fraud
      service_time: 6ms                  # mean, one request at a time ...
      reference_instance: ml.c7i.large   # ... on this machine

  traffic: {type: steady, rate: 100/s}
"""
FRAUD = Spot(document=1, model=1)
BLOCK = """\
      calibration:
        instance: ml.c6i.large
        factor: 1.66667
        date: 2026-11-21
        reason: "p50 of 9.66 ms where 5.72 ms was predicted, at 1,200/s on 9 replicas: \\"slow\\""
"""


def amended(text: str, spot: Spot = FRAUD, **changed: str | float) -> str:
    found = with_calibration(Source(name="a.yaml", text=text.encode()), spot, ENTRIES | changed)
    assert found is not None
    return found


def test_the_block_stands_below_the_service_time_and_nothing_else_moves() -> None:
    line = "      service_time: 6ms                  # mean, one request at a time ...\n"
    assert amended(SPEC) == SPEC.replace(line, line + BLOCK)


def test_a_newer_block_takes_the_place_of_the_older() -> None:
    once = amended(SPEC)
    again = amended(once, factor=1.1)
    assert again == once.replace("factor: 1.66667", "factor: 1.1")
    longer = once.replace("        date:", "        # by hand\n        scv: 0.2\n        date:")
    assert amended(longer) == once


def test_a_model_on_one_line_stays_on_it() -> None:
    made = amended(SPEC, Spot(document=0, model=0))
    (model,) = next(yaml.safe_load_all(made))["spec"]["models"]
    assert model["calibration"]["reason"] == ENTRIES["reason"]
    assert made.count("\n") == SPEC.count("\n")
    assert "}   # in one line\n" in made
    assert amended(made, Spot(document=0, model=0), factor=2.0) == made.replace("1.66667", "2")


def test_line_endings_and_a_missing_last_one_are_kept() -> None:
    windows = SPEC.replace("\n", "\r\n")
    assert amended(windows) == amended(SPEC).replace("\n", "\r\n")
    short = SPEC[: SPEC.index("                  # mean")]
    assert amended(short) == f"{short}\n{BLOCK}"


@pytest.mark.parametrize(
    "text",
    [
        SPEC.replace("service_time: 6ms ", "profile: measured.yaml "),
        SPEC.replace("    - name: first\n", "    - &base\n      name: first\n").replace(
            "      service_time: 6ms  ", "      <<: *base\n      #"
        ),
        SPEC.partition("---")[0],
    ],
    ids=["elsewhere", "merged", "no such document"],
)
def test_what_cannot_be_told_from_the_text_alone_is_left_alone(text: str) -> None:
    assert with_calibration(Source(name="a.yaml", text=text.encode()), FRAUD, ENTRIES) is None


@pytest.mark.parametrize("text", ["null", "true", "12", "1e3", "a: b", "# no", "x, y", "- z"])
def test_a_reason_is_text_whatever_it_looks_like(text: str) -> None:
    for spot in (FRAUD, Spot(document=0, model=0)):
        documents = list(yaml.safe_load_all(amended(SPEC, spot, reason=text)))
        model = documents[spot.document]["spec"]["models"][spot.model]
        assert model["calibration"]["reason"] == text


def test_the_block_can_be_shown_to_be_written_by_hand() -> None:
    assert f"{block_of(ENTRIES, 6)}\n" == BLOCK
