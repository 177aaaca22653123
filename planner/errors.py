"""Errors that reach a user, each with a stable code and an exit code.

PlannerError
+-- SpecError         one or more diagnostics in the user's files
+-- InfeasibleError   a valid spec that nothing in the searched space can meet
+-- UsageError        the command line itself is wrong
+-- ProviderError     a provider plugin could not be found, loaded or used
+-- PolicyError       a plan goes against a mandatory rule of a policy
+-- AuthError         a cloud does not know who asks, or does not let them
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.diagnostics import Diagnostic


class ExitCode(IntEnum):
    """What the process tells its caller; the values are disjoint and stable."""

    DONE = 0
    ERROR = 1
    CHANGES_PENDING = 2
    INVALID_SPEC = 3
    AUTHENTICATION = 4
    POLICY = 5
    STALE_PLAN = 6
    PARTLY_APPLIED = 7
    INFEASIBLE = 8
    USAGE = 64
    INTERRUPTED = 130


class PlannerError(Exception):
    """A failure with a stable kebab-case `code`, one cause and a fix to copy."""

    exit_code: ExitCode = ExitCode.ERROR

    def __init__(self, code: str, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


class SpecError(PlannerError):
    """Every independent error found in the user's files, in file order."""

    exit_code = ExitCode.INVALID_SPEC

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        first = diagnostics[0]
        super().__init__(first.code, first.message, hint=first.hint)
        self.diagnostics = diagnostics


class PolicyError(PlannerError):
    """Every mandatory rule that a plan goes against."""

    exit_code = ExitCode.POLICY

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        first = diagnostics[0]
        super().__init__(first.code, first.message, hint=first.hint)
        self.diagnostics = diagnostics


class InfeasibleError(PlannerError):
    """Nothing in the searched space meets the spec."""

    exit_code = ExitCode.INFEASIBLE


class UsageError(PlannerError):
    """The command line asks for something that does not exist or contradicts itself."""

    exit_code = ExitCode.USAGE


class ProviderError(PlannerError):
    """A provider plugin is missing, broken or refuses the request.

    `path` names the key below the provider's block in the spec that is to blame, such as `region`,
    or one outside of it in full, such as `spec.rollout.step`.
    """

    def __init__(self, code: str, message: str, *, hint: str = "", path: str = "") -> None:
        super().__init__(code, message, hint=hint)
        self.path = path


class LaterError(ProviderError):
    """A cloud does not take a change now; nothing of it was made that was not asked for.

    `after_s` is when to ask again; None: when what the cloud does with the endpoint has ended.
    """

    def __init__(
        self, code: str, message: str, *, after_s: float | None = None, hint: str = ""
    ) -> None:
        super().__init__(code, message, hint=hint)
        self.after_s = after_s


class AuthError(PlannerError):
    """A cloud does not know who asks, or does not let them."""

    exit_code = ExitCode.AUTHENTICATION
