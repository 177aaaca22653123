"""What containers load from S3: whether it is there, and in the region of the endpoint.

SageMaker loads from buckets of the model's own region only (botocore 1.44,
ContainerDefinition.ModelDataUrl); that holds in every region.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from planner.errors import PlannerError
from planner.model.check import Check, Verdict
from planner.model.value import value
from planner_sagemaker.preflight.asking import asked, each, is_absent, unread
from planner_sagemaker.preflight.finding import Finding, told
from planner_sagemaker.preflight.launches import Launch
from planner_sagemaker.reading import Ask


@value
class Artifact:
    """An object, or a folder of which something must lie in it."""

    uri: str
    folder: bool

    @property
    def bucket(self) -> str:
        """The bucket it lies in."""
        return self.uri.split("/")[2]

    @property
    def key(self) -> str:
        """Its name in the bucket."""
        return self.uri.split("/", 3)[3] if self.uri.count("/") > 2 else ""


def artifacts_of(launches: Sequence[Launch]) -> list[Artifact]:
    """What all launches load, each once."""
    found = (_artifact(one) for launch in launches for one in launch.containers)
    return list(dict.fromkeys(one for one in found if one is not None))


def _artifact(container: Mapping[str, Any]) -> Artifact | None:
    url = container.get("ModelDataUrl")
    if url:
        return Artifact(uri=url, folder=container.get("Mode") == "MultiModel")
    source = (container.get("ModelDataSource") or {}).get("S3DataSource")
    if not source:
        return None
    return Artifact(uri=source["S3Uri"], folder=source["S3DataType"] == "S3Prefix")


def artifact_checks(ask: Ask, launches: Sequence[Launch], region: str) -> Iterator[Check]:
    """One look at each bucket, then one at each artifact in a bucket that may be used."""
    wanted = artifacts_of(launches)
    buckets = list(dict.fromkeys(one.bucket for one in wanted))
    found = each(lambda name: _bucket_fault(ask, name, region), buckets)
    faults = dict(zip(buckets, found, strict=True))

    def look(artifact: Artifact) -> Finding:
        fault = faults[artifact.bucket]
        if fault:
            return _failed(artifact, fault)
        return _looked_at(ask, artifact)

    yield from told("artifact", "artifact", each(look, wanted))


def _bucket_fault(ask: Ask, bucket: str, region: str) -> str:
    """Why nothing of a bucket can be loaded; empty also where that is not known.

    Who may not list a bucket is not told its region, and may read its objects nevertheless.
    """
    found = asked(ask, "s3", "HeadBucket", {"Bucket": bucket})
    if isinstance(found, PlannerError):
        return f"there is no bucket {bucket}" if is_absent(found) else ""
    lies = found.get("BucketRegion") or region
    return "" if lies == region else f"bucket {bucket} lies in {lies}, the endpoint in {region}"


def _looked_at(ask: Ask, artifact: Artifact) -> Finding:
    where = {"Bucket": artifact.bucket}
    if artifact.folder:
        one = {"MaxItems": 1, "PageSize": 1}
        operation = "ListObjectsV2"
        parameters = {**where, "Prefix": artifact.key, "PaginationConfig": one}
    else:
        operation, parameters = "HeadObject", {**where, "Key": artifact.key}
    found = asked(ask, "s3", operation, parameters)
    if isinstance(found, PlannerError):
        if is_absent(found):
            return _failed(artifact, "there is no such object")
        # Not a failure: the execution role reads it, not who runs this.
        return unread(artifact.uri, operation, found)
    if artifact.folder and not found.get("Contents"):
        # A multi-model endpoint starts on an empty folder, and then every request fails: none of
        # the models that the spec names is there.
        return _failed(artifact, "nothing lies below it")
    return Finding(subject=artifact.uri, verdict=Verdict.PASSED, cause="exists")


def _failed(artifact: Artifact, cause: str) -> Finding:
    hint = f"aws s3 ls {artifact.uri}"
    return Finding(subject=artifact.uri, verdict=Verdict.FAILED, cause=cause, hint=hint)
