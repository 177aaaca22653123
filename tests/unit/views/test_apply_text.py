from io import StringIO

from planner.engine import Applied, Outcome
from planner.views.apply_text import render_applied
from planner.views.style import Style

RESULTS = (
    Applied(endpoint="a", outcome=Outcome.APPLIED, done=("create config/c2", "update endpoint/a")),
    Applied(
        endpoint="b",
        outcome=Outcome.ROLLED_BACK,
        done=("create config/d2", "update endpoint/b"),
        left=("delete config/d0",),
        detail="the cloud rolled the update back",
        hint="cloud logs b",
    ),
    Applied(endpoint="c", outcome=Outcome.UNCHANGED),
    Applied(endpoint="d", outcome=Outcome.UNCHANGED),
)
SHOWN = """\
a: applied
    done        create config/c2
                update endpoint/a
b: rolled-back
    why         the cloud rolled the update back
    help        cloud logs b
    done        create config/d2
                update endpoint/b
    not done    delete config/d0
c: unchanged
d: unchanged
4 endpoints: 2 unchanged, 1 applied, 1 rolled-back.
"""


def shown(*results: Applied) -> str:
    out = StringIO()
    render_applied(results, out=out, style=Style())
    return out.getvalue()


def test_what_was_done_what_was_not_and_why() -> None:
    assert shown(*RESULTS) == SHOWN


def test_nothing_to_do_is_said() -> None:
    assert shown() == "0 endpoints: nothing to do.\n"
