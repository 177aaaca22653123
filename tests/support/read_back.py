"""Bodies in the spelling of other tools, read back by the names of botocore's service model."""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape


def read_back(service: str, operation: str, spelled: dict[str, Any]) -> dict[str, Any]:
    """A request whose members are spelled with other capitals and underscores."""
    shape = _model(service).operation_model(operation).input_shape
    found: dict[str, Any] = _read(shape, spelled)
    return found


@cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def _read(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape):
        members = {name.lower(): name for name in shape.members}
        named = {members[_plain(name)]: item for name, item in value.items()}
        return {name: _read(shape.members[name], item) for name, item in named.items()}
    if isinstance(shape, ListShape):
        return [_read(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return dict(value)
    return value


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
