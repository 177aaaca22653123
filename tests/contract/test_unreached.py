"""What to type where nothing gets through: the SDKs themselves fail, at ports of this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from botocore.exceptions import EndpointConnectionError
from planner_databricks.gateway import Connection as Workspace
from planner_databricks.unreached import fix as of_workspace
from planner_sagemaker.gateway import Connection as Region
from planner_sagemaker.unreached import fix

from planner.errors import ProviderError
from planner.model.warm_up import Sample

SAMPLE = Sample(body=b"{}", content_type="application/json", sha256="", size_bytes=2)
CALL = {"EndpointName": "shop", "Body": b"{}"}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys, and nothing of this machine that says where to go."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("no_proxy", raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "DATABRICKS_TOKEN"):
        monkeypatch.setenv(name, "sandbox")
    monkeypatch.setenv("DATABRICKS_HOST", "https://example.cloud.databricks.com")


def refusal_of_sagemaker(url: str | None = None) -> ProviderError:
    with pytest.raises(ProviderError) as refused:
        Region("eu-west-1", url).timed("InvokeEndpoint", CALL)
    assert refused.value.code == "unreachable"
    return refused.value


def refusal_of_databricks() -> ProviderError:
    with pytest.raises(ProviderError) as refused:
        Workspace(None, None, patience_s=1).timed("/serving-endpoints/a/invocations", SAMPLE, "")
    assert refused.value.code == "unreachable"
    return refused.value


@pytest.fixture
def nowhere() -> str:
    """An address of this machine where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_stand_in_that_is_not_there(nowhere: str) -> None:
    assert refusal_of_sagemaker(nowhere).hint == f"curl -sS {nowhere}"


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"])
def test_an_address_of_the_environment(
    name: str, nowhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, nowhere)
    hint = refusal_of_sagemaker().hint
    assert hint == f"unset {name}, or start what should answer at {nowhere}"


def test_another_workspace() -> None:
    error = requests.exceptions.ConnectionError("Name or service not known")
    assert of_workspace(error, "https://w.cloud.databricks.com", stand_in=False) == (
        "curl -sS https://w.cloud.databricks.com; where it is another's, export "
        "DATABRICKS_HOST=https://WORKSPACE, and behind a proxy HTTPS_PROXY=http://HOST:PORT"
    )


def test_a_proxy_that_is_not_there(nowhere: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", nowhere)
    told = "unset HTTPS_PROXY HTTP_PROXY, or export HTTPS_PROXY=http://HOST:PORT that answers"
    assert refusal_of_sagemaker().hint == told
    assert refusal_of_databricks().hint == told


@contextmanager
def between() -> Iterator[str]:
    """A proxy that takes every connection and shows no certificate."""

    def answer(listener: socket.socket) -> None:
        while True:
            try:
                taken, _ = listener.accept()
            except OSError:
                return
            with taken:
                taken.recv(4096)
                taken.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                taken.recv(4096)
                taken.sendall(b"this is no TLS at all")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=5)


def test_a_proxy_that_answers_in_place_of_the_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    with between() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        assert refusal_of_sagemaker().hint.startswith("export AWS_CA_BUNDLE=")
        assert refusal_of_databricks().hint.startswith("export REQUESTS_CA_BUNDLE=")


def test_no_network() -> None:
    url = "https://api.sagemaker.eu-west-1.amazonaws.com/endpoints"
    error = EndpointConnectionError(endpoint_url=url)
    assert fix(error, "", "eu-west-1", {}) == (
        "curl -sS https://api.sagemaker.eu-west-1.amazonaws.com, and where that fails too "
        "export HTTPS_PROXY=http://HOST:PORT"
    )
    # A variable for another service is not to blame.
    other = {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000"}
    assert fix(error, "", "eu-west-1", other).startswith("curl -sS https://api.")
