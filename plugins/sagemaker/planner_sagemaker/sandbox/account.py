"""What else the account has, as far as endpoints depend on it: roles, objects, images, permissions.

Nothing here is made through an API: the control path puts it. Until a list of a kind is put, all
that is asked for exists; from then on only what is listed does.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from planner_sagemaker.sandbox.cloud import ACCOUNT, Cloud

MADE_AT = 1_735_689_600.0
"""When all of it was made: 2025-01-01T00:00:00Z."""

SERVICE = "sagemaker.amazonaws.com"
_FACT = "account"
_SOME_BYTES = 2**20
_ROLE = re.compile(r"arn:[^:]+:iam::\d{12}:role(?P<path>/(?:.+/)?)(?P<name>[^/]+)")
_IMAGE = re.compile(
    r"(?P<registry>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/"
    r"(?P<repository>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _role(given: Any) -> Any:
    """A role may be given by its name or its ARN."""
    if not isinstance(given, str):
        return given
    found = _ROLE.fullmatch(given)
    return {"name": given} if found is None else found.groupdict()


class Role(_Kept):
    """A role, the services that may assume it, and the actions it is denied."""

    name: str
    path: str = "/"
    trusts: tuple[str, ...] = (SERVICE,)
    denied: tuple[str, ...] = ()


class Stored(_Kept):
    """An object of S3; its bucket lies in `region`, or wherever it is asked for."""

    uri: Annotated[str, Field(pattern=r"^s3://[^/]+/.+$")]
    bytes: Annotated[int, Field(ge=0)] = _SOME_BYTES
    region: str | None = None

    @property
    def bucket(self) -> str:
        """The bucket it lies in."""
        return self.uri.split("/")[2]

    @property
    def key(self) -> str:
        """Its name in the bucket."""
        return self.uri.split("/", 3)[3]

    @property
    def etag(self) -> str:
        """As S3 shows it, with its quotes."""
        digest = hashlib.md5(self.uri.encode(), usedforsecurity=False).hexdigest()
        return f'"{digest}"'


class Image(_Kept):
    """An image of ECR, with a tag, a digest or both."""

    uri: Annotated[str, Field(pattern=f"^{_IMAGE.pattern}$")]
    bytes: Annotated[int, Field(ge=0)] = _SOME_BYTES

    @classmethod
    def read(cls, uri: str) -> Image | None:
        """The image of a container; None where it is not one of ECR."""
        return cls(uri=uri) if _IMAGE.fullmatch(uri) else None

    @property
    def place(self) -> tuple[str, str, str]:
        """Region, registry and repository."""
        found = self._parts
        return found["region"], found["registry"], found["repository"]

    @property
    def tag(self) -> str | None:
        """Its tag, if it has one."""
        tag: str | None = self._parts["tag"]
        return tag

    @property
    def is_digested(self) -> bool:
        """Whether it was given by its digest."""
        return self._parts["digest"] is not None

    @property
    def digest(self) -> str:
        """The digest it was put with, else one that its name determines."""
        own = hashlib.sha256(self.uri.encode()).hexdigest()
        return self._parts["digest"] or f"sha256:{own}"

    @property
    def _parts(self) -> dict[str, Any]:
        found = _IMAGE.fullmatch(self.uri)
        assert found is not None
        return found.groupdict()


def _uri(given: Any) -> Any:
    return {"uri": given} if isinstance(given, str) else given


class Account(_Kept):
    """Everything put so far; None is a kind of which anything exists."""

    caller: str = f"arn:aws:iam::{ACCOUNT}:user/sandbox"
    denied: tuple[str, ...] = ()
    """Patterns of actions, such as `sagemaker:Create*`, that the caller may not do."""
    roles: tuple[Annotated[Role, BeforeValidator(_role)], ...] | None = None
    objects: tuple[Annotated[Stored, BeforeValidator(_uri)], ...] | None = None
    images: tuple[Annotated[Image, BeforeValidator(_uri)], ...] | None = None
    alarms: tuple[Annotated[str, Field(min_length=1, max_length=255)], ...] | None = None
    """Names of composite alarms; those on metrics are made by PutMetricAlarm."""

    @property
    def principal(self) -> str:
        """The user or the role whose policies count: behind a session stands a role."""
        found = re.fullmatch(r"(arn:[^:]+):sts:(:\d+):assumed-role/([^/]+)/.+", self.caller)
        return f"{found[1]}:iam:{found[2]}:role/{found[3]}" if found else self.caller

    def role(self, name: str) -> Role | None:
        """The role of that name."""
        if self.roles is None:
            return Role(name=name)
        return next((one for one in self.roles if one.name == name), None)


def account(cloud: Cloud) -> Account:
    """What the account has now."""
    return _parsed(cloud.store.fact(_FACT, "{}"))


def change(cloud: Cloud, given: Any) -> Account:
    """Replace the kinds that are given; ValueError says what is wrong with them."""
    if not isinstance(given, dict):
        raise ValueError("an object with caller, denied, roles, objects, images or alarms expected")
    kept = account(cloud).model_dump(exclude_unset=True)
    changed = Account.model_validate({**kept, **given})
    cloud.store.remember(_FACT, changed.model_dump_json(exclude_unset=True))
    return changed


@lru_cache(maxsize=4)
def _parsed(text: str) -> Account:
    return Account.model_validate_json(text)
