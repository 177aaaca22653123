"""Judges by others, in an environment of their own: the AWS CLI pins what we use too.

requirements/tools.txt names them.

The environment is made once and used again, by other runs too, until requirements/tools.txt
changes; PLANNER_TEST_TOOLS names one that is ready, and nothing is installed then.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.support.code import ROOT
from tests.support.command import Done

PINS = ROOT / "requirements" / "tools.txt"
VARIABLE = "PLANNER_TEST_TOOLS"
_UNREACHABLE = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError"
)


class UnreachableError(Exception):
    """The package index does not answer."""


@dataclass(frozen=True, kw_only=True)
class Tools:
    """An environment with the programs."""

    home: Path

    @property
    def python(self) -> str:
        return str(self.home / "bin" / "python")

    def aws(self, *arguments: str, url: str, cwd: Path, exported: bool = False) -> Done:
        """The AWS CLI as somebody without any configuration runs it; answers are JSON.

        The address stands in an option, or in the environment where it is `exported`.
        """
        place = () if exported else ("--endpoint-url", url)
        done = subprocess.run(
            [self.python, "-m", "awscli", *arguments, *place, "--output", "json"],
            cwd=cwd,
            env={**_environment(), **({"AWS_ENDPOINT_URL": url} if exported else {})},
            capture_output=True,
            timeout=60,
            check=False,
        )
        return Done(code=done.returncode, stdout=done.stdout, stderr=done.stderr)


@dataclass(frozen=True, kw_only=True)
class Moto:
    """A running server of moto."""

    url: str

    def reset(self) -> None:
        urlopen(Request(f"{self.url}/moto-api/reset", data=b"")).close()


@pytest.fixture(scope="session")
def tools() -> Tools:
    """The programs; skips where they have to be installed and the package index is out of reach."""
    named = os.environ.get(VARIABLE)
    if named:
        return Tools(home=Path(named))
    pins = f"{sys.version_info[:2]} {PINS.read_text(encoding='utf-8')}"
    # An environment is thrown away with what belongs to it.
    base = sys.prefix if sys.prefix != sys.base_prefix else tempfile.gettempdir()
    home = Path(base) / f"tools-{hashlib.sha256(pins.encode()).hexdigest()[:12]}"
    try:
        make_once(home)
    except UnreachableError as error:
        pytest.skip(f"the package index cannot be reached, and {VARIABLE} is not set: {error}")
    return Tools(home=home)


@pytest.fixture(scope="session")
def moto(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    """A server of moto on a free port of the loopback."""
    command = [tools.python, "-m", "moto.server", "--host", "127.0.0.1", "--port", "0"]
    log = tmp_path_factory.mktemp("moto") / "log"
    with (
        log.open("w") as written,
        subprocess.Popen(
            command, env=_environment(), stdout=written, stderr=subprocess.STDOUT
        ) as server,
    ):
        try:
            yield Moto(url=_told(server, log))
        finally:
            server.terminate()


def _told(server: subprocess.Popen[bytes], log: Path) -> str:
    """The address that a server writes as soon as it listens."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        if found := re.search(r"Running on (http://\S+)", log.read_text()):
            return found[1]
        time.sleep(0.05)
    pytest.fail(f"moto's server does not listen:\n{log.read_text()}")


def make_once(home: Path) -> None:
    """An environment with the programs, unless it is there; others that want it wait.

    Raises UnreachableError, and CalledProcessError for everything else.
    """
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = home / "complete"
        if not done.exists():
            venv.create(home, clear=True, symlinks=True, with_pip=find_spec("pip") is None)
            _install(home)
            done.touch()


def _install(home: Path) -> None:
    python = str(home / "bin" / "python")
    pip = (
        [sys.executable, "-m", "pip", "--python", python]
        if find_spec("pip")
        else [python, "-m", "pip"]
    )
    # What is not compiled now is when it is used: most of it never is. A retry is what says why.
    quick = ["--quiet", "--no-deps", "--no-compile", "--retries", "1", "--requirement", str(PINS)]
    done = subprocess.run([*pip, "install", *quick], capture_output=True, text=True, check=False)
    if done.returncode:
        if found := _UNREACHABLE.search(done.stderr):
            raise UnreachableError(found[0])
        raise subprocess.CalledProcessError(
            done.returncode, done.args, output=done.stdout, stderr=done.stderr
        )


def _environment() -> dict[str, str]:
    """Without this user's settings for AWS and Python."""
    kept = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("AWS_", "PYTHON", "MOTO_"))
    }
    return {
        **kept,
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
