from __future__ import annotations

import pytest
from planner_sagemaker.resources.cron import aws_schedules

from planner.errors import ProviderError


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("45 11 * * 1-5", ["cron(45 11 ? * MON-FRI *)"]),
        ("0 20 * * 5", ["cron(0 20 ? * FRI *)"]),
        ("0 20 * * fri", ["cron(0 20 ? * FRI *)"]),
        ("0 9 * * 0,6", ["cron(0 9 ? * SUN,SAT *)"]),
        ("0 9 * * 7", ["cron(0 9 ? * SUN *)"]),
        ("0 9 * * 5-7", ["cron(0 9 ? * SUN,FRI,SAT *)"]),
        ("0 9 * * 1-5/2", ["cron(0 9 ? * MON,WED,FRI *)"]),
        ("*/15 * * * *", ["cron(0,15,30,45 * * * ? *)"]),
        ("5/20 8-18 * * *", ["cron(5,25,45 8-18 * * ? *)"]),
        ("0 0 1,15 * *", ["cron(0 0 1,15 * ? *)"]),
        ("0 0 1 jan,jul *", ["cron(0 0 1 1,7 ? *)"]),
        ("0 9 1 * 1", ["cron(0 9 1 * ? *)", "cron(0 9 ? * MON *)"]),
        ("0 9 * * 0-6", ["cron(0 9 * * ? *)"]),
        ("0 9 1-31 * 1", ["cron(0 9 * * ? *)"]),
    ],
)
def test_five_fields_become_six(cron: str, expected: list[str]) -> None:
    assert list(aws_schedules(cron)) == expected


@pytest.mark.parametrize(
    "cron",
    ["@daily", "", "0 9 * *", "0 9 * * * *", "60 9 * * *", "0 9 * * 8", "0 9 0 * *", "0 9 L * *",
     "0 9 * * 5#3", "0 9 * foo *", "0/0 9 * * *", "5-2 * * * *"],
)  # fmt: skip
def test_what_aws_cannot_schedule(cron: str) -> None:
    with pytest.raises(ProviderError) as caught:
        aws_schedules(cron)
    assert caught.value.code == "cron-unsupported"
    assert caught.value.hint
