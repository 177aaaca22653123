"""Capacity model: what latency a configuration gives a load, and what a latency goal needs.

Closed forms with a stated region of validity; pure functions of their arguments.
"""
