"""Sources to specs: the one way from text to workloads, with every independent error in one run.

text -> node tree -> overlays -> settings -> data -> sections -> files -> rules -> workload
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict, Unpack

from pydantic import BaseModel
from yaml.nodes import MappingNode, Node

from planner.diagnostics import Location
from planner.model.workload import Feature, ProviderChoice
from planner.spec.construct import Constructor
from planner.spec.convert import to_workload
from planner.spec.document import compose, span
from planner.spec.files import Files
from planner.spec.model_rules import MODEL_RULES
from planner.spec.nearest import nearest, suggestion
from planner.spec.overlay import child, merge, text_of
from planner.spec.placement_rules import PLACEMENT_RULES, HostingsOf, hosting_rule
from planner.spec.places import parse_path
from planner.spec.report import Finding, Place, Report
from planner.spec.rules import SLO_RULES, Rule, check
from planner.spec.sections import API_VERSION, Sections, SettingsModels, read_sections
from planner.spec.traffic_blocks import TraceBlock
from planner.spec.traffic_rules import TRAFFIC_RULES
from planner.spec.validate import Sheet, shown
from planner.spec.value import Reader, Source, Spec

if TYPE_CHECKING:
    from planner.spec.assign import Assigner
    from planner.spec.profile import Profile
    from planner.spec.recording import Recording

FeaturesOf = Callable[[str, Any], tuple[Feature, ...]]
_LEAVE_OUT = "leave this overlay out"


def _no_features(_name: str, _settings: Any) -> tuple[Feature, ...]:
    return ()


def _no_hostings(_name: str) -> tuple[str, ...]:
    return ()


class Plugins(TypedDict):
    """What the loader asks of the providers; keyword arguments of `load`.

    `settings_models` returns the model of a block by the provider's name, `features_of` what a
    valid block asks for, `hostings_of` the modes a provider has beside the common four.
    `late_rules` are held only against specs of a run in which something else is wrong.
    """

    settings_models: SettingsModels
    provider_names: Sequence[str]
    features_of: NotRequired[FeaturesOf]
    hostings_of: NotRequired[HostingsOf]
    late_rules: NotRequired[Sequence[Rule]]


def load(
    sources: Sequence[Source],
    *,
    reader: Reader,
    overlays: Sequence[Source] = (),
    sets: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    **plugins: Unpack[Plugins],
) -> tuple[Spec, ...]:
    """Return every endpoint of the sources, in their order.

    Raises SpecError with all independent diagnostics of all sources, UsageError for a setting
    whose path does not exist.
    """
    run = _Run(reader, {} if env is None else env, plugins)
    return run.load(sources, overlays, sets)


_RULES: tuple[Rule, ...] = (*MODEL_RULES, *TRAFFIC_RULES, *SLO_RULES, *PLACEMENT_RULES)


class _Run:
    """One run: what its documents share."""

    def __init__(self, reader: Reader, env: Mapping[str, str], plugins: Plugins) -> None:
        self._report = Report()
        self._files = Files(reader, self._report)
        self._env = env
        self._settings_models = plugins["settings_models"]
        self._provider_names = tuple(plugins["provider_names"])
        self._features_of = plugins.get("features_of", _no_features)
        self._rules = (*_RULES, hosting_rule(plugins.get("hostings_of", _no_hostings)))
        self._late_rules = plugins.get("late_rules", ())
        self._names: dict[str, Place] = {}
        self._read: list[tuple[Sheet, Sections]] = []

    def load(
        self, sources: Sequence[Source], overlays: Sequence[Source], sets: Sequence[str]
    ) -> tuple[Spec, ...]:
        documents = [
            (source.name, index, node)
            for source in sources
            for index, node in enumerate(self._documents(source, fix="planner init"))
        ]
        layers = [layer for source in overlays for layer in self._documents(source, fix=_LEAVE_OUT)]
        self._check_layers(layers, [node for _, _, node in documents])
        assigner = self._assigner(sets) if sets else None
        specs = []
        for name, index, node in documents:
            spec = self._spec(name, index, _laid(node, layers), assigner)
            if spec is not None:
                specs.append(spec)
        if self._report.count:
            for sheet, sections in self._read:
                check(sheet, sections, self._late_rules)
        self._report.raise_any()
        return tuple(specs)

    def _assigner(self, sets: Sequence[str]) -> Assigner:
        from planner.spec.assign import Assigner, parse_settings

        settings = parse_settings(sets, self._report)
        return Assigner(settings, self._settings_models, self._provider_names)

    def _documents(self, source: Source, *, fix: str) -> Iterator[Node]:
        before = self._report.count
        nodes = compose(source.name, source.text, self._report)
        if not nodes and self._report.count == before:
            finding = Finding("empty-file", "there is no document in this file", fix)
            self._report.add(finding, Place(source.name))
        for node in nodes:
            if isinstance(node, MappingNode):
                yield node
            else:
                finding = Finding(
                    "wrong-type",
                    "a document is a mapping of keys",
                    f"begin: apiVersion: {API_VERSION}",
                )
                self._report.add(finding, span(node))

    def _check_layers(self, layers: Sequence[Node], documents: Sequence[Node]) -> None:
        """Report an overlay for an endpoint that is in no file."""
        names = {name for node in documents if (name := _name_of(node)) is not None}
        for layer in layers:
            name = _name_of(layer)
            if name is not None and name not in names:
                hint = suggestion(name, names)
                finding = Finding("unknown-endpoint", f"no file has an endpoint {name}", hint)
                node = child(child(layer, "metadata") or layer, "name") or layer
                self._report.add(finding, span(node))

    def _spec(self, name: str, index: int, node: Node, assigner: Assigner | None) -> Spec | None:
        report = self._report
        constructor = Constructor(report, self._env)
        assigned = node if assigner is None else assigner.apply(node, constructor)
        sheet = Sheet(assigned, constructor.data(assigned), report)
        if not _is_endpoint(sheet):
            return None
        sections = read_sections(
            sheet, settings_models=self._settings_models, provider_names=self._provider_names
        )
        sections = self._with_files(sheet, sections, name)
        check(sheet, sections, self._rules)
        self._check_name(sheet, sections)
        self._read.append((sheet, sections))
        if report.count:
            return None
        sheet.data = None
        workload = to_workload(sections, _choices(sections, self._features_of))
        return Spec(source=name, index=index, workload=workload, places=partial(_located, sheet))

    def _with_files(self, sheet: Sheet, sections: Sections, source: str) -> Sections:
        """Read what the sections name, so that errors in those files are found in the same run."""
        models = sections.models
        if sections.models_from is not None:
            if models:
                finding = Finding(
                    "contradiction",
                    "models and models_from exclude each other",
                    "put all models into the file, or write all of them here",
                )
                sheet.wrong(finding, ("spec", "models_from"), key=True)
            else:
                from planner.spec.fleet import read_fleet

                models = read_fleet(sheet, sections.models_from, self._files, source=source)
        recording: Recording | None = None
        if isinstance(sections.traffic, TraceBlock):
            from planner.spec.trace import read_trace

            recording = read_trace(sheet, sections.traffic, self._files, source=source)
        sample: bytes | None = None
        if sections.rollout is not None and sections.rollout.warm_up is not None:
            from planner.spec.sample import read_sample

            sample = read_sample(sheet, sections.rollout.warm_up, self._files, source=source)
        profiles = self._profiles(sheet, models, source)
        return sections.with_files(
            models=models, profiles=profiles, recording=recording, sample=sample
        )

    def _profiles(self, sheet: Sheet, models: Sequence[Any], source: str) -> dict[str, Profile]:
        found: dict[str, Profile] = {}
        for index, model in enumerate(models):
            named = None if model is None else model.profile
            if named is None or named in found:
                continue
            from planner.spec.profile import read_profile

            profile = read_profile(
                sheet,
                named,
                ("spec", "models", index, "profile"),
                source=source,
                files=self._files,
                env=self._env,
            )
            if profile is not None:
                found[named] = profile.named(named)
        return found

    def _check_name(self, sheet: Sheet, sections: Sections) -> None:
        if sections.metadata is None:
            return
        name = sections.metadata.name
        place = sheet.place(("metadata", "name"))
        first = self._names.setdefault(name, place)
        if first is not place:
            finding = Finding(
                "duplicate-name",
                f"an endpoint {name} is already at {first.file}:{first.line}:{first.column}",
                "rename one of the two",
            )
            sheet.wrong(finding, ("metadata", "name"))


def _located(sheet: Sheet, path: str) -> tuple[Location, str]:
    """Say where a path stands, for findings of later stages; what is no path, at the document."""
    try:
        steps = parse_path(path)
    except ValueError:
        steps = ()
    place = sheet.place(steps)
    return place.location, sheet.report.excerpt(place)


def _laid(node: Node, layers: Sequence[Node]) -> Node:
    """Lay over a document the overlays that name it, and those that name none."""
    name = _name_of(node)
    for layer in layers:
        if _name_of(layer) in {None, name}:
            node = merge(node, layer)
    return node


def _name_of(node: Node) -> str | None:
    metadata = child(node, "metadata")
    return None if metadata is None else text_of(child(metadata, "name"))


def _is_endpoint(sheet: Sheet) -> bool:
    """Check the envelope; a document of another kind is not looked at any further."""
    version, kind = sheet.data.get("apiVersion"), sheet.data.get("kind")
    if version != API_VERSION:
        _wrong_version(sheet, version)
    if kind == "Endpoint":
        return True
    if kind is None:
        misspelt = any(nearest(key, ("kind",)) for key in sheet.data if key != "kind")
        if not misspelt:
            finding = Finding("missing-key", "the key kind is missing", "add kind: Endpoint")
            sheet.wrong(finding, ("kind",))
        return "spec" in sheet.data
    hint = "write kind: Endpoint"
    if kind == "Profile":
        hint = "name the file under profile: of a model"
    finding = Finding("unknown-kind", f"{shown(kind)} is no kind of spec; valid: Endpoint", hint)
    sheet.wrong(finding, ("kind",))
    return False


def _wrong_version(sheet: Sheet, version: Any) -> None:
    if version is None:
        if any(nearest(key, ("apiVersion",)) for key in sheet.data):
            return
        finding = Finding(
            "missing-key", "the key apiVersion is missing", f"add apiVersion: {API_VERSION}"
        )
    else:
        finding = Finding(
            "unknown-api-version",
            f"{shown(version)} is not a version this planner reads",
            f"write apiVersion: {API_VERSION}",
        )
    sheet.wrong(finding, ("apiVersion",))


def _choices(sections: Sections, features_of: FeaturesOf) -> tuple[ProviderChoice, ...]:
    return tuple(
        ProviderChoice(
            name=name, settings=settings, features=_features(name, settings, features_of)
        )
        for name, settings in sections.providers
    )


def _features(name: str, settings: BaseModel, features_of: FeaturesOf) -> tuple[Feature, ...]:
    """Ask the plugin what the block asks for, with paths from the document's root."""
    return tuple(
        replace(feature, path=f"spec.providers.{name}.{feature.path}".rstrip("."))
        for feature in features_of(name, settings)
    )
