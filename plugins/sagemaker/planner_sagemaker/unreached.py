"""What to do where a call did not get through: is it a proxy, an address or the network."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

PROXY = "unset HTTPS_PROXY HTTP_PROXY, or export HTTPS_PROXY=http://HOST:PORT that answers"
_ADDRESS = "AWS_ENDPOINT_URL"
"""Also with the name of a service behind it (AWS SDKs guide, service-specific endpoints)."""


def fix(error: BaseException, sent_to: str, region: str, environment: Mapping[str, str]) -> str:
    """What to type; `sent_to` is the stand-in that was asked for, "" where none was."""
    kinds = {one.__name__ for one in type(error).__mro__}
    # Classes of botocore and of requests by name: only the connection loads the SDK.
    if "ProxyError" in kinds:
        return PROXY
    url = str(getattr(error, "kwargs", {}).get("endpoint_url") or sent_to)
    if sent_to:
        return f"curl -sS {sent_to}"
    replaced = _replaced(url, environment)
    if replaced:
        return f"unset {replaced}, or start what should answer at {environment[replaced]}"
    if "SSLError" in kinds:
        return "export AWS_CA_BUNDLE=FILE.pem with the certificate of who answers in between"
    cloud = _origin(url) or f"https://sagemaker.{region}.amazonaws.com"
    return f"curl -sS {cloud}, and where that fails too export HTTPS_PROXY=http://HOST:PORT"


def _replaced(url: str, environment: Mapping[str, str]) -> str:
    """The variable that gives the address in place of the cloud's."""
    names = sorted(name for name in environment if name.startswith(_ADDRESS) and environment[name])
    same = [one for one in names if _origin(environment[one]) == _origin(url)]
    return (same or ([] if url else names) or [""])[0]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
