"""How load tests call SageMaker endpoints: InvokeEndpoint, signed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from planner.model.export import Asked
from planner_sagemaker.resources.model import below, shared_prefix
from planner_sagemaker.resources.names import readable


class SageMakerCalling:
    """InvokeEndpoint of the runtime service, signed with the credentials of the environment."""

    def target(self, asked: Asked, /) -> Mapping[str, Any]:
        """Address and path; on a multi-model endpoint the artifact that each model is named by."""
        region = asked.state.region
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        found: dict[str, Any] = {
            "region": region,
            "url": f"https://runtime.sagemaker.{region}.{domain}",
            "path": f"/endpoints/{readable(asked.state.endpoint)}/invocations",
        }
        models = _models(asked)
        return {**found, "models": models} if models else found

    def javascript(self) -> str:
        """For k6."""
        return _template("call.js")

    def python(self) -> str:
        """For Locust."""
        return _template("call.txt")

    def hints(self, asked: Asked, /) -> tuple[str, ...]:
        """Which credentials are taken."""
        return (
            f"{asked.state.endpoint}: credentials come from AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; a profile is not read",
        )


def _models(asked: Asked) -> dict[str, str]:
    """Artifacts below the prefix of a multi-model endpoint by model; nothing for others."""
    prefix = shared_prefix(asked.state)
    if prefix is None:
        return {}
    named = set(asked.decision.models)
    return {
        one.name: below(prefix, one.artifact) for one in asked.workload.models if one.name in named
    }


def _template(name: str) -> str:
    return (files("planner_sagemaker.exports") / "templates" / name).read_text(encoding="utf-8")
