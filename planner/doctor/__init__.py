"""What is wrong with a running endpoint, from its metrics, its spec, its plan and a table.

The table is that of `planner.alerts`, `case` what one endpoint is judged by; all others are rules:
each a function from a case to findings, pure, silent where all is well or nothing was measured.
"""

from planner.doctor.case import Case
from planner.doctor.forecast import Forecast, forecast
from planner.doctor.rules import diagnosed, unmeasured

__all__ = [
    "Case",
    "Forecast",
    "diagnosed",
    "forecast",
    "unmeasured",
]
