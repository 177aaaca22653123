"""Results as YAML."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, TextIO

from planner.views.style import Style

if TYPE_CHECKING:
    from yaml import SafeDumper


def render_document(value: Any, *, out: TextIO, style: Style) -> None:  # noqa: ARG001
    """Write any JSON value so that YAML 1.1 and 1.2 readers get the same one back.

    `style` does not change a byte of it.
    """
    import yaml  # noqa: PLC0415

    yaml.dump(value, out, Dumper=_dumper(), allow_unicode=True, sort_keys=False, width=100)


def scalar_text(value: Any, *, flow: bool = False) -> str:
    """One plain value as YAML on one line, to stand in a block, or with `flow` within braces."""
    import yaml  # noqa: PLC0415

    # What is read from the environment stays text only in quotes.
    quoted = isinstance(value, str) and (not value.isprintable() or "${" in value)
    style = '"' if quoted else None
    text: str = yaml.dump(
        [value],
        Dumper=_dumper(),
        allow_unicode=True,
        default_flow_style=flow,
        default_style=style,
        width=2**30,
    )
    return text.strip()[1:-1] if flow else text.strip().removeprefix("- ")


@cache
def _dumper() -> type[SafeDumper]:
    import yaml  # noqa: PLC0415

    base: type[SafeDumper] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    class Dumper(base):  # type: ignore[misc, valid-type]
        """Writes no anchors, and quotes text that only one YAML version would read as a number."""

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
            return True

    for pattern in (r"[-+]?[0-9][0-9.]*[eE][-+]?[0-9]+", r"0o[0-7]+"):
        Dumper.add_implicit_resolver(
            "tag:yaml.org,2002:float", re.compile(f"^{pattern}$"), list("-+0123456789")
        )
    return Dumper
