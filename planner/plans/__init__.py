"""Change sets, the plan and its published documents, pure."""

from planner.plans.build import Held, RunStamp, build_plan, stamp_of, workloads_digest
from planner.plans.changes import desired_changes, hidden
from planner.plans.document import document, document_pieces
from planner.plans.text import to_bytes

__all__ = [
    "Held",
    "RunStamp",
    "build_plan",
    "desired_changes",
    "document",
    "document_pieces",
    "hidden",
    "stamp_of",
    "to_bytes",
    "workloads_digest",
]
