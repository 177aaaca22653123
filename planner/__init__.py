"""planner: from traffic and latency goals to the cheapest serving configuration that meets them."""

__version__ = "0.1.0"
