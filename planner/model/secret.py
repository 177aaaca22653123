"""What looks like a secret by the name that it stands under."""

from __future__ import annotations

import re

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_WORDS = frozenset({"password", "passwd", "secret", "secrets", "token", "credential"})
_SECRET_PAIRS = frozenset({("api", "key"), ("access", "key"), ("private", "key")})


def names_secret(name: str) -> bool:
    """Whether a name ends like a secret's: `HF_TOKEN`, `db_password`, `apiKey`."""
    words = [word.lower() for word in _WORDS.findall(name)]
    return bool(words) and (words[-1] in _SECRET_WORDS or tuple(words[-2:]) in _SECRET_PAIRS)
