"""What the caller and the execution roles may do, as far as IAM's simulator tells.

It knows policies of identities, boundaries and organisations, not those of buckets or repositories
(SimulatePrincipalPolicy); IAM is one for all regions of a partition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from planner.errors import PlannerError
from planner.model.check import Check, Verdict
from planner.model.value import value
from planner_sagemaker.preflight.actions import PASSING, needed_actions
from planner_sagemaker.preflight.asking import asked, each, unread
from planner_sagemaker.preflight.caller import Caller
from planner_sagemaker.preflight.finding import Finding, told, worst
from planner_sagemaker.preflight.launches import Work
from planner_sagemaker.preflight.roles import SERVICE
from planner_sagemaker.reading import Answer, Ask

SAMPLE = 20
"""So many resources of a kind are simulated: every action is, on each of them."""

_SIMULATE = "SimulatePrincipalPolicy"


@value
class Question:
    """Actions that are needed on the same resources, and in which surroundings."""

    source: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    region: str

    def parameters(self) -> dict[str, object]:
        """The simulation's."""
        surroundings = {"aws:RequestedRegion": self.region}
        if PASSING in self.actions:
            # The usual condition of a policy that lets roles be passed.
            surroundings["iam:PassedToService"] = SERVICE
        return {
            "PolicySourceArn": self.source,
            "ActionNames": list(self.actions),
            "ResourceArns": list(self.resources[:SAMPLE]),
            "ContextEntries": [
                {"ContextKeyName": key, "ContextKeyValues": [text], "ContextKeyType": "string"}
                for key, text in surroundings.items()
            ],
        }


@value
class Decision:
    """What the simulator says of one action on one resource, and what it would have to know."""

    action: str
    resource: str
    decision: str
    missing: tuple[str, ...] = ()


def permission_checks(ask: Ask, work: Work, caller: Caller | None, region: str) -> Iterator[Check]:
    """Every action that the changes need, on what they need it on, for the caller."""
    if caller is None:
        return
    needed = needed_actions(work, caller, region)
    source = _principal(ask, caller)
    if isinstance(source, Finding):
        yield from told("permissions", "principal", [source])
        return
    answered = simulated(ask, questions(source, needed, region))
    if isinstance(answered, PlannerError):
        yield from told("permissions", "principal", [unsimulated(source, answered)])
        return
    sampled = any(len(arns) > SAMPLE for arns in needed.values())
    found = worst(_finding(source, one, sampled=sampled) for one in answered)
    yield from told("permissions", "action", found)


def _principal(ask: Ask, caller: Caller) -> str | Finding:
    """The user, or the role behind a session, whose ARN alone the simulator takes."""
    if caller.session_of:
        # The session does not tell the path of its role, which the ARN has.
        found = asked(ask, "iam", "GetRole", {"RoleName": caller.session_of})
        if isinstance(found, PlannerError):
            return unsimulated(caller.arn, found, "GetRole")
        return str(found["Role"]["Arn"])
    if ":iam:" in caller.arn and ":user/" in caller.arn:
        return caller.arn
    cause = "could not be checked: only users and roles are simulated"
    return Finding(subject=caller.arn, verdict=Verdict.UNKNOWN, cause=cause)


def unsimulated(source: str, error: PlannerError, operation: str = _SIMULATE) -> Finding:
    """That nothing is known of what somebody may do, and why."""
    found = unread(source, operation, error)
    cause, words = (f"could not be checked: {text}" for text in (found.cause, found.words))
    return Finding(subject=source, verdict=Verdict.UNKNOWN, cause=cause, words=words)


def questions(source: str, needed: Mapping[str, Sequence[str]], region: str) -> list[Question]:
    """One question for all actions that are needed on the same resources."""
    together: dict[tuple[str, ...], list[str]] = {}
    for action, resources in needed.items():
        together.setdefault(tuple(resources), []).append(action)
    return [
        Question(source=source, actions=tuple(actions), resources=resources, region=region)
        for resources, actions in together.items()
    ]


def simulated(ask: Ask, several: Sequence[Question]) -> list[Decision] | PlannerError:
    """All decisions, or why there are none; who may not ask once does not ask again."""

    def look(question: Question) -> Answer | PlannerError:
        return asked(ask, "iam", _SIMULATE, question.parameters())

    found: list[Decision] = []
    for part in (several[:1], several[1:]):
        for answer in each(look, part):
            if isinstance(answer, PlannerError):
                return answer
            found.extend(_decisions(answer))
    return found


def _decisions(answer: Answer) -> Iterator[Decision]:
    for result in answer["EvaluationResults"]:
        # By resource where the answer tells resources apart, as it does for more than one.
        for one in result.get("ResourceSpecificResults") or (result,):
            yield Decision(
                action=result["EvalActionName"],
                resource=one.get("EvalResourceName", "*"),
                decision=one.get("EvalResourceDecision") or result["EvalDecision"],
                missing=tuple(one.get("MissingContextValues") or ()),
            )


def _finding(source: str, one: Decision, *, sampled: bool) -> Finding:
    if one.decision == "allowed":
        part = f", as simulated on {SAMPLE} objects of a kind" if sampled else ""
        return Finding(
            subject=one.action, verdict=Verdict.PASSED, cause=f"{source} is allowed{part}"
        )
    hint = (
        f"aws iam simulate-principal-policy --policy-source-arn {source}"
        f" --action-names {one.action} --resource-arns '{one.resource}'"
    )
    if one.decision == "implicitDeny" and one.missing:
        # A policy may allow it under a condition that only the real request meets.
        cause = f"rests on conditions of {source}: {', '.join(one.missing)}"
        return Finding(subject=one.action, verdict=Verdict.UNKNOWN, cause=cause, hint=hint)
    return Finding(
        subject=one.action,
        verdict=Verdict.DENIED,
        cause=f"{source} is not allowed",
        words=f"{source} is not allowed on {one.resource} ({one.decision})",
        hint=hint,
    )
