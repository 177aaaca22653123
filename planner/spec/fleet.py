"""`models_from`: one model per row of a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from planner.spec.blocks import ModelBlock, ModelsFromBlock, SplitBlock
from planner.spec.files import Files
from planner.spec.nearest import suggestion
from planner.spec.places import Step
from planner.spec.report import Finding
from planner.spec.table import Table, nonempty, table_of
from planner.spec.validate import Sheet, explain, unknown_key

_AT: tuple[Step, ...] = ("spec", "models_from")
_SHOWN_ROWS = 5
_NESTED = {"llm", "external_calls", "latency", "environment", "calibration"}
FIELDS = tuple(sorted(set(ModelBlock.model_fields) - _NESTED))
"""Fields of a model that a column can hold."""

_TEXTS = {"name", "artifact", "framework", "image", "reference_instance", "profile"}


def read_fleet(
    sheet: Sheet, block: ModelsFromBlock, files: Files, *, source: str
) -> tuple[ModelBlock, ...]:
    """Return the models of the file, whose rows the sheet gets; what is wrong is reported."""
    table = table_of(sheet, block, _AT, files=files, source=source)
    defaults = _defaults(sheet, block)
    columns_known = _check_columns(sheet, block)
    if table is None or defaults is None or not columns_known:
        return ()
    indexes = _indexes(sheet, block, table)
    if indexes is None:
        return ()
    return _models(sheet, table, indexes, defaults=defaults, split=block.split)


def _defaults(sheet: Sheet, block: ModelsFromBlock) -> dict[str, Any] | None:
    """Check the defaults as if they were a model; only its name and size may come from rows."""
    steps = (*_AT, "defaults")
    trial = {"name": "x", "size": "1", **block.defaults}
    try:
        ModelBlock.model_validate(trial)
    except ValidationError as error:
        explain(sheet, ModelBlock, error, steps=steps, data=trial)
        return None
    return dict(block.defaults)


def _check_columns(sheet: Sheet, block: ModelsFromBlock) -> bool:
    """Report fields that no model has, or that do not fit into one cell."""
    unknown = [field for field in block.columns if field not in FIELDS]
    for field in unknown:
        sheet.wrong(unknown_key(field, FIELDS), (*_AT, "columns", field), key=True)
    return not unknown


def _indexes(sheet: Sheet, block: ModelsFromBlock, table: Table) -> dict[str, int] | None:
    """Map each field to its column; without a map, columns named like fields are taken."""
    if not block.columns:
        found = {name: i for i, name in enumerate(table.columns) if name in FIELDS}
        if "name" in found:
            return found
        finding = Finding(
            "unknown-column",
            f"{table.name} has no column name",
            f"add columns: {{name: ...}}; the columns are {', '.join(table.columns[:12])}",
        )
        sheet.wrong(finding, (*_AT, "file"))
        return None
    absent = {field: name for field, name in block.columns.items() if name not in table.columns}
    for field, name in absent.items():
        hint = suggestion(name, table.columns)
        finding = Finding("unknown-column", f"{table.name} has no column {name}", hint)
        sheet.wrong(finding, (*_AT, "columns", field))
    if absent:
        return None
    return {field: table.columns.index(name) for field, name in block.columns.items()}


def _models(
    sheet: Sheet,
    table: Table,
    indexes: dict[str, int],
    *,
    defaults: dict[str, Any],
    split: SplitBlock,
) -> tuple[ModelBlock, ...]:
    sheet.rows = tuple(table.place(index) for index in range(len(table.rows)))
    models: list[ModelBlock] = []
    bad = 0
    for index, row in enumerate(table.rows):
        data = {**defaults, **dict(_cells(row, indexes))}
        try:
            models.append(ModelBlock.model_validate(data))
        except ValidationError as error:
            bad += 1
            if bad <= _SHOWN_ROWS:
                explain(sheet, ModelBlock, error, steps=("spec", "models", index), data=data)
    if bad > _SHOWN_ROWS:
        more = f"{bad - _SHOWN_ROWS} more rows of {table.name} are not valid either"
        sheet.wrong(Finding("more-rows", more, "correct the first ones, then run again"), _AT)
    return () if bad else tuple(_weighted(sheet, models, split))


def _cells(row: tuple[Any, ...], indexes: dict[str, int]) -> Iterator[tuple[str, Any]]:
    for field, cell in nonempty(row, indexes):
        yield field, str(cell) if field in _TEXTS else cell


def _weighted(
    sheet: Sheet, models: Sequence[ModelBlock], split: SplitBlock
) -> Sequence[ModelBlock]:
    """Give the models their share of the traffic as `split` says."""
    if split.zipf is not None:
        if split.by_weight:
            finding = Finding(
                "contradiction", "split names two ways to divide traffic", "remove one of the two"
            )
            sheet.wrong(finding, (*_AT, "split"))
        exponent = split.zipf
        return [
            model.model_copy(update={"weight": (rank + 1) ** -exponent})
            for rank, model in enumerate(models)
        ]
    if split.by_weight is False:
        return [model.model_copy(update={"weight": None}) for model in models]
    if split.by_weight and any(model.weight is None for model in models):
        finding = Finding(
            "missing-key",
            "split by_weight needs a weight for every row",
            "add columns: {weight: ...}, or split: {zipf: 1.1}",
        )
        sheet.wrong(finding, (*_AT, "split"))
    return models
