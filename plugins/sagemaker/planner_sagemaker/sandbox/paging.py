"""Lists of the services around SageMaker: in order of the names that documents are kept under.

They share no members with the lists of SageMaker, which `listing` knows: each has a default size, a
largest size and a code of its own for a token that is not its own.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence

from planner.model.value import value
from planner_sagemaker.sandbox.cloud import Call
from planner_sagemaker.sandbox.errors import CloudError, invalid
from planner_sagemaker.sandbox.store import Document, Page


@value
class Paging:
    """How an operation pages: the member with the size, sizes, and how rows are named.

    `refusal` is the code with which a token of another list is refused.
    """

    name: Callable[[Document], str]
    refusal: str
    size: int
    most: int
    size_member: str = "MaxResults"
    token_member: str = "NextToken"  # noqa: S105 - a member


def kept_page(call: Call, kind: str, paging: Paging) -> tuple[list[Document], str | None]:
    """One page of all documents of a kind, read without the others; and the token of the next."""
    last = after(call, paging)
    page = Page(
        size=size(call, paging),
        sort_by="Name",
        descending=False,
        after=(last, last) if last else None,
    )
    rows, more = call.page(kind, page)
    return rows, token(call, paging, paging.name(rows[-1])) if more else None


def page_of(
    call: Call, found: Sequence[Document], paging: Paging
) -> tuple[list[Document], str | None]:
    """One page of what was found, and the token of the next."""
    last, most = after(call, paging), size(call, paging)
    rows = sorted((one for one in found if paging.name(one) > last), key=paging.name)
    shown = rows[:most]
    return shown, token(call, paging, paging.name(shown[-1])) if len(rows) > most else None


def size(call: Call, paging: Paging) -> int:
    """How many rows a page may have; refuses what the service does not allow."""
    wanted = int(call.parameters.get(paging.size_member, paging.size))
    if not 1 <= wanted <= paging.most:
        raise invalid(f"{paging.size_member} must be between 1 and {paging.most}.")
    return wanted


def _list(call: Call, paging: Paging) -> str:
    """Which list this is, in few letters: the shortest token that a service allows has 320."""
    apart = {paging.token_member, paging.size_member}
    asked = {key: one for key, one in call.parameters.items() if key not in apart}
    text = json.dumps([call.operation, asked], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def token(call: Call, paging: Paging, name: str) -> str:
    """The token of the page that begins behind a name, for this very list."""
    text = json.dumps([_list(call, paging), name])
    # Service Quotas allows the standard alphabet only.
    return base64.b64encode(text.encode()).decode()


def after(call: Call, paging: Paging) -> str:
    """The name behind which the page begins that is asked for; "" for the first."""
    given = call.parameters.get(paging.token_member)
    if not given:
        return ""
    try:
        own, name = json.loads(base64.b64decode(given, validate=True))
    except (ValueError, binascii.Error, TypeError):
        raise CloudError(paging.refusal, "The next token is not valid.") from None
    if own != _list(call, paging):
        raise CloudError(paging.refusal, "The next token belongs to another list.")
    return str(name)
