"""Checkups as a JSON value, sorted by endpoint; moments are in UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from planner.model.checkup import Checkup, Condition, Finding
from planner.plans.numbers import rounded

FORMAT_VERSION = "1.0"
KIND = "Checkup"


def checkup_document(found: Sequence[Checkup]) -> dict[str, Any]:
    """Every endpoint with its findings, and how many are in which condition."""
    return {
        "endpoints": [_part(one) for one in sorted(found, key=lambda one: one.endpoint)],
        "format_version": FORMAT_VERSION,
        "kind": KIND,
        "summary": {
            condition.value: sum(one.condition is condition for one in found)
            for condition in sorted(Condition)
        },
    }


def _part(one: Checkup) -> dict[str, Any]:
    looked = one.condition is not Condition.ABSENT
    return {
        "condition": one.condition.value,
        "findings": [_finding(each) for each in one.findings],
        "monthly_usd": None if one.monthly_usd is None else round(one.monthly_usd, 2),
        "name": one.endpoint,
        "notes": list(one.notes),
        "provider": one.provider,
        "region": one.region,
        "requests": rounded(one.requests, 1),
        "since": stamp(one.since_s) if looked else None,
        "unmeasured": list(one.unmeasured),
        "until": stamp(one.until_s) if looked else None,
        "workload": one.workload,
    }


def _finding(one: Finding) -> dict[str, Any]:
    saves = one.saves_monthly_usd
    return {
        "action": one.action,
        "cause": one.cause,
        "command": one.command or None,
        "expected": one.expected,
        "measured": one.measured,
        "rule": one.rule,
        "saves_monthly_usd": None if saves is None else round(saves, 2),
        "severity": one.severity.value,
        "source_id": one.source_id,
    }


def stamp(at_s: float) -> str:
    """A moment for people and programs."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
