"""The README says what is true: its output and its commands."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.command import planner

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_output_shown_is_what_the_first_command_prints() -> None:
    shown = re.search(r"```text\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    done = planner("plan", "examples/fraud-scorer", "--offline", cwd=ROOT)
    assert done.code == 0
    assert done.out == shown[1]


def test_every_command_named_exists() -> None:
    listed = planner("--help", cwd=ROOT).out
    named = set(re.findall(r"`planner ([a-z]+)[ `]", README))
    assert named
    assert [name for name in named if f"  {name} " not in listed] == []
