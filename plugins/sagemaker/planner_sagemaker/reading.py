"""Live state of an endpoint out of the answers of the cloud's Describe calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from planner.errors import AuthError, ProviderError
from planner.model.live import Health, LiveObject, LiveState
from planner.model.resource import DesiredState
from planner_sagemaker.resources.names import VARIANT, readable
from planner_sagemaker.resources.tags import DIGEST, OWNER, PROTECT, SELF

Answer = dict[str, Any]
Ask = Callable[[str, str, Mapping[str, Any]], Answer]
"""Asks a service (first) for an operation (second); every page of a list in one answer."""

Creation = Callable[[str, Answer], Answer]
"""What of an object of a kind (first) could have been given to its creation."""

Known = Callable[[str, str], list[Answer] | None]
"""Tags of the object of an address (first) and ARN (second), None where nothing is known."""


def nothing_known(address: str, arn: str) -> list[Answer] | None:  # noqa: ARG001 - a Known
    """Nothing is known already."""
    return None


SAGEMAKER = "sagemaker"
SCALING = "application-autoscaling"
DESCRIBE = {
    "endpoint": ("DescribeEndpoint", "EndpointName", "EndpointArn"),
    "endpoint-config": ("DescribeEndpointConfig", "EndpointConfigName", "EndpointConfigArn"),
    "model": ("DescribeModel", "ModelName", "ModelArn"),
}
"""By kind: the call, its parameter, and the member of the answer that tags are found by."""

_SCALERS = {
    "scaling-policy": ("DescribeScalingPolicies", "ScalingPolicies", "PolicyName"),
    "scheduled-action": ("DescribeScheduledActions", "ScheduledActions", "ScheduledActionName"),
}
_HEALTH = {
    "InService": Health.READY,
    **dict.fromkeys(
        ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"), Health.MOVING
    ),
    **dict.fromkeys(("Failed", "OutOfService", "UpdateRollbackFailed"), Health.FAILED),
}
_UNSTATED: Mapping[str, Any] = {
    "EnableNetworkIsolation": False,
    "Mode": "SingleModel",
    "DisableScaleIn": False,
    "ActionsEnabled": True,
}
"""What the cloud shows of objects that were created without; a desired body never states it."""


class RefusedError(ProviderError):
    """The cloud's refusal of one call, with its own code and text.

    `retried` says that an earlier try may have been carried out without its answer being seen;
    `original` is the status that a model answered with.
    """

    def __init__(
        self,
        operation: str,
        cloud_code: str,
        text: str,
        *,
        retried: bool,
        original: int | None = None,
    ) -> None:
        shown = f"{cloud_code}: {text}" if text else cloud_code
        super().__init__(_kebab(cloud_code), f"{operation} was refused: {shown}")
        self.cloud_code = cloud_code
        self.text = text
        self.retried = retried
        self.original = original

    @property
    def missing(self) -> bool:
        """Whether something that the call names does not exist."""
        return self.cloud_code in {"ResourceNotFound", "ObjectNotFoundException"} or (
            self.cloud_code == "ValidationException" and self.text.startswith("Could not find")
        )

    @property
    def existing(self) -> bool:
        """Whether what the call would create exists."""
        return "already existing" in self.text

    @property
    def throttled(self) -> bool:
        """Whether the account asks too often just now."""
        return self.cloud_code in {"Throttling", "ThrottlingException"}

    @property
    def busy(self) -> bool:
        """Whether the endpoint is being changed."""
        return "in-progress endpoint" in self.text


def health(described: Answer | None) -> Health:
    """What an endpoint does; an unknown status counts as moving, which nothing builds on."""
    if described is None:
        return Health.ABSENT
    return _HEALTH.get(described["EndpointStatus"], Health.MOVING)


class Reader:
    """Reads through `ask`; writes nothing and keeps nothing."""

    def __init__(self, ask: Ask, creation: Creation) -> None:
        self._ask = ask
        self._creation = creation

    def describe(self, kind: str, name: str) -> Answer | None:
        """The answer of the Describe call, None where there is no such object."""
        operation, parameter, _ = DESCRIBE[kind]
        try:
            return self._ask(SAGEMAKER, operation, {parameter: name})
        except RefusedError as refusal:
            if refusal.missing:
                return None
            raise

    def tags(self, arn: str) -> list[Answer] | None:
        """Tags by key, without the cloud's own; None where they may not be read."""
        try:
            found = self._ask(SAGEMAKER, "ListTags", {"ResourceArn": arn})["Tags"]
        except AuthError:
            return None
        return own_tags(found)

    def read(self, desired: DesiredState, known: Known = nothing_known) -> LiveState:
        """Every object of the endpoint that lives: what it uses, and what is desired of it.

        Tags that are `known` already are not asked for.
        """
        name = endpoint_name(desired)
        endpoint = self.describe("endpoint", name)
        objects = [*self._served(desired, endpoint, known)]
        if endpoint is not None:
            objects.append(self._object("endpoint", name, endpoint, known))
        return LiveState(
            endpoint=desired.endpoint,
            health=health(endpoint),
            objects=(*objects, *self._scalers(desired, name, endpoint)),
            detail=_detail(endpoint),
            digest=_tag(objects[-1], DIGEST) if endpoint is not None else None,
            counts=_counts(endpoint),
        )

    def targets(self, endpoint: str, variants: Iterable[str]) -> list[Answer]:
        """Scalable targets of variants of an endpoint."""
        asked = {"ServiceNamespace": SAGEMAKER, "ResourceIds": resource_ids(endpoint, variants)}
        found: list[Answer] = self._ask(SCALING, "DescribeScalableTargets", asked)[
            "ScalableTargets"
        ]
        return found

    def _served(
        self, desired: DesiredState, endpoint: Answer | None, known: Known
    ) -> Iterator[LiveObject]:
        """Models, then configs: those of the endpoint and those that are desired."""
        models, configs = _named(desired, "model"), _named(desired, "endpoint-config")
        if endpoint is not None:
            configs = [*configs, endpoint["EndpointConfigName"]]
        found = [
            (name, shown)
            for name in dict.fromkeys(configs)
            if (shown := self.describe("endpoint-config", name)) is not None
        ]
        used = (variant.get("ModelName") for _, shown in found for variant in _variants(shown))
        for name in dict.fromkeys([*models, *filter(None, used)]):
            shown = self.describe("model", name)
            if shown is not None:
                yield self._object("model", name, shown, known)
        for name, shown in found:
            yield self._object("endpoint-config", name, shown, known)

    def object(self, kind: str, name: str) -> LiveObject | None:
        """An object with its tags, None where there is none of this name."""
        shown = self.describe(kind, name)
        return None if shown is None else self._object(kind, name, shown)

    def _object(
        self, kind: str, name: str, described: Answer, known: Known = nothing_known
    ) -> LiveObject:
        arn = described[DESCRIBE[kind][2]]
        tags = known(f"{kind}/{name}", arn) or self.tags(arn)
        return tagged_object(kind, name, self.body(kind, described), tags)

    def body(self, kind: str, described: Answer) -> Answer:
        """The description in the terms of the creation, without what the cloud fills in."""
        stated: Answer = _stated(self._creation(kind, described))
        return stated

    def _scalers(
        self, desired: DesiredState, name: str, endpoint: Answer | None
    ) -> Iterator[LiveObject]:
        """Targets of all variants, and what is attached to them."""
        shown = (endpoint or {}).get("ProductionVariants") or ()
        variants = dict.fromkeys([VARIANT, *(one["VariantName"] for one in shown)])
        targets = self.targets(name, variants)
        wanted = next((one for one in desired.resources if one.kind == "scalable-target"), None)
        for target in targets:
            yield self._target(name, target, wanted.body if wanted else {})
        for resource in dict.fromkeys(one["ResourceId"] for one in targets):
            yield from self._attached(resource)

    def _target(self, endpoint: str, shown: Answer, wanted: Answer) -> LiveObject:
        """A target that is not the one the planner would make is named in full."""
        dimension = wanted.get("ScalableDimension", shown["ScalableDimension"])
        own = resource_ids(endpoint, [VARIANT]) == [shown["ResourceId"]]
        usual = own and dimension == shown["ScalableDimension"]
        name = endpoint if usual else f"{shown['ResourceId']}#{shown['ScalableDimension']}"
        body = self.body("scalable-target", shown)
        # The role is linked to the service and filled in by it; suspension is where nothing is.
        body.pop("RoleARN", None)
        if not any((body.get("SuspendedState") or {}).values()):
            body.pop("SuspendedState", None)
        return LiveObject(
            address=f"scalable-target/{name}", kind="scalable-target", name=name, body=body
        )

    def _attached(self, resource: str) -> Iterator[LiveObject]:
        for kind, (operation, member, named) in _SCALERS.items():
            asked = {"ServiceNamespace": SAGEMAKER, "ResourceId": resource}
            for shown in self._ask(SCALING, operation, asked)[member]:
                name = shown[named]
                yield LiveObject(
                    address=f"{kind}/{name}", kind=kind, name=name, body=self.body(kind, shown)
                )

    def scaler(self, kind: str, name: str) -> Answer | None:
        """Where a target, policy or action of this name sits; None where there is none.

        Raises ProviderError where policies or actions of several endpoints have the name.
        """
        if kind == "scalable-target":
            resource, _, dimension = name.partition("#")
            where = resource if dimension else resource_ids(name, [VARIANT])[0]
            asked = {"ServiceNamespace": SAGEMAKER, "ResourceIds": [where]}
            found = self._ask(SCALING, "DescribeScalableTargets", asked)["ScalableTargets"]
            found = [one for one in found if dimension in {"", one["ScalableDimension"]}]
        else:
            operation, member, named = _SCALERS[kind]
            asked = {"ServiceNamespace": SAGEMAKER, f"{named}s": [name]}
            found = self._ask(SCALING, operation, asked)[member]
        if len(found) > 1:
            places = ", ".join(sorted(one["ResourceId"] for one in found))
            raise ProviderError("ambiguous-name", f"{kind} {name} exists more than once: {places}")
        return {key: found[0][key] for key in _PLACE} if found else None


