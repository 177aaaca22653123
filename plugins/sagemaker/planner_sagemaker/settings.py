"""The `sagemaker` block of a spec: what a person writes, checked and in SI units."""

# No `from __future__ import annotations`: pydantic would compile each annotation once more.

import math
import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from planner.alerts import Measure
from planner.model.units import UnitError
from planner.model.workload import Feature
from planner.spec.quantities import (
    Count,
    Duration,
    Flag,
    PositiveDuration,
    PositiveFraction,
    PositiveMoney,
    Size,
    SpecBlock,
    Text,
)
from planner_sagemaker import tables
from planner_sagemaker.catalog import EXTRA_PRICES, EXTRA_QUOTAS
from planner_sagemaker.images import is_ecr, is_model_package
from planner_sagemaker.options import CatalogOptions

_ROLE = re.compile(r"arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+\Z")
_S3 = re.compile(r"s3://[^/\s]+(/\S*)?\Z")
_NETWORK_ID = re.compile(r"[-0-9a-zA-Z]{1,32}\Z")
_TOPIC = re.compile(r"arn:aws[a-z\-]*:sns:[a-z0-9\-]+:\d{12}:[a-zA-Z0-9_-]{1,256}\Z")
_SERVERLESS_IMAGE_BYTES = 10_000_000_000
_GB = 1_000_000_000
_LARGEST_VOLUME_BYTES = 512 * _GB


def _role(value: str) -> str:
    if _ROLE.match(value):
        return value
    hint = "write role_arn: arn:aws:iam::123456789012:role/SageMakerExecution"
    raise UnitError(f"must be the ARN of an IAM role, not {value}", hint)


def _s3(value: str) -> str:
    if _S3.match(value) and len(value) <= 512:
        return value
    raise UnitError(f"must be an S3 address, not {value}", "write s3://bucket/prefix/")


def _image(value: str) -> str:
    if len(value) <= 255 and not re.search(r"\s", value):
        return value
    hint = "write <account>.dkr.ecr.<region>.amazonaws.com/<name>:<tag>"
    raise UnitError("must be an image name of at most 255 characters without blanks", hint)


def _kms_key(value: str) -> str:
    if re.fullmatch(r"[a-zA-Z0-9:/_-]{1,2048}", value):
        return value
    raise UnitError(f"must be a KMS key id, alias or ARN, not {value}", "write alias/my-key")


def _volume(value: int) -> int:
    if value <= _LARGEST_VOLUME_BYTES:
        return value
    raise UnitError("must be at most 512 GB", "write volume: 512GB, or 0 for SageMaker's own")


def _network_id(value: str) -> str:
    if _NETWORK_ID.match(value):
        return value
    raise UnitError(f"must be an id such as subnet-0a1b2c or sg-0a1b2c, not {value}")


def _known(key: str, extra: tuple[str, ...]) -> str:
    names = [row.name for row in tables.instances()] + list(extra)
    if key in names:
        return key
    from difflib import get_close_matches  # noqa: PLC0415 - only for the message

    near = get_close_matches(key, names, n=1, cutoff=0.4)
    hint = f"write {near[0]}" if near else f"an instance type or one of {', '.join(extra)}"
    raise UnitError(f"unknown name: {key}", hint)


def _price_name(key: str) -> str:
    return _known(key, EXTRA_PRICES)


def _quota_name(key: str) -> str:
    return _known(key, EXTRA_QUOTAS)


def _topic(value: str) -> str:
    if _TOPIC.match(value):
        return value
    hint = "write arn:aws:sns:us-east-1:123456789012:on-call"
    raise UnitError(f"must be the ARN of an SNS topic, not {value}", hint)


S3Uri = Annotated[Text, AfterValidator(_s3)]
TopicArn = Annotated[Text, AfterValidator(_topic)]
NetworkId = Annotated[Text, AfterValidator(_network_id)]
PriceName = Annotated[str, AfterValidator(_price_name)]
QuotaName = Annotated[str, AfterValidator(_quota_name)]


class Container(SpecBlock):
    """A framework instead of an image: enough for a price, while `render` needs the image."""

    framework: Text


class Vpc(SpecBlock):
    """Network that the containers run in."""

    subnets: tuple[NetworkId, ...] = Field(min_length=1, max_length=16)
    security_groups: tuple[NetworkId, ...] = Field(min_length=1, max_length=5)


