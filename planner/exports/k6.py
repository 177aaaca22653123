"""k6: one script with a scenario for each endpoint."""

from __future__ import annotations

import json
from collections.abc import Sequence

from planner.exports.loadtest import calling, notes, template, test_of
from planner.model.export import Asked, ExportedFile


def script(asked: Sequence[Asked]) -> tuple[ExportedFile, ...]:
    """The endpoints of one provider as scenarios; the objectives are thresholds."""
    provider = asked[0].state.provider
    said = tuple(note for one in asked for note in _notes(one))
    tests = ",\n".join(
        f"  {json.dumps(one.state.endpoint)}: {json.dumps(test_of(one), sort_keys=True)}"
        for one in asked
    )
    text = "".join(f"// {note}\n" for note in said)
    text += template("k6.js").replace("const TESTS = {};", f"const TESTS = {{\n{tests},\n}};")
    text += calling(provider).javascript()
    return (ExportedFile(name=f"{provider}.k6.js", syntax="text", content=text, notes=said),)


def _notes(asked: Asked) -> Sequence[str]:
    said = list(notes(asked))
    if asked.workload.traffic.arrival == "poisson":
        said.append(
            f"{asked.state.endpoint}: k6 spaces requests evenly; those of the spec come by chance, "
            "and wait longer"
        )
    return said