_PLACE = ("ServiceNamespace", "ResourceId", "ScalableDimension")


def resource_ids(endpoint: str, variants: Iterable[str]) -> list[str]:
    """Names of variants in Application Auto Scaling."""
    return [f"endpoint/{endpoint}/variant/{variant}" for variant in variants]


def own_tags(tags: list[Answer]) -> list[Answer]:
    """Tags by key, without the cloud's."""
    found = (tag for tag in tags if not tag["Key"].startswith("aws:"))
    return sorted(found, key=lambda tag: str(tag["Key"]))


def endpoint_name(desired: DesiredState) -> str:
    """The endpoint's name in SageMaker."""
    return next(iter(_named(desired, "endpoint")), readable(desired.endpoint))


def watch_tags(ask: Ask, arn: str) -> list[Answer] | None:
    """Tags of what is CloudWatch's; None where they may not be read."""
    try:
        return own_tags(ask("cloudwatch", "ListTagsForResource", {"ResourceARN": arn})["Tags"])
    except AuthError:
        return None


def tag_of(tags: list[Answer] | None, key: str) -> str | None:
    """The value of a tag."""
    return next((str(tag["Value"]) for tag in tags or () if tag["Key"] == key), None)


def tagged_object(kind: str, name: str, body: Answer, tags: list[Answer] | None) -> LiveObject:
    """An object of this body, and what its tags say of it."""
    return LiveObject(
        address=f"{kind}/{name}",
        kind=kind,
        name=name,
        body={**body, "Tags": tags} if tags else body,
        owner=tag_of(tags, OWNER),
        origin=tag_of(tags, SELF),
        protected=tag_of(tags, PROTECT) not in {None, "false"},
    )


