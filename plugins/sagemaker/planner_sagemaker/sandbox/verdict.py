"""The state of an alarm from its datapoints: how CloudWatch treats those that are missing.

The rules, the evaluation range and the two tables that tests hold this against are those of the
CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data".
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

ALARM, OK, INSUFFICIENT = "ALARM", "OK", "INSUFFICIENT_DATA"
MORE_PERIODS = 2
"""The range that is evaluated is longer than EvaluationPeriods; the guide shows 5 for 3."""

_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def breaching(alarm: Mapping[str, Any], found: float) -> bool:
    """Whether a datapoint is beyond the threshold."""
    return _COMPARISONS[alarm["ComparisonOperator"]](found, alarm["Threshold"])


def is_evaluated(alarm: Mapping[str, Any]) -> bool:
    """Whether this is an alarm on a threshold; bands of anomaly detection are not evaluated."""
    return alarm.get("ComparisonOperator") in _COMPARISONS and "Threshold" in alarm


def state(alarm: Mapping[str, Any], points: Sequence[float | None]) -> str:
    """The state after these datapoints of the evaluation range, the oldest first."""
    periods = int(alarm["EvaluationPeriods"])
    least = int(alarm.get("DatapointsToAlarm", periods))
    real = [breaching(alarm, one) for one in points if one is not None]
    if len(real) >= periods:
        return ALARM if sum(real[-periods:]) >= least else OK
    treatment = alarm.get("TreatMissingData", "missing")
    if treatment == "breaching":
        return ALARM if sum(real) + periods - len(real) >= least else OK
    if treatment == "notBreaching":
        return ALARM if sum(real) >= least else OK
    if not real:
        return INSUFFICIENT if treatment == "missing" else str(alarm["StateValue"])
    if sum(real) >= least:
        return ALARM
    if not all(real):
        return OK
    if treatment == "ignore":
        return str(alarm["StateValue"])
    # One breach and silence since: an alarm, once it is as old as DatapointsToAlarm.
    age = next(len(points) - at for at, one in enumerate(points) if one is not None)
    return ALARM if age >= least else OK
