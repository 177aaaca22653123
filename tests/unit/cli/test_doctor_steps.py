"""The next step that doctor names, as it can be typed."""

from __future__ import annotations

import pytest

from planner.cli.doctor import Options, _copyable
from planner.model.checkup import Checkup, Condition, Finding, Severity

FINDING = Finding(
    rule="service-time",
    source_id="D8",
    severity=Severity.ERROR,
    cause="it is slow",
    action="measure",
    measured="2",
    expected="1",
    command="planner profile calibrate",
)
FOUND = Checkup(
    endpoint="shop-ranker",
    workload="shop",
    provider="databricks",
    region="us-east-1",
    since_s=0.0,
    until_s=60.0,
    condition=Condition.AILING,
    findings=(FINDING,),
)


@pytest.mark.parametrize(
    ("options", "alone", "asked"),
    [
        (Options(), True, "--since 3h"),
        (Options(looks=10), True, "--looks 10 --since 3h"),
        (Options(since="1d"), False, "--only shop --since 1d"),
        (Options(paths=["a b.yaml"], sandbox=True), True, "'a b.yaml' --sandbox --since 3h"),
        (Options(overlay=["prod.yaml"]), True, "-f prod.yaml --since 3h"),
    ],
)
def test_what_was_asked_for_is_asked_for_again(options: Options, alone: bool, asked: str) -> None:
    (found,) = _copyable(FOUND, options, alone=alone).findings
    assert found.command == f"planner profile calibrate {asked}"
