"""What an alarm looks at: one metric, or metrics in an expression of + - * / and numbers.

Of metric math this is what the planner's own alarms use; what has more of it is not evaluated.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from planner.model.value import value
from planner_sagemaker.sandbox import statistics, verdict
from planner_sagemaker.sandbox.samples import Metric, Samples

_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_ALONE = "metric"


@value
class Part:
    """A metric with its statistic; `name` is what an expression calls it."""

    name: str
    metric: Metric
    stat: str
    unit: str


@value
class Query:
    """Parts of one period, and how a value is made of theirs."""

    parts: tuple[Part, ...]
    expression: str
    period: int

    def points(self, samples: Samples, start: float, count: int) -> list[float | None]:
        """Values of so many periods from a moment on; None where a part has none."""
        found = {one.name: self._points(samples, one, start, count) for one in self.parts}
        tree = _tree(self.expression)
        return [
            _value(tree, {name: points[number] for name, points in found.items()})
            for number in range(count)
        ]

    def _points(self, samples: Samples, part: Part, start: float, count: int) -> list[float | None]:
        end = start + count * self.period
        rows = samples.between(part.metric, start, end, part.unit)
        groups = statistics.periods(rows, start, self.period)
        return [statistics.statistic(part.stat, groups.get(one, ())) for one in range(count)]


def query_of(region: str, alarm: Mapping[str, Any]) -> Query | None:
    """What an alarm looks at; None for what is not evaluated here."""
    if not verdict.is_evaluated(alarm):
        return None
    given = alarm.get("Metrics") or ()
    stats = [one for one in given if "MetricStat" in one] or [_simple(alarm)]
    parts = tuple(_part(region, one) for one in stats)
    periods = {int(one["MetricStat"]["Period"]) for one in stats}
    expression = _expression(given)
    named = {one.name for one in parts}
    if len(periods) > 1 or not all(statistics.is_known(one.stat) for one in parts):
        return None
    if expression is None or not _names(expression) <= named:
        return None
    return Query(parts=parts, expression=expression, period=periods.pop())


def _expression(queries: Sequence[Mapping[str, Any]]) -> str | None:
    if not queries:
        return _ALONE
    shown = [one for one in queries if one.get("ReturnData", True)]
    if len(shown) != 1:
        return None
    text = str(shown[0].get("Expression", shown[0]["Id"]))
    return text if is_simple(text) else None


@lru_cache(maxsize=256)
def is_simple(text: str) -> bool:
    """Whether an expression has only names, numbers and the four operations."""
    try:
        tree = _tree(text)
    except SyntaxError:
        return False
    known = (ast.BinOp, ast.Name, ast.Load, ast.Constant, *_OPERATORS)
    return all(isinstance(one, known) for one in ast.walk(tree))


# An alarm looks every minute: its expression is read once.
@lru_cache(maxsize=256)
def _tree(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


@lru_cache(maxsize=256)
def _names(text: str) -> frozenset[str]:
    return frozenset(one.id for one in ast.walk(_tree(text)) if isinstance(one, ast.Name))


def _simple(alarm: Mapping[str, Any]) -> Mapping[str, Any]:
    stat = alarm.get("Statistic") or alarm.get("ExtendedStatistic", "")
    return {
        "Id": _ALONE,
        "MetricStat": {
            "Metric": alarm,
            "Period": alarm.get("Period", 60),
            "Stat": stat,
            "Unit": alarm.get("Unit", ""),
        },
    }


def _part(region: str, query: Mapping[str, Any]) -> Part:
    asked = query["MetricStat"]
    named = asked["Metric"]
    dimensions = ((one["Name"], one["Value"]) for one in named.get("Dimensions") or ())
    metric = Metric(
        region=region,
        namespace=named.get("Namespace", ""),
        name=named.get("MetricName", ""),
        dimensions=tuple(sorted(dimensions)),
    )
    return Part(name=query["Id"], metric=metric, stat=asked["Stat"], unit=asked.get("Unit") or "")


def _value(tree: ast.expr, of: Mapping[str, float | None]) -> float | None:
    if isinstance(tree, ast.Name):
        return of[tree.id]
    if isinstance(tree, ast.Constant):
        return float(tree.value)  # type: ignore[arg-type]
    assert isinstance(tree, ast.BinOp), "nothing else is simple"
    left, right = _value(tree.left, of), _value(tree.right, of)
    if left is None or right is None or (isinstance(tree.op, ast.Div) and right == 0.0):
        return None
    return _OPERATORS[type(tree.op)](left, right)
