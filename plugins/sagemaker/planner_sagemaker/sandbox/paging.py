"""Lists of the services around SageMaker: in order of the names that documents are kept under.

They share no members with the lists of SageMaker, which `listing` knows: each has a default size, a
largest size and a code of its own for a token that is not its own.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any

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


def kept_page(call: Call, kind: str, paging: Paging) -> tuple[list[Document], str | None]:
    """One page of all documents of a kind, read without the others; and the token of the next."""
    after = _after(call, paging)
    page = Page(
        size=_size(call, paging),
        sort_by="Name",
        descending=False,
        after=(after, after) if after else None,
    )
    rows, more = call.page(kind, page)
    return rows, _token(call, paging, paging.name(rows[-1])) if more else None


def page_of(
    call: Call, found: Sequence[Document], paging: Paging
) -> tuple[list[Document], str | None]:
    """One page of what was found, and the token of the next."""
    after, size = _after(call, paging), _size(call, paging)
    rows = sorted((one for one in found if paging.name(one) > after), key=paging.name)
    shown = rows[:size]
    return shown, _token(call, paging, paging.name(shown[-1])) if len(rows) > size else None


def _size(call: Call, paging: Paging) -> int:
    size = int(call.parameters.get(paging.size_member, paging.size))
    if not 1 <= size <= paging.most:
        raise invalid(f"{paging.size_member} must be between 1 and {paging.most}.")
    return size


def _filters(call: Call, paging: Paging) -> dict[str, Any]:
    asked = call.parameters
    return {
        key: asked[key] for key in sorted(asked) if key not in {"NextToken", paging.size_member}
    }


def _token(call: Call, paging: Paging, name: str) -> str:
    text = json.dumps([call.operation, _filters(call, paging), name])
    # Service Quotas allows the standard alphabet only.
    return base64.b64encode(text.encode()).decode()


def _after(call: Call, paging: Paging) -> str:
    token = call.parameters.get("NextToken")
    if not token:
        return ""
    try:
        operation, filters, name = json.loads(base64.b64decode(token, validate=True))
    except (ValueError, binascii.Error, TypeError):
        raise CloudError(paging.refusal, "The next token is not valid.") from None
    if [operation, filters] != [call.operation, _filters(call, paging)]:
        raise CloudError(paging.refusal, "The next token belongs to another list.")
    return str(name)
