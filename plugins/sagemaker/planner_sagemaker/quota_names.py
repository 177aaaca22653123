"""Quotas of endpoints by the names of Service Quotas: codes of most types are published nowhere."""

TOTAL = "Number of instances across active endpoints"
SERVERLESS_ENDPOINTS = "Maximum number of serverless endpoints"
SERVERLESS_CONCURRENCY = "Maximum total concurrency serverless endpoints"
PER_TYPE = " for endpoint usage"
