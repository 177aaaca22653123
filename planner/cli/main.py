"""The entry point: runs the command line and turns whatever happens into an exit code.

Everything else is imported inside `main`, so that an interrupt during start-up is met as well.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from contextlib import suppress
from typing import NoReturn

_INTERRUPTED = 130

_COLLECT_AFTER = 100_000
"""New objects before garbage is looked for: a run makes values that live to its end.

At 20,000 looking took 18 ms of a small plan and 0.6 s of 1,000 endpoints, for the same memory.
"""

_NO_PYDANTIC_PLUGINS = ("PYDANTIC_DISABLE_PLUGINS", "__all__")
"""What else is installed has no say in how a spec is read, and is not searched for plugins."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run `planner` with these arguments and leave the process with its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    atexit.register(gc.freeze)  # else every object is looked at once more before the process ends
    try:
        sys.exit(_run(arguments))
    except KeyboardInterrupt:
        with suppress(OSError):
            os.write(2, b"interrupted; nothing was changed\n")
        sys.exit(_INTERRUPTED)


def _run(arguments: list[str]) -> int:
    _stand_in_for_closed_streams()
    _tolerate_narrow_encodings()
    gc.set_threshold(_COLLECT_AFTER, 50, 50)
    os.environ.setdefault(*_NO_PYDANTIC_PLUGINS)
    from planner.cli.app import command
    from planner.cli.failures import report

    try:
        code = command(arguments).main(args=arguments, prog_name="planner", standalone_mode=False)
    except Exception as error:
        return report(
            error,
            debug=_asked(arguments, "--debug", "PLANNER_DEBUG"),
            color=False if _asked(arguments, "--no-color", "PLANNER_NO_COLOR") else None,
        )
    # A plain number comes from the library; a command that was interrupted has told it itself.
    if type(code) is int and code == _INTERRUPTED:
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def _stand_in_for_closed_streams() -> None:
    """Who closed a stream wants nothing on it; the next file opened must not take its number."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115  lives as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115


def _tolerate_narrow_encodings() -> None:
    """Let a terminal that cannot show a character show `?` instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _asked(arguments: list[str], option: str, variable: str) -> bool:
    """Tell whether a global option holds, also where the command line could not be parsed."""
    return option in arguments or os.environ.get(variable, "").lower() in {"1", "true", "yes", "on"}
