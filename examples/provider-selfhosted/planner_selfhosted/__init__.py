"""Servers of one's own as a provider of endpoint-planner."""
