"""Desired state as the API calls that create it."""

from __future__ import annotations

from planner.model.resource import ApiCall, DesiredState
from planner_sagemaker.resources.dashboard import KIND, put_dashboard

OPERATIONS = {
    "model": ("sagemaker", "CreateModel"),
    "endpoint-config": ("sagemaker", "CreateEndpointConfig"),
    "alarm": ("cloudwatch", "PutMetricAlarm"),
    "endpoint": ("sagemaker", "CreateEndpoint"),
    "scalable-target": ("application-autoscaling", "RegisterScalableTarget"),
    "scaling-policy": ("application-autoscaling", "PutScalingPolicy"),
    "scheduled-action": ("application-autoscaling", "PutScheduledAction"),
    "dashboard": ("cloudwatch", "PutDashboard"),
}


def api_calls(state: DesiredState) -> list[ApiCall]:
    """One call per object, in order of creation; the body is the request, complete."""
    return [
        ApiCall(
            service=service,
            operation=operation,
            parameters=put_dashboard(resource.body) if resource.kind == KIND else resource.body,
        )
        for resource in state.resources
        for service, operation in (OPERATIONS[resource.kind],)
    ]
