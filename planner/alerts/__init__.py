"""What to be told of a running endpoint: the table of thresholds, and the alerts by it. Pure.

thresholds.yml   what counts as too much, who says so; doctor judges by the same
rules            a spec and its decision -> the alerts of an endpoint, in no cloud's terms
"""

from planner.alerts.rules import Alert, Measure, alerts
from planner.alerts.thresholds import Threshold, thresholds

__all__ = ["Alert", "Measure", "Threshold", "alerts", "thresholds"]
