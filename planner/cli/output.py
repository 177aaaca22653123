"""Where results go: standard output, and a file written whole or not at all."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from planner.cli.options import Format, Manners
from planner.errors import PlannerError

if TYPE_CHECKING:
    from planner.views.style import Style

OFF_TERMINAL_WIDTH = 100
NARROWEST = 60

TextView = Callable[[TextIO, "Style"], None]
"""Writes a result for people."""


def show(output: str, *, document: Callable[[], Any], text: TextView, manners: Manners) -> None:
    """Write a result to standard output: `text` for people, `document` as JSON or YAML."""
    match output:
        case Format.TABLE:
            emit_view(text, manners)
        case Format.JSON:
            from planner.plans.text import to_bytes

            emit_bytes(to_bytes(document()))
        case Format.YAML:
            from planner.views.style import Style
            from planner.views.yaml_view import render_document

            buffer = StringIO()
            render_document(document(), out=buffer, style=Style())
            emit_bytes(buffer.getvalue().encode())


def save(path: str | None, document: Callable[[], Any], manners: Manners) -> None:
    """Write a result to `path` as JSON; None writes nothing."""
    if path is not None:
        from planner.plans.text import to_bytes

        write_file(path, to_bytes(document()))
        manners.note(f"wrote {path}")


def emit_text(text: str) -> None:
    """Write text for people; a reader that left early ends it silently."""
    with _writing(sys.stdout):
        sys.stdout.write(text)
        sys.stdout.flush()


def emit_view(view: TextView, manners: Manners) -> None:
    """Write a result for people in the style of standard output."""
    buffer = StringIO()
    view(buffer, style_of(sys.stdout, color=manners.color))
    emit_text(buffer.getvalue())


def emit_bytes(data: bytes, *, to: TextIO | None = None) -> None:
    """Write a document: UTF-8 whatever the locale says. To standard output, or `to` a stream."""
    stream = sys.stdout if to is None else to
    with _writing(stream):
        stream.flush()
        stream.buffer.write(data)
        stream.buffer.flush()


def emit_pieces(pieces: Iterable[bytes]) -> None:
    """Write a document to standard output as it is made."""
    for piece in pieces:
        emit_bytes(piece)


def style_of(stream: TextIO, *, color: bool | None) -> Style:
    """What a stream can show: width, block characters if its encoding has them, and colour.

    Colour by `color`, else by NO_COLOR, FORCE_COLOR, and the terminal.
    """
    from planner.views.style import Style

    terminal = stream.isatty()
    width = shutil.get_terminal_size().columns if terminal else OFF_TERMINAL_WIDTH
    return Style(
        width=max(width, NARROWEST),
        color=_colored(color, terminal=terminal),
        blocks=_has_blocks(stream.encoding),
    )


def _has_blocks(encoding: str | None) -> bool:
    """Tell whether an encoding holds the characters that charts are drawn with."""
    try:
        "\u2581\u2588\u2500\u2504".encode(encoding or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True


def _colored(color: bool | None, *, terminal: bool) -> bool:
    if color is not None:
        return color
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return terminal and os.environ.get("TERM") != "dumb"


def write_file(path: str, data: bytes) -> None:
    """Write a file whole or not at all; raises PlannerError `cannot-write`.

    A symbolic link keeps pointing where it does; what is no regular file (a pipe, /dev/stdout) is
    written to directly.
    """
    try:
        target = Path(path).resolve()
        if target.exists() and not target.is_file():
            target.write_bytes(data)
            return
        draft = target.with_name(f".{target.name}.{os.getpid()}.draft")
        try:
            draft.write_bytes(data)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise PlannerError(
            "cannot-write",
            f"{path}: {getattr(error, 'strerror', None) or error}",
            hint=shlex.join(["ls", "-ld", str(Path(path).parent)]),
        ) from error


@contextmanager
def _writing(stream: TextIO) -> Iterator[None]:
    """End silently where the reader left; any other failure is a PlannerError `cannot-write`."""
    try:
        yield
    except BrokenPipeError:
        _lead_nowhere(stream)
    except OSError as error:
        _lead_nowhere(stream)
        raise PlannerError(
            "cannot-write",
            f"standard output: {error.strerror or error}",
            hint="df -h",
        ) from error


def _lead_nowhere(stream: TextIO) -> None:
    """The descriptor must lead somewhere, or the flush at exit complains once more."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
