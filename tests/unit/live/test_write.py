"""What has to be agreed to, or looked into, before anything is written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.errors import AuthError, ExitCode, ProviderError, UsageError
from planner.live import CONSENT, refuse_failed, refuse_risks
from planner.model.change import RISKS, Action, Change, ChangeSet, Risk
from planner.model.check import Check, Verdict
from planner.model.plan import Pending
from tests.support import decisions

COMMAND = "planner apply spec.yaml --sandbox"


def check(verdict: Verdict, subject: str = "fraud-scorer") -> Check:
    return Check(
        name="role",
        subject=subject,
        verdict=verdict,
        detail="the role does not exist",
        hint="cloud create-role",
    )


def pending(*risks: Risk, action: Action = Action.UPDATE) -> Pending:
    """An endpoint's update of one object for each risk."""
    changes = tuple(
        Change(
            address=f"endpoint/{number}",
            action=action,
            reason=f"reason {number}",
            risk=risk,
        )
        for number, risk in enumerate(risks)
    )
    return Pending(
        owner="fraud-scorer",
        desired=decisions.desired(),
        changes=ChangeSet(endpoint="fraud-scorer", action=action, changes=changes),
    )


def test_checks_that_passed_or_could_not_be_made_refuse_nothing() -> None:
    refuse_failed(())
    refuse_failed([check(Verdict.PASSED), check(Verdict.UNKNOWN)])


@pytest.mark.parametrize(
    ("verdict", "kind", "code", "exit_code"),
    [
        (Verdict.FAILED, ProviderError, "check-failed", ExitCode.ERROR),
        (Verdict.DENIED, AuthError, "check-denied", ExitCode.AUTHENTICATION),
    ],
)
def test_a_check_that_failed_is_refused_in_its_own_words(
    verdict: Verdict, kind: type[AuthError], code: str, exit_code: ExitCode
) -> None:
    with pytest.raises(kind) as refused:
        refuse_failed([check(Verdict.PASSED), check(verdict), check(Verdict.UNKNOWN)])
    assert (refused.value.code, refused.value.exit_code) == (code, exit_code)
    assert str(refused.value) == "fraud-scorer: the role does not exist"
    assert refused.value.hint == "cloud create-role"


def test_the_first_of_several_is_told() -> None:
    with pytest.raises(AuthError, match="first"):
        refuse_failed([check(Verdict.DENIED, "first"), check(Verdict.FAILED, "second")])
    with pytest.raises(ProviderError, match="second"):
        refuse_failed([check(Verdict.FAILED, "second"), check(Verdict.DENIED, "first")])


@pytest.mark.parametrize("risk", [risk for risk in RISKS if risk not in CONSENT])
def test_ordinary_risks_need_no_word(risk: Risk) -> None:
    refuse_risks([pending(risk)], (), COMMAND)


def test_what_cannot_be_undone_or_takes_the_endpoint_down_does() -> None:
    assert set(CONSENT) == {Risk.ONE_WAY, Risk.DOWNTIME}


@pytest.mark.parametrize("risk", CONSENT)
def test_a_grave_risk_is_refused_until_it_is_named(risk: Risk) -> None:
    found = [pending(Risk.ROLLING), pending(Risk.IN_PLACE, risk)]
    others = tuple(other for other in RISKS if other is not risk)
    for accepted in ((), others):
        with pytest.raises(UsageError) as refused:
            refuse_risks(found, accepted, COMMAND)
        assert (refused.value.code, refused.value.exit_code) == (
            "risk-not-accepted",
            ExitCode.USAGE,
        )
        assert str(refused.value) == f"endpoint/1 is {risk.value}: reason 1"
        assert refused.value.hint == f"{COMMAND} --accept {risk.value}"
    refuse_risks(found, (risk,), COMMAND)


def test_every_grave_risk_has_to_be_named() -> None:
    both = [pending(*CONSENT)]
    for named in CONSENT:
        with pytest.raises(UsageError):
            refuse_risks(both, (named,), COMMAND)
    refuse_risks(both, CONSENT, COMMAND)


def test_a_risk_of_what_is_not_done_is_none() -> None:
    refuse_risks([pending(Risk.DOWNTIME, action=Action.NONE)], (), COMMAND)


def test_deleting_is_asked_for_by_its_own_command() -> None:
    refuse_risks([pending(Risk.DOWNTIME, action=Action.DELETE)], (), COMMAND)
    refuse_risks([decisions.removal()], (), COMMAND)
    mixed = pending(Risk.DOWNTIME, action=Action.DELETE)
    replaced = replace(mixed, changes=replace(mixed.changes, action=Action.REPLACE))
    with pytest.raises(UsageError):
        refuse_risks([replaced], (), COMMAND)
