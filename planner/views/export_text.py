"""Files for other tools as text."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from textwrap import wrap

from planner.model.export import ExportedFile, Syntax
from planner.plans.text import to_bytes
from planner.views.style import Style
from planner.views.yaml_view import render_document

_WIDTH = 96


def file_bytes(file: ExportedFile) -> bytes:
    """The file as it is written; YAML starts with notes that stand nowhere else."""
    if file.syntax == "text":
        return str(file.content).encode()
    if file.syntax == "json":
        return to_bytes(file.content)
    out = StringIO()
    for note in () if file.annotated else file.notes:
        for at, line in enumerate(wrap(note, _WIDTH - 4)):
            out.write(f"# {'- ' if at == 0 else '  '}{line}\n")
    documents = file.content if isinstance(file.content, tuple) else (file.content,)
    for at, document in enumerate(documents):
        if at:
            out.write("---\n")
        render_document(document, out=out, style=Style())
    return out.getvalue().encode()


def in_syntax(file: ExportedFile, syntax: Syntax) -> ExportedFile:
    """A file of data in another syntax; a stream of documents becomes a list in JSON."""
    if file.syntax in ("text", syntax):
        return file
    stem = file.name.removesuffix(f".{file.syntax}")
    content = list(file.content) if isinstance(file.content, tuple) else file.content
    return replace(file, name=f"{stem}.{syntax}", syntax=syntax, content=content)
