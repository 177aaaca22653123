"""One `kind: Endpoint` document to its validated sections, each on its own.

A section that is not valid is None and keeps no other one from being checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import BaseModel, Field

from planner.model.units import UnitError
from planner.model.value import value
from planner.spec.blocks import (
    ConstraintsBlock,
    Metadata,
    ModelBlock,
    ModelsFromBlock,
    ObjectiveBlock,
    PayloadBlock,
    PinBlock,
    RolloutBlock,
    SloBlock,
)
from planner.spec.nearest import nearest
from planner.spec.places import Step
from planner.spec.quantities import SpecBlock, Text
from planner.spec.report import Finding
from planner.spec.traffic_blocks import TRAFFIC, AnyTraffic
from planner.spec.validate import (
    Block,
    Sheet,
    default_of,
    shown,
    unknown_key,
    unknown_value,
    validate,
)

if TYPE_CHECKING:
    from planner.spec.profile import Profile
    from planner.spec.recording import Recording

API_VERSION = "planner/v1alpha1"
SettingsModels: TypeAlias = Callable[[str], type[BaseModel] | None]


class SpecKeys(SpecBlock):
    """Everything that may stand below `spec:`; sections are validated one by one."""

    description: Text | None = None
    models: tuple[ModelBlock, ...] = ()
    models_from: ModelsFromBlock | None = None
    payload: PayloadBlock = Field(default_factory=PayloadBlock)
    traffic: AnyTraffic = Field(discriminator="type")
    slo: SloBlock
    constraints: ConstraintsBlock = Field(default_factory=ConstraintsBlock)
    objective: ObjectiveBlock = Field(default_factory=ObjectiveBlock)
    rollout: RolloutBlock = Field(default_factory=RolloutBlock)
    pin: PinBlock = Field(default_factory=PinBlock)
    providers: dict[Text, Any]


class EndpointDocument(SpecBlock):
    """One endpoint: envelope and spec."""

    apiVersion: Literal["planner/v1alpha1"]  # noqa: N815  the key in the file
    kind: Literal["Endpoint"]
    metadata: Metadata
    spec: SpecKeys


@value
class Sections:
    """What is known of one endpoint; None where a section is absent without default, or broken.

    `profiles` and `recording` are the contents of files; `sample` is, too, or stands in the spec.
    """

    metadata: Metadata | None
    description: str
    models: tuple[ModelBlock | None, ...]
    models_from: ModelsFromBlock | None
    payload: PayloadBlock | None
    traffic: AnyTraffic | None
    slo: SloBlock | None
    constraints: ConstraintsBlock | None
    objective: ObjectiveBlock | None
    rollout: RolloutBlock | None
    pin: PinBlock | None
    providers: tuple[tuple[str, BaseModel], ...]
    profiles: Mapping[str, Profile]
    recording: Recording | None = None
    sample: bytes | None = None

    @property
    def sound_models(self) -> Iterator[tuple[int, ModelBlock]]:
        """The models without errors of their own, each with its place in the list."""
        return ((at, model) for at, model in enumerate(self.models) if model is not None)

    def with_files(
        self,
        *,
        models: tuple[ModelBlock | None, ...],
        profiles: Mapping[str, Profile],
        recording: Recording | None,
        sample: bytes | None,
    ) -> Sections:
        """Return the sections with what stands in the files they name."""
        return replace(self, models=models, profiles=profiles, recording=recording, sample=sample)


def read_sections(
    sheet: Sheet, *, settings_models: SettingsModels, provider_names: Sequence[str]
) -> Sections:
    """Validate every section; all errors are reported."""
    data = sheet.data
    spec = _spec(sheet, data)
    return Sections(
        metadata=_required(sheet, Metadata, data, ("metadata",)),
        description=_description(sheet, spec),
        models=_models(sheet, spec),
        models_from=_given(sheet, ModelsFromBlock, spec, "models_from"),
        payload=_optional(sheet, PayloadBlock, spec, "payload"),
        traffic=_traffic(sheet, spec),
        slo=_required(sheet, SloBlock, spec, ("spec", "slo")),
        constraints=_optional(sheet, ConstraintsBlock, spec, "constraints"),
        objective=_optional(sheet, ObjectiveBlock, spec, "objective"),
        rollout=_optional(sheet, RolloutBlock, spec, "rollout"),
        pin=_optional(sheet, PinBlock, spec, "pin"),
        providers=_providers(sheet, spec, settings_models, provider_names),
        profiles={},
    )


def _spec(sheet: Sheet, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the mapping below `spec:`, after a look at its keys and at those beside it."""
    for key in data:
        if key not in EndpointDocument.model_fields:
            sheet.wrong(unknown_key(key, EndpointDocument.model_fields), (key,), key=True)
    spec = data.get("spec")
    if spec is None:
        if not _misspelt(data, "spec", EndpointDocument):
            sheet.wrong(_missing("spec", "spec:"), ("spec",))
        sheet.set_aside(("spec",))
        return {}
    if not isinstance(spec, Mapping):
        sheet.wrong(_no_mapping(spec), ("spec",))
        sheet.set_aside(("spec",))
        return {}
    for key in spec:
        if key not in SpecKeys.model_fields:
            sheet.wrong(unknown_key(key, SpecKeys.model_fields), ("spec", key), key=True)
    return spec


