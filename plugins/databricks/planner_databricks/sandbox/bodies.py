"""The bodies of requests about serving endpoints, as far as JSON can say."""

from __future__ import annotations

from planner_databricks.sandbox.shapes import (
    anything,
    flag,
    list_of,
    map_of,
    number,
    one_of,
    record,
    text,
    whole,
)

_CAPACITY = {
    "name": text,
    "workload_size": text,
    "workload_type": text,
    "min_provisioned_concurrency": whole,
    "max_provisioned_concurrency": whole,
    "min_provisioned_throughput": whole,
    "max_provisioned_throughput": whole,
    "provisioned_model_units": whole,
    "burst_scaling_enabled": flag,
    "scale_to_zero_enabled": flag,
    "environment_vars": map_of(text),
    "instance_profile_arn": text,
}
_ENTITY = record(
    entity_name=text,
    entity_version=text,
    external_model=map_of(anything),
    **_CAPACITY,
)
_MODEL = record(("model_name", "model_version"), model_name=text, model_version=text, **_CAPACITY)
_ROUTE = record(
    ("traffic_percentage",),
    served_entity_name=text,
    served_model_name=text,
    traffic_percentage=whole,
)
_CAPTURE = record(catalog_name=text, schema_name=text, table_name_prefix=text, enabled=flag)
CONFIG = record(
    # databricks-sdk sends the endpoint's name here too: its dataclass makes it mandatory.
    name=text,
    served_entities=list_of(_ENTITY),
    served_models=list_of(_MODEL),
    traffic_config=record(routes=list_of(_ROUTE)),
    auto_capture_config=_CAPTURE,
)

_TAG = record(("key",), key=text, value=text)
TAGS = record(add_tags=list_of(_TAG), delete_tags=list_of(text))

_LIMIT = record(
    ("renewal_period",),
    renewal_period=one_of("minute"),
    calls=whole,
    tokens=whole,
    key=one_of("user", "user_group", "service_principal", "endpoint"),
    principal=text,
)
_SWITCH = record(enabled=flag)
GATEWAY = record(
    fallback_config=record(("enabled",), enabled=flag),
    guardrails=record(input=map_of(anything), output=map_of(anything)),
    inference_table_config=_CAPTURE,
    rate_limits=list_of(_LIMIT),
    usage_tracking_config=_SWITCH,
)

MAILS = record(on_update_success=list_of(text), on_update_failure=list_of(text))
NOTIFICATIONS = record(email_notifications=MAILS)

_TABLES = record(annotations_table=text, logs_table=text, metrics_table=text, traces_table=text)
TELEMETRY = record(
    enabled_telemetry_features=list_of(
        one_of(
            "TELEMETRY_FEATURE_INFERENCE_TABLE",
            "TELEMETRY_FEATURE_LOGS",
            "TELEMETRY_FEATURE_METRICS",
            "TELEMETRY_FEATURE_TRACES",
        )
    ),
    inference_table_config=record(name=text, sampling_fraction=number),
    table_names=_TABLES,
    telemetry_profile_id=text,
)
TELEMETRY_PATCH = record(telemetry_config=TELEMETRY)

CREATE = record(
    ("name",),
    name=text,
    config=CONFIG,
    tags=list_of(_TAG),
    ai_gateway=GATEWAY,
    route_optimized=flag,
    budget_policy_id=text,
    description=text,
    email_notifications=MAILS,
    telemetry_config=TELEMETRY,
    rate_limits=list_of(anything),
)
