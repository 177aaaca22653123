"""Measurements of load tests and endpoints: to profiles, service-time curves and corrections.

    content  -> observations   one module a format: what was sent, what came back, nothing derived
    observations -> points     service time by the requests in service (`conversion`)
    points   -> a fitted curve (`curve`), and a correction from what an endpoint shows (`calibrate`)

Pure: bytes and values in, values out. A metric of a running endpoint becomes a point the same way:
whoever reads it builds `Observation` values (`sampled` does so from counts and latencies).
"""

from planner.profiling.formats import FORMATS, Imported, imported
from planner.profiling.observation import Given, MeasurementError, Observation, Samples, sampled

__all__ = [
    "FORMATS",
    "Given",
    "Imported",
    "MeasurementError",
    "Observation",
    "Samples",
    "imported",
    "sampled",
]
