"""Measurements of load tests and endpoints: to profiles, service-time curves and corrections.

    content  -> observations   one module a format: what was sent, what came back, nothing derived
    observations -> points     service time by the requests in service (`conversion`)
    points   -> a fitted curve (`curve`), and a correction from what an endpoint shows (`calibrate`)

Pure: bytes and values in, values out. Metrics of a running endpoint become observations too
(`serving`), and points the same way.
"""

from planner.profiling.formats import FORMATS, Imported, imported
from planner.profiling.observation import Given, MeasurementError, Observation

__all__ = [
    "FORMATS",
    "Given",
    "Imported",
    "MeasurementError",
    "Observation",
    "imported",
]
