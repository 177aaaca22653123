"""Databricks Model Serving as a provider of `planner`."""