class DataCapture(SpecBlock):
    """Requests and responses that are copied to S3; `percentage` as 20% or 0.2."""

    percentage: PositiveFraction
    s3_uri: S3Uri


class Serverless(SpecBlock):
    """What SageMaker does not publish about its serverless platform."""

    keep_alive: PositiveDuration | None = None
    start: Duration | None = None


class Cooldowns(SpecBlock):
    """How long an autoscaler waits after it went up or down; SageMaker's own is 5 min."""

    up: Duration | None = None
    down: Duration | None = None


class CloudWatchAlerts(SpecBlock):
    """An alarm for everything to be told of, and a dashboard; `skip` are measures left out.

    `topics` are told when an alarm goes off and when it is over.
    """

    topics: tuple[TopicArn, ...] = Field(default=(), max_length=5)
    dashboard: Flag = True
    skip: tuple[Measure, ...] = ()


_LATER = (("alerts", None),)


class SageMakerSettings(SpecBlock):
    """One candidate: where, as whom, with which image, and what differs from public figures.

    `prices` are USD per hour of an instance type, or USD per GB-second, GB or GB-month for the
    other names; `quotas` are instances per type, or the account's totals. None takes the default
    that the catalog flags as an assumption.
    """

    region: Text
    role_arn: Annotated[Text, AfterValidator(_role)]
    image: Annotated[Text, AfterValidator(_image)] | None = None
    container: Container | None = None
    image_size: Size | None = None
    image_architectures: tuple[Literal["x86_64", "arm64"], ...] = Field(
        default=("x86_64",), min_length=1
    )
    model_prefix: S3Uri | None = None
    vpc: Vpc | None = None
    kms_key: Annotated[Text, AfterValidator(_kms_key)] | None = None
    network_isolation: Flag = False
    data_capture: DataCapture | None = None
    alerts: CloudWatchAlerts | None = None
    volume: Annotated[Size, AfterValidator(_volume)] | None = None
    cooldowns: Cooldowns = Cooldowns.model_construct()
    marketplace: Flag = False
    overhead: Duration | None = None
    startup: Duration | None = None
    serverless: Serverless = Serverless.model_construct()  # all defaults: builds no validator
    prices: dict[PriceName, PositiveMoney] = Field(default_factory=dict)
    quotas: dict[QuotaName, Count] = Field(default_factory=dict)
    tags: dict[Text, Text] = Field(default_factory=dict)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Without what is not asked of what came later: what stands for a spec stays the same."""
        return ((name, one) for name, one in super().__repr_args__() if (name, one) not in _LATER)

    def catalog_options(self) -> CatalogOptions:
        """The part that a catalog depends on, hashable and in one order."""
        return CatalogOptions(
            region=self.region,
            overhead_s=self.overhead,
            startup_s=self.startup,
            keep_alive_s=self.serverless.keep_alive,
            cold_start_s=self.serverless.start,
            architectures=_in_order(self.image_architectures),
            prices=tuple(sorted(self.prices.items())),
            quotas=tuple(sorted(self.quotas.items())),
            volume_gb=None if self.volume is None else math.ceil(self.volume / _GB),
            cooldown_up_s=self.cooldowns.up,
            cooldown_down_s=self.cooldowns.down,
        )

    @property
    def account(self) -> str:
        """The account of the role, which is that of what it serves."""
        return self.role_arn.split(":")[4]

    def features(self) -> tuple[Feature, ...]:
        """What some offering may exclude, by the path below this block."""
        return tuple(self._features())

    def _features(self) -> Iterator[Feature]:
        if self.vpc is not None:
            yield Feature(name="vpc", path="vpc", value=", ".join(self.vpc.subnets))
        if self.network_isolation:
            yield Feature(name="network-isolation", path="network_isolation", value="true")
        if self.data_capture is not None:
            share = f"{self.data_capture.percentage:.0%}"
            yield Feature(name="data-capture", path="data_capture", value=share)
        yield from self._image_features()

    def _image_features(self) -> Iterator[Feature]:
        image = self.image or ""
        if self.marketplace:
            yield Feature(name="marketplace", path="marketplace", value="true")
        elif image and not is_ecr(image) and not is_model_package(image):
            yield Feature(name="private-registry", path="image", value=image)
        if self.image_size is not None and self.image_size > _SERVERLESS_IMAGE_BYTES:
            size = f"{self.image_size / 1e9:.4g} GB"
            yield Feature(name="image-over-10-gb", path="image_size", value=size)


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names), reverse=True))
