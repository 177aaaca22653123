"""Simulated traffic of an endpoint, as the metrics that SageMaker would have published of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from planner.model.minute import Minute, Times, minute_of
from planner_sagemaker.sandbox import watching
from planner_sagemaker.sandbox.cloud import Cloud
from planner_sagemaker.sandbox.samples import Metric, Sample
from planner_sagemaker.sandbox.store import Key
from planner_sagemaker.sandbox.transitions import KIND
from planner_sagemaker.sandbox.wire import DEFAULT_REGION
from planner_sagemaker.vitals import variant_of

_CALLS, _HOSTS = "AWS/SageMaker", "/aws/sagemaker/Endpoints"
_MICRO = 1e6
_MICROSECONDS, _COUNT, _PERCENT, _NONE = "Microseconds", "Count", "Percent", "None"

_UNLOADED_S = 0.05

Series = tuple[str, str, str]
"""Namespace, metric and unit."""


def drive(cloud: Cloud, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Put what `minutes` of traffic of an `endpoint` leave in its metrics.

    Traffic that was to come at the same time or later does not.
    ValueError where there is no such endpoint in the region.
    """
    region, name = str(asked.get("region", DEFAULT_REGION)), str(asked["endpoint"])
    endpoint = cloud.store.get(Key(region=region, kind=KIND, name=name))
    if endpoint is None:
        raise ValueError(f"there is no endpoint {name} in {region}")
    variant = {**endpoint["_ProductionVariants"][0], **endpoint["ProductionVariants"][0]}
    found: dict[Series, list[Sample]] = {}
    minutes = [minute_of(row) for row in asked["minutes"]]
    for minute in minutes:
        for series, samples in _measured(minute, variant):
            found.setdefault(series, []).extend(samples)
    dimensions = (("EndpointName", name), ("VariantName", str(variant["VariantName"])))
    begin_s = min((minute.at_s for minute in minutes), default=cloud.clock.now())
    cloud.store.samples.forget(region, dimensions, begin_s)
    for (namespace, metric, _), samples in found.items():
        known = Metric(region=region, namespace=namespace, name=metric, dimensions=dimensions)
        if samples:
            cloud.store.samples.add(known, samples)
            watching.wake(cloud, known)
    return {"endpoint": name, "minutes": len(minutes), "metrics": len(found)}


def _measured(
    minute: Minute, variant: Mapping[str, Any]
) -> Iterator[tuple[Series, Sequence[Sample]]]:
    """Every metric of one minute; without a request there is none of requests."""
    yield from _of_requests(minute, variant)
    serverless = variant.get("CurrentServerlessConfig")
    if minute.memory is not None and (serverless is None or minute.requests > 0):
        yield (
            (_HOSTS, "MemoryUtilization", _PERCENT),
            [_gauge(minute, 100 * minute.memory, _PERCENT)],
        )
    if serverless is not None:
        return
    # 100 % for each processor and each accelerator of an instance.
    host = variant_of(variant)
    if minute.cpu is not None:
        used = 100 * host.vcpus * minute.cpu
        yield (_HOSTS, "CPUUtilization", _PERCENT), [_gauge(minute, used, _PERCENT)]
    if minute.gpu is not None:
        used = 100 * host.accelerators * minute.gpu
        yield (_HOSTS, "GPUUtilization", _PERCENT), [_gauge(minute, used, _PERCENT)]
    if minute.resident is not None:
        yield (_HOSTS, "LoadedModelCount", _NONE), [_gauge(minute, minute.resident, _NONE)]


def _of_requests(
    minute: Minute, variant: Mapping[str, Any]
) -> Iterator[tuple[Series, Sequence[Sample]]]:
    asked = minute.requests
    if asked <= 0:
        return
    yield (_CALLS, "Invocations", _NONE), [_sum(minute, asked, asked)]
    for name, wrong in (
        ("Invocation4XXErrors", minute.refused),
        ("Invocation5XXErrors", minute.failed),
    ):
        # Each request counts 1 or 0, so that the average is their share.
        yield (_CALLS, name, _NONE), [_sum(minute, asked, wrong)]
    for name, times in (("ModelLatency", minute.model), ("OverheadLatency", minute.overhead)):
        yield (_CALLS, name, _MICROSECONDS), _durations(minute, times)
    serverless = variant.get("CurrentServerlessConfig")
    if serverless is None:
        each = asked / max(minute.capacity, 1.0)
        yield (_CALLS, "InvocationsPerInstance", _NONE), [_sum(minute, asked, each)]
    else:
        yield (_CALLS, "ModelSetupTime", _MICROSECONDS), _durations(minute, minute.cold)
        busy = min(1.0, minute.busy / serverless["MaxConcurrency"])
        name = "ServerlessConcurrentExecutionsUtilization"
        yield (_CALLS, name, _NONE), [_gauge(minute, busy, _NONE)]
        if serverless.get("ProvisionedConcurrency"):
            spilled = sum(times for _, times in minute.cold)
            name = "ServerlessProvisionedConcurrencySpilloverInvocations"
            yield (_CALLS, name, _COUNT), [_sum(minute, asked, spilled)]
    if minute.resident is not None:
        yield from _of_models(minute)


def _of_models(minute: Minute) -> Iterator[tuple[Series, Sequence[Sample]]]:
    """Metrics of a multi-model endpoint: a load is a third download, two thirds reading in."""
    loads = sum(times for _, times in minute.loads)
    hits = max(minute.requests - minute.refused - loads, 0.0)
    yield (_CALLS, "ModelCacheHit", _NONE), [_sum(minute, hits + loads, hits)]
    yield (_CALLS, "ModelLoadingWaitTime", _MICROSECONDS), _durations(minute, minute.loads)
    for name, part in (("ModelDownloadingTime", 1 / 3), ("ModelLoadingTime", 2 / 3)):
        own = ((minute.load_s * part, loads),) if loads else ()
        yield (_CALLS, name, _MICROSECONDS), _durations(minute, own)
    gone = ((_UNLOADED_S, minute.unloads),)
    yield (_CALLS, "ModelUnloadingTime", _MICROSECONDS), _durations(minute, gone)


def _durations(minute: Minute, times: Times) -> list[Sample]:
    return [
        Sample(
            at=minute.at_s,
            unit=_MICROSECONDS,
            count=many,
            total=took * _MICRO * many,
            low=took * _MICRO,
            high=took * _MICRO,
        )
        for took, many in times
        if many > 0
    ]


def _gauge(minute: Minute, amount: float, unit: str) -> Sample:
    return Sample(at=minute.at_s, unit=unit, count=1, total=amount, low=amount, high=amount)


def _sum(minute: Minute, count: float, total: float) -> Sample:
    high = 1.0 if total > 0 else 0.0
    return Sample(at=minute.at_s, unit=_NONE, count=count, total=total, low=0.0, high=high)
