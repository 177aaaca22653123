"""From the text of a spec to a complete workload."""