def _missing(name: str, example: str) -> Finding:
    return Finding("missing-key", f"the key {name} is missing", f"add {example}")


def _no_mapping(value: Any) -> Finding:
    return Finding(
        "wrong-type", f"must be a mapping, not {shown(value)}", "write key: value pairs below it"
    )


_EXAMPLES = {
    "metadata": "metadata: {name: my-endpoint}",
    "slo": "slo: {latency: {p99: 100ms}}",
    "traffic": "traffic: {type: steady, rate: 100/s}",
}


def _lacks(sheet: Sheet, parent: Mapping[str, Any], steps: Sequence[Step]) -> bool:
    """Report a required section that is absent, unless a misspelt key explains it."""
    name = str(steps[-1])
    if parent.get(name) is not None:
        return False
    known = EndpointDocument if len(steps) == 1 else SpecKeys
    if not sheet.is_broken(steps) and not _misspelt(parent, name, known):
        sheet.wrong(_missing(name, _EXAMPLES[name]), steps)
    return True


def _misspelt(parent: Mapping[str, Any], name: str, model: type[BaseModel]) -> bool:
    known = model.model_fields
    return any(nearest(key, known) == name for key in parent if key not in known)


def _required(
    sheet: Sheet, model: type[Block], parent: Mapping[str, Any], steps: Sequence[Step]
) -> Block | None:
    if _lacks(sheet, parent, steps):
        return None
    found: Block | None = validate(sheet, model, parent[str(steps[-1])], steps)
    return found


def _optional(sheet: Sheet, model: type[Block], spec: Mapping[str, Any], name: str) -> Block | None:
    if spec.get(name) is None:
        default: Block = default_of(model)
        return default
    return validate(sheet, model, spec[name], ("spec", name))


def _given(sheet: Sheet, model: type[Block], spec: Mapping[str, Any], name: str) -> Block | None:
    return None if spec.get(name) is None else validate(sheet, model, spec[name], ("spec", name))


def _description(sheet: Sheet, spec: Mapping[str, Any]) -> str:
    value = spec.get("description")
    if value is None or isinstance(value, str):
        return value or ""
    finding = Finding("wrong-type", f"must be text, not {shown(value)}", "quote it")
    sheet.wrong(finding, ("spec", "description"))
    return ""


def _models(sheet: Sheet, spec: Mapping[str, Any]) -> tuple[ModelBlock | None, ...]:
    given = spec.get("models")
    if given is not None and not isinstance(given, list):
        finding = Finding("wrong-type", f"must be a list, not {shown(given)}", "write - name: ...")
        sheet.wrong(finding, ("spec", "models"))
        sheet.set_aside(("spec", "models"))
        return ()
    return tuple(
        validate(sheet, ModelBlock, item, ("spec", "models", index))
        for index, item in enumerate(given or ())
    )


def _traffic(sheet: Sheet, spec: Mapping[str, Any]) -> AnyTraffic | None:
    steps = ("spec", "traffic")
    if _lacks(sheet, spec, steps):
        return None
    block = spec["traffic"]
    if not isinstance(block, Mapping):
        sheet.wrong(_no_mapping(block), steps)
        return None
    kind = block.get("type")
    if kind is None:
        example = f"type: steady; valid: {', '.join(TRAFFIC)}"
        sheet.wrong(_missing("type", example), (*steps, "type"))
        return None
    model = TRAFFIC.get(kind) if isinstance(kind, str) else None
    if model is None:
        sheet.wrong(unknown_value(kind, TRAFFIC), (*steps, "type"))
        return None
    return validate(sheet, model, block, steps)


def _providers(
    sheet: Sheet,
    spec: Mapping[str, Any],
    settings_models: SettingsModels,
    names: Sequence[str],
) -> tuple[tuple[str, BaseModel], ...]:
    """Validate each block with its plugin's model; plugins that are not named stay unloaded."""
    steps = ("spec", "providers")
    blocks = spec.get("providers")
    if blocks is None or blocks == {}:
        if not sheet.is_broken(steps) and not _misspelt(spec, "providers", SpecKeys):
            candidates = ", ".join(f"{name}: {{}}" for name in names)
            sheet.wrong(_missing("providers", f"providers: {{{candidates}}}"), steps)
        return ()
    if not isinstance(blocks, Mapping):
        sheet.wrong(_no_mapping(blocks), steps)
        return ()
    found: list[tuple[str, BaseModel]] = []
    for name, block in blocks.items():
        settings = _settings(sheet, name, block, settings_models, names)
        if settings is not None:
            found.append((name, settings))
    return tuple(found)


def _settings(
    sheet: Sheet, name: str, block: Any, settings_models: SettingsModels, names: Sequence[str]
) -> BaseModel | None:
    steps = ("spec", "providers", name)
    model = settings_models(name) if name in names else None
    if model is None:
        named = unknown_key(name, names)
        hint = named.hint if names else "pip install a provider plugin"
        finding = Finding("unknown-provider", f"there is no provider {name}", hint)
        sheet.wrong(finding, steps, key=True)
        sheet.set_aside(steps)
        return None
    try:
        return validate(sheet, model, {} if block is None else block, steps)
    except UnitError as error:
        sheet.wrong(Finding(error.code, error.message, error.hint), steps)
        return None
