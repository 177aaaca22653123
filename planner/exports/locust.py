"""Locust: one file for each endpoint, because a shape of load stands for a whole run."""

from __future__ import annotations

import json
from collections.abc import Sequence

from planner.exports.loadtest import calling, notes, template, test_of
from planner.model.export import Asked, ExportedFile


def locustfiles(asked: Sequence[Asked]) -> tuple[ExportedFile, ...]:
    """A file for each endpoint; a run whose objectives do not hold ends with exit code 1."""
    return tuple(_file(one) for one in asked)


def _file(asked: Asked) -> ExportedFile:
    name = asked.state.endpoint
    said = (*notes(asked), *_notes(asked))
    test = json.dumps({"name": name, **test_of(asked)}, sort_keys=True)
    text = "".join(f"# {note}\n" for note in said)
    text += template("locustfile.txt").replace('r"""\n{}\n"""', f'r"""\n{test}\n"""')
    text += calling(asked.state.provider).python()
    return ExportedFile(name=f"{name}.locust.py", syntax="text", content=text, notes=said)


def _notes(asked: Asked) -> Sequence[str]:
    slo = asked.workload.slo
    if slo.errors is not None and slo.availability is not None:
        return (
            f"{asked.state.endpoint}: Locust counts refused and failed requests together; their "
            "bounds are added",
        )
    return ()
