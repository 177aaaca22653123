"""What is wrong with a running endpoint, from its metrics, its spec, its plan and a table.

`thresholds` is the table, `case` what one endpoint is judged by, the other modules have the rules:
each a function from a case to findings, pure, silent where all is well or nothing was measured.
"""

from planner.doctor.case import Case
from planner.doctor.forecast import Forecast, forecast
from planner.doctor.rules import diagnosed, unmeasured
from planner.doctor.thresholds import Threshold, thresholds

__all__ = [
    "Case",
    "Forecast",
    "Threshold",
    "diagnosed",
    "forecast",
    "thresholds",
    "unmeasured",
]
