"""Rules over models."""

from __future__ import annotations

from collections.abc import Iterator

from planner.spec.blocks import ModelBlock
from planner.spec.rules import Breach, Path, Rule, breach, percentiles
from planner.spec.sections import Sections
from planner.spec.tails import tail_finding

_MODELS: Path = ("spec", "models")


def _fleet(sections: Sections) -> Iterator[Breach]:
    """Check that there are models, from one place, with weights that mean something."""
    fleet_at: Path = ("spec", "models_from")
    if sections.models_from is None and not sections.models:
        yield breach(
            "missing-key",
            "there are no models",
            "add models: with - name, size and service_time, or models_from: {file: models.csv}",
            _MODELS,
            fleet_at,
        )
    known = [model for model in sections.models if model is not None]
    if known and len(known) == len(sections.models) and not any(_weight(m) for m in known):
        yield breach(
            "weights",
            "every model has weight 0, so no request goes anywhere",
            "give one model a weight above 0",
            (*_MODELS, 0, "weight"),
        )


def _weight(model: ModelBlock) -> float:
    return 1.0 if model.weight is None else model.weight


def _model_names(sections: Sections) -> Iterator[Breach]:
    seen: dict[str, int] = {}
    for index, model in sections.sound_models:
        first = seen.setdefault(model.name, index)
        if first != index:
            yield breach(
                "duplicate-model",
                f"a model {model.name} is already models[{first}]",
                "rename one of the two",
                (*_MODELS, index, "name"),
                (*_MODELS, first, "name"),
            )


def _model_times(sections: Sections) -> Iterator[Breach]:
    for index, model in sections.sound_models:
        path = (*_MODELS, index)
        if model.service_time is None and model.profile is None and model.llm is None:
            yield breach(
                "no-service-time",
                f"nothing says how long {model.name} takes for one request",
                "add service_time: 20ms and reference_instance, or profile: measured.yaml",
                path,
                (*path, "service_time"),
                (*path, "profile"),
                (*path, "llm"),
            )
        yield from percentiles(model.latency, (*path, "latency"))
        yield from _service_p99(model, path)
        if model.calibration is not None and model.service_time is None:
            yield breach(
                "missing-key",
                "calibration corrects a service_time, and there is none",
                "add service_time; what corrects a profile stands in the profile",
                (*path, "calibration"),
            )


def _service_p99(model: ModelBlock, path: Path) -> Iterator[Breach]:
    mean, tail = model.service_time, model.service_time_p99
    if tail is None:
        return
    if mean is None:
        yield breach(
            "missing-key",
            "service_time_p99 says nothing without service_time",
            "add service_time, the mean",
            (*path, "service_time_p99"),
            (*path, "service_time"),
        )
        return
    finding = tail_finding(mean, tail)
    if finding is not None:
        yield Breach(finding, [(*path, "service_time_p99"), (*path, "service_time")])


def _profiles(sections: Sections) -> Iterator[Breach]:
    for index, model in sections.sound_models:
        profile = sections.profiles.get(model.profile or "")
        if profile is None or model.service_time is None:
            continue
        if any(curve.instance_type == model.reference_instance for curve in profile.curves):
            yield breach(
                "contradiction",
                f"{model.profile} measures {model.reference_instance} too",
                "remove service_time and reference_instance; the profile says more",
                (*_MODELS, index, "service_time"),
            )


def _llm(sections: Sections) -> Iterator[Breach]:
    for index, model in sections.sound_models:
        if model.llm is None:
            continue
        for name in ("input_tokens", "output_tokens"):
            tokens = getattr(model.llm, name)
            path = (*_MODELS, index, "llm", name)
            if tokens.max is not None and tokens.max < max(tokens.mean, tokens.p99 or 0.0):
                yield breach(
                    "percentiles-contradict",
                    "max is below the mean or the p99",
                    "raise max",
                    (*path, "max"),
                )


MODEL_RULES: tuple[Rule, ...] = (_fleet, _model_names, _model_times, _profiles, _llm)
