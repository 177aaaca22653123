"""What to do where a request did not get through: whether a proxy, an address or the network."""

from __future__ import annotations

from collections.abc import Iterator

PROXY = "unset HTTPS_PROXY HTTP_PROXY, or export HTTPS_PROXY=http://HOST:PORT that answers"


def fix(error: BaseException, host: str, *, stand_in: bool) -> str:
    """What to type; `host` is the workspace's URL, or that of what stands for it."""
    # Classes of requests by name: only the connection loads the SDK, which wraps them.
    kinds = {kind.__name__ for one in _chain(error) for kind in type(one).__mro__}
    if "ProxyError" in kinds:
        return PROXY
    if stand_in:
        return f"curl -sS {host}"
    if "SSLError" in kinds:
        return "export REQUESTS_CA_BUNDLE=FILE.pem with the certificate of who answers in between"
    return (
        f"curl -sS {host}; where it is another's, export DATABRICKS_HOST=https://WORKSPACE, and "
        "behind a proxy HTTPS_PROXY=http://HOST:PORT"
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it came from."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