def _tag(found: LiveObject, key: str) -> str | None:
    return tag_of(found.body.get("Tags"), key)


def _counts(endpoint: Answer | None) -> dict[str, int]:
    """Instances that each variant is to have now."""
    variants = (endpoint or {}).get("ProductionVariants") or ()
    return {
        one["VariantName"]: one["DesiredInstanceCount"]
        for one in variants
        if "DesiredInstanceCount" in one
    }


def _named(desired: DesiredState, kind: str) -> list[str]:
    return [one.name for one in desired.resources if one.kind == kind]


def _variants(config: Answer) -> list[Answer]:
    return [*config["ProductionVariants"], *(config.get("ShadowProductionVariants") or ())]


def _detail(endpoint: Answer | None) -> str:
    if endpoint is None:
        return ""
    reason = endpoint.get("FailureReason")
    return f"{endpoint['EndpointStatus']}: {reason}" if reason else str(endpoint["EndpointStatus"])


def _stated(given: Any) -> Any:
    """A value as JSON, without what is empty or filled in by the cloud."""
    if isinstance(given, dict):
        kept = {
            key: _stated(item)
            for key, item in given.items()
            if item not in (None, "", [], {}) and (key, item) not in _UNSTATED.items()
        }
        if "ModelDataUrl" in kept:
            # The cloud shows the same address in both forms.
            kept.pop("ModelDataSource", None)
        return kept
    if isinstance(given, list):
        return [_stated(item) for item in given]
    return given.isoformat() if hasattr(given, "isoformat") else given


def _kebab(code: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in code).lstrip("-") or "refused"
