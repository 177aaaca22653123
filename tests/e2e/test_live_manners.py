"""What live commands say, and to whom: a reader that leaves, no terminal, no colour, quiet."""

from __future__ import annotations

import os
import pty
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from planner.errors import ExitCode
from tests.support.command import PLANNER, codes, environment
from tests.support.live import PINNED, Person, acting, person

ESCAPE = "\x1b"


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[Person]:
    with person(tmp_path) as found:
        found.file("planner.yaml", PINNED)
        yield found


def piped(somebody: Person, *words: str, both: str = "") -> subprocess.CompletedProcess[bytes]:
    """A command whose reader takes one line and leaves; the exit code is the command's."""
    line = f"{' '.join([*PLANNER, *words])} {both}"
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line} | head -1"],
        cwd=somebody.home,
        env=environment(somebody.env),
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "--no-verify"),
        ("apply", "--auto-approve", "--no-verify"),
        ("drift", "--no-verify"),
        ("destroy", "--auto-approve"),
        ("import", "fraud-scorer", "--provider", "sagemaker"),
    ],
    ids=lambda words: words[0],
)
def test_a_reader_that_leaves_ends_nothing_and_meets_no_traceback(
    somebody: Person, words: tuple[str, ...]
) -> None:
    if words[0] in {"drift", "destroy", "import"}:
        somebody.applies()
    done = piped(somebody, *words)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr
    assert len(done.stdout.splitlines()) == 1
    if words[0] == "apply":
        assert acting(somebody.plans()) == {}
    if words[0] == "destroy":
        assert somebody.sandbox.sagemaker.list_endpoints()["Endpoints"] == []


def test_nobody_has_to_listen_to_the_end(somebody: Person) -> None:
    done = piped(somebody, "apply", "--auto-approve", "--no-verify", both="2>&1 1>/dev/null")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1), done.stdout
    assert acting(somebody.plans()) == {}


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_colour_only_where_it_is_wanted(somebody: Person, command: str) -> None:
    words = (command, "--no-verify", *(("--auto-approve",) if command == "apply" else ()))
    assert ESCAPE not in somebody.types(*words).out
    assert ESCAPE in somebody.types(*words, env={"FORCE_COLOR": "1"}).out
    assert ESCAPE not in somebody.types(*words, env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).out
    assert ESCAPE not in somebody.types("--no-color", *words, env={"FORCE_COLOR": "1"}).out


def test_quiet_says_nothing_beside_the_result(somebody: Person) -> None:
    done = somebody.does("-q", "apply", "--auto-approve", "--no-verify")
    assert done.err == ""
    assert "1 endpoint: 1 applied." in done.out
    assert somebody.does("-q", "plan", "--no-verify", "--out", "p.json").err == ""
    assert somebody.does("-q", "destroy", "--auto-approve").err == ""


def test_progress_is_beside_the_result(somebody: Person) -> None:
    done = somebody.does("apply", "--auto-approve", "--no-verify")
    assert "endpoint/fraud-scorer: Creating" in done.err
    assert "Creating" not in done.out


def asked(somebody: Person, answer: bytes, *words: str) -> tuple[int, str]:
    """A command on a terminal, where a person gives an answer."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*PLANNER, *words],
        cwd=somebody.home,
        env={**environment(somebody.env), "TERM": "dumb"},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    os.close(theirs)
    os.write(ours, answer)
    assert process.stdout is not None
    said = process.stdout.read().decode()
    process.stdout.close()
    code = process.wait(timeout=30)
    os.close(ours)
    return code, said


def test_the_command_to_copy_keeps_what_was_given(somebody: Person) -> None:
    somebody.file("my spec.yaml", PINNED)
    somebody.file("prod.yaml", "metadata: {labels: {env: prod}}\n")
    given = ["apply", "my spec.yaml", "--overlay", "prod.yaml", "--set", "slo.latency={p99: 1s}"]
    given += ["--only", "fraud*", "--timeout", "900.0", "--no-wait", "--accept", "one-way"]
    given += ["--no-verify", "--prune"]
    done = somebody.types(*given)
    assert (done.code, codes(done)) == (ExitCode.USAGE, ["not-approved"])
    (hint,) = [line for line in done.err.splitlines() if line.startswith("help: ")]
    words = shlex.split(hint.removeprefix("help: "))
    assert words[:3] == ["planner", "apply", "my spec.yaml"]
    assert sorted(words) == sorted(["planner", *given, "--auto-approve"])
    somebody.does(*words[1:])


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
def test_a_person_is_asked_and_only_yes_is_a_yes(somebody: Person) -> None:
    code, said = asked(somebody, b"y\n", "apply", "--no-verify")
    assert (code, "Do you want to apply this?" in said) == (ExitCode.USAGE, True)
    assert somebody.writes() == []
    code, said = asked(somebody, b"yes\n", "apply", "--no-verify")
    assert (code, "1 endpoint: 1 applied." in said) == (ExitCode.DONE, True)
    code, said = asked(somebody, b"", "apply", "--no-verify")
    assert (code, "Do you want" in said) == (ExitCode.DONE, False)
    code, said = asked(somebody, b"no\n", "destroy")
    assert (code, "nothing was done" in said) == (ExitCode.USAGE, True)
    code, said = asked(somebody, b"\x04", "destroy")
    assert (code, "Traceback" in said) == (ExitCode.USAGE, False)
    assert acting(somebody.plans()) == {}
