"""`--set path=value`: a value laid over every endpoint of a run, or an existing one multiplied."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from pydantic import BaseModel
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from planner.errors import UsageError
from planner.model import units
from planner.model.units import UnitError
from planner.model.value import record
from planner.spec.construct import Constructor
from planner.spec.document import PLAIN, QUOTED, compose
from planner.spec.nearest import nearest, suggestion
from planner.spec.overlay import child, is_null, remake, text_of
from planner.spec.places import Step, join_path, parse_path
from planner.spec.report import Report
from planner.spec.sections import SettingsModels, SpecKeys
from planner.spec.shape import exists, keys_at
from planner.spec.traffic_blocks import TRAFFIC

_FACTOR = re.compile(r"(\d+(?:\.\d+)?|\.\d+)x\Z")
_RATE: tuple[str, ...] = ("traffic", "rate")
_BURST: tuple[str, ...] = ("traffic", "burst", "rate")
_NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_READERS: tuple[Callable[[str], float], ...] = (
    units.parse_duration,
    units.parse_size,
    units.parse_rate,
    units.parse_ratio,
    units.parse_money,
)


@record
class Setting:
    """One `path=value`; `factor` instead of a value for `2x`."""

    steps: tuple[Step, ...]
    value: Node
    factor: float | None

    @property
    def path(self) -> str:
        """The path as it is written, relative to `spec`."""
        return join_path(self.steps)


def parse_settings(texts: Sequence[str], report: Report) -> tuple[Setting, ...]:
    """Read the settings of a command line; raises UsageError for what is no setting."""
    return tuple(_parse(text, report) for text in texts)


def _parse(text: str, report: Report) -> Setting:
    path, equals, value = text.partition("=")
    example = "write --set traffic.rate=2400/s or --set traffic.rate=2x"
    try:
        steps = parse_path(path.strip())
    except ValueError:
        raise UsageError("bad-setting", f"--set {text} names no path", hint=example) from None
    if steps[0] == "spec" and len(steps) > 1:
        steps = steps[1:]
    if not equals or not value.strip():
        raise UsageError("bad-setting", f"--set {text} gives no value", hint=example)
    before = report.count
    nodes = compose(f"--set {path.strip()}", value.strip().encode(), report)
    if report.count != before or len(nodes) > 1:
        raise UsageError("bad-setting", f"--set {text}: the value is not valid YAML", hint=example)
    if not nodes:
        raise UsageError("bad-setting", f"--set {text} gives no value", hint=example)
    match = _FACTOR.match(value.strip())
    return Setting(steps, nodes[0], float(match[1]) if match else None)


class Assigner:
    """Applies settings to documents."""

    def __init__(
        self, settings: Sequence[Setting], models: SettingsModels, names: Sequence[str]
    ) -> None:
        self._settings = settings
        self._models = models
        self._names = names

    def apply(self, document: Node, constructor: Constructor) -> Node:
        """Return the document with every setting applied; UsageError for an unknown path.

        A factor on `traffic.rate` holds for the burst too, which is stated as the whole rate.
        """
        for setting in self._settings:
            spec = child(document, "spec")
            if not isinstance(document, MappingNode) or not isinstance(spec, MappingNode):
                return document
            self._check(setting, spec)
            document = _put(document, ("spec", *setting.steps), setting, constructor)
            if self._takes_burst_along(setting, spec):
                document = _put(document, ("spec", *_BURST), setting, constructor)
        return document

    def _takes_burst_along(self, setting: Setting, spec: MappingNode) -> bool:
        """Tell whether a factor on the rate holds for a burst that no setting gives a rate."""
        if setting.factor is None or setting.steps != _RATE:
            return False
        node: Node | None = spec
        for step in _BURST:
            node = None if node is None else child(node, step)
        return node is not None and all(
            each.steps != _BURST[: len(each.steps)] for each in self._settings
        )

    def _check(self, setting: Setting, spec: MappingNode) -> None:
        """Refuse a path that no spec of this kind of traffic and these providers can have."""
        model, skipped = self._model(setting, spec)
        steps = setting.steps[skipped:]
        for length in range(1, len(steps) + 1):
            if exists(model, steps[:length]):
                continue
            full = join_path((*setting.steps[:skipped], *steps[: length - 1]))
            raise _unknown(setting, full, steps[length - 1], _hint(model, steps, length, full))

    def _model(self, setting: Setting, spec: MappingNode) -> tuple[type[BaseModel], int]:
        first = setting.steps[0]
        if first == "traffic":
            kind = TRAFFIC.get(text_of(child(child(spec, "traffic") or spec, "type")) or "")
            if kind is not None and setting.steps[1:2] != ("type",):
                return kind, 1
        if first == "providers" and len(setting.steps) > 1:
            name = str(setting.steps[1])
            model = self._models(name) if name in self._names else None
            if model is None:
                raise _unknown(setting, "providers", name, _nearest(name, self._names, "providers"))
            return model, 2
        return SpecKeys, 0


def _hint(model: type[BaseModel], steps: Sequence[Step], length: int, full: str) -> str:
    parent = steps[: length - 1]
    known = keys_at(model, parent)
    if known is not None:
        return _nearest(str(steps[length - 1]), known, full)
    if exists(model, (*parent, 0)):
        return f"members of a list are counted from 0: {full}[0]"
    return f"{full} is a single value: --set {full}=..."


def _nearest(name: str, names: Sequence[str], parent: str) -> str:
    near = nearest(name, names)
    if near is None:
        return suggestion(name, names)
    return f"did you mean {join_path((*([parent] if parent else []), near))}?"


def _unknown(setting: Setting, parent: str, step: Step, hint: str) -> UsageError:
    wrong = f"{parent}[{step}]" if isinstance(step, int) else ".".join(filter(None, (parent, step)))
    return UsageError(
        "unknown-path", f"--set {setting.path}: a spec has no {wrong} here", hint=hint
    )


def _put(node: Node | None, steps: Sequence[Step], setting: Setting, reader: Constructor) -> Node:
    """Return a copy of the tree with the value at a path, sharing all that is beside it."""
    if not steps:
        return setting.value if setting.factor is None else _multiplied(node, setting, reader)
    step, rest = steps[0], steps[1:]
    if isinstance(node, SequenceNode) and isinstance(step, int):
        if step >= len(node.value):
            raise UsageError(
                "unknown-path",
                f"--set {setting.path}: there is no [{step}] in the spec's list",
                hint=f"members are counted from 0; the last is [{len(node.value) - 1}]",
            )
        items = list(node.value)
        items[step] = _put(items[step], rest, setting, reader)
        return remake(node, items)
    if isinstance(step, int) or not (node is None or isinstance(node, MappingNode | ScalarNode)):
        raise _misfit(setting)
    return _put_key(node, step, rest, setting=setting, reader=reader)


def _put_key(
    node: Node | None,
    step: str,
    rest: Sequence[Step],
    *,
    setting: Setting,
    reader: Constructor,
) -> Node:
    mark = setting.value
    if isinstance(node, ScalarNode):
        if not is_null(node) and step != "max":
            raise _misfit(setting)
        node = None
    if not isinstance(node, MappingNode):
        node = MappingNode("m", [], mark.start_mark, mark.end_mark)
    key = ScalarNode(QUOTED, step, mark.start_mark, mark.end_mark)
    pairs = [
        (name, _put(value, rest, setting, reader)) if name.value == step else (name, value)
        for name, value in node.value
    ]
    if all(name.value != step for name, _ in pairs):
        pairs.append((key, _put(None, rest, setting, reader)))
    return remake(node, list(pairs))


def _misfit(setting: Setting) -> UsageError:
    return UsageError(
        "unknown-path",
        f"--set {setting.path}: the spec has something of another shape there",
        hint="give the whole value, such as --set slo.latency='{p99: 30ms}'",
    )


def _multiplied(node: Node | None, setting: Setting, reader: Constructor) -> Node:
    """Multiply the quantity that stands in the spec, keeping its unit."""
    value = reader.data(node) if isinstance(node, ScalarNode) else None
    text = None if value is None or isinstance(value, bool) else str(value).replace(",", "")
    if text is None or not _is_quantity(text):
        raise UsageError(
            "bad-setting",
            f"--set {setting.path}: there is no quantity in the spec to multiply",
            hint=f"give the value itself: --set {setting.path}=...",
        )
    factor = setting.factor or 0.0
    product = _NUMBER.sub(lambda match: _plain(float(match[0]) * factor), text)
    mark = setting.value
    return ScalarNode(PLAIN, product, mark.start_mark, mark.end_mark)


def _is_quantity(text: str) -> bool:
    for read in _READERS:
        try:
            read(text)
        except UnitError:
            continue
        return True
    return False


def _plain(number: float) -> str:
    text = f"{number:.12f}".rstrip("0").rstrip(".")
    return text or "0"
