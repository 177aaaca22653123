"""Desired state: the serving endpoint of a decision, as the REST interface takes it."""
