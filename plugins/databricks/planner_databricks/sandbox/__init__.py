"""A stand-in for a workspace: speaks its REST interface, so that databricks-sdk works on it."""
