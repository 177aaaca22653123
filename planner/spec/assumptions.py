"""Notes the numbers that nobody gave while a workload is put together."""

from __future__ import annotations

from planner.model.workload import Assumption

_SOURCE = "planner default"


class Notes:
    """Assumptions of one endpoint; the same guess about many models is one note."""

    def __init__(self) -> None:
        self._single: list[Assumption] = []
        self._models: dict[str, list[tuple[int, str]]] = {}
        self._rules: dict[str, tuple[str, str]] = {}

    def add(self, subject: str, value: str, reason: str) -> None:
        """Note one guess about the endpoint."""
        self._single.append(Assumption(subject=subject, value=value, reason=reason, source=_SOURCE))

    def of_model(self, index: int, field: str, value: str, *, rule: str, reason: str) -> None:
        """Note a guess about one model; `rule` is how the value came about."""
        self._models.setdefault(field, []).append((index, value))
        self._rules[field] = (rule, reason)

    def all(self) -> tuple[Assumption, ...]:
        """Return every note, those about models first."""
        return (*(self._of_field(field) for field in self._models), *self._single)

    def _of_field(self, field: str) -> Assumption:
        found = self._models[field]
        rule, reason = self._rules[field]
        if len(found) == 1:
            index, value = found[0]
            shown = value if value == rule else f"{value} = {rule}"
            subject = f"spec.models[{index}].{field}"
            return Assumption(subject=subject, value=shown, reason=reason, source=_SOURCE)
        return Assumption(
            subject=f"spec.models[*].{field}",
            value=rule,
            reason=f"{reason}, for {len(found):,} models",
            source=_SOURCE,
        )
