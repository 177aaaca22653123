"""Names that SageMaker accepts, readable and, for immutable objects, tied to their content."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

MAX_LENGTH = 63
VARIANT = "AllTraffic"


def digest(body: dict[str, Any]) -> str:
    """SHA-256 over the canonical JSON of a body, as hex."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def readable(text: str, length: int = MAX_LENGTH) -> str:
    """Letters, digits and inner hyphens of a text, at most `length`; `endpoint` if none is left."""
    clean = re.sub(r"[^a-zA-Z0-9]+", "-", text).strip("-")[:length].rstrip("-")
    return clean or "endpoint"


def hashed(text: str, body: dict[str, Any]) -> str:
    """A readable name that ends in the first eight hex digits of the body's digest."""
    return f"{readable(text, MAX_LENGTH - 9)}-{digest(body)[:8]}"


def dashboard_name(endpoint: str, region: str) -> str:
    """The name of an endpoint's dashboard, of which an account has one set for all regions."""
    return f"{readable(endpoint)}-{region}"
