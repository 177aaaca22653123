"""What `planner init` writes can be planned as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

import planner
from planner.cli.starter import Pattern, starter_text
from planner.provider import registry


@pytest.mark.parametrize("pattern", Pattern)
def test_every_pattern_is_feasible_with_every_provider(tmp_path: Path, pattern: Pattern) -> None:
    (tmp_path / "requests.csv").write_text("t\n" + "\n".join(str(i * 0.5) for i in range(600)))
    path = tmp_path / "planner.yaml"
    blocks = {name: registry.get(name).starter() for name in ("databricks", "sagemaker")}
    for chosen in (blocks, *({name: block} for name, block in blocks.items())):
        path.write_text(starter_text(file="planner.yaml", pattern=pattern, blocks=chosen))
        run = planner.plan(planner.load([path]))
        assert run.plan.complete
        assert planner.render(run)[0]["calls"]


def test_its_first_lines_are_the_next_commands() -> None:
    text = starter_text(file="shop.planner.yaml", pattern=Pattern.STEADY, blocks={})
    assert text.startswith("# Check this file:   planner validate shop.planner.yaml\n")
