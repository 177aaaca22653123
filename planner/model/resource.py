"""Desired state: the cloud objects a decision needs, and the calls that make them."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from planner.model.value import value


@value
class Resource:
    """One cloud object as it should be.

    `address` is unique within an endpoint (`endpoint-config/fraud-scorer-3f9c01`), `body` the full
    request parameters of its creation in the cloud's own names (JSON values only), `after` the
    addresses that must exist first.
    """

    address: str
    kind: str
    name: str
    body: dict[str, Any]
    after: tuple[str, ...] = ()


@value
class DesiredState:
    """All cloud objects of one endpoint, each after those it needs.

    `place` names the account and region or the workspace, as the provider connects to it; `digest`
    stands for all that is asked, and is kept in a tag of the endpoint; `notes` say what of the spec
    is done otherwise. Without resources it stands for an endpoint of which nothing is wanted.
    """

    endpoint: str
    provider: str
    region: str
    resources: tuple[Resource, ...]
    place: dict[str, str] = field(default_factory=dict)
    digest: str = ""
    notes: tuple[str, ...] = ()


@value
class ApiCall:
    """One request of a cloud's API, `parameters` complete as JSON values.

    `service` and `operation` are the cloud's names (`acme` `CreateModel`); REST interfaces
    add `method` and `path`.
    """

    service: str
    operation: str
    parameters: dict[str, Any]
    method: str = ""
    path: str = ""
