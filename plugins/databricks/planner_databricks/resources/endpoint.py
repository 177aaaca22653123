"""The one object that Databricks needs: a serving endpoint."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from planner.errors import ProviderError
from planner.model.candidate import Decision, Range
from planner.model.resource import DesiredState, Resource
from planner.model.secret import names_secret
from planner.model.workload import Model, Workload
from planner_databricks.resources.alerts import alerts_of
from planner_databricks.resources.entity import entity_of
from planner_databricks.resources.names import MOST_ENTITIES, endpoint_name, entity_names
from planner_databricks.resources.place import place_of
from planner_databricks.resources.shares import percents
from planner_databricks.resources.tags import ALERTS, DIGEST, OWNER, SELF, as_tags, digest

if TYPE_CHECKING:
    from planner_databricks.settings import Settings

KIND = "endpoint"
_SECRET = re.compile(r"\{\{secrets/[^/\s{}]+/[^/\s{}]+\}\}\Z")


def desired_state(decision: Decision, workload: Workload, settings: Settings) -> DesiredState:
    """The serving endpoint with its whole body.

    Raises ProviderError where the spec does not name a registered version, or a name or secret
    reference is not valid.
    """
    name = endpoint_name(decision.endpoint)
    body: dict[str, Any] = {
        "name": name,
        "config": _config(decision, workload, settings),
        "route_optimized": decision.option("route_optimized") == "true",
    }
    # No description: to the API it is part of the identity, so a new wording would replace the
    # endpoint.
    body.update(_logging(settings))
    body.update(_notifications(settings))
    tags = {**dict(workload.labels), **settings.tags, OWNER: workload.name, SELF: name}
    watched, notes = alerts_of(body, decision, workload, settings)
    whole = digest({**body, "tags": tags})
    if watched:
        tags[ALERTS] = "sql"
        # What was last applied are the alerts, too.
        whole = digest({**body, "tags": tags, "alerts": [one.body for one in watched]})
    body["tags"] = as_tags({**tags, DIGEST: whole})
    resource = Resource(address=f"{KIND}/{name}", kind=KIND, name=name, body=body)
    return DesiredState(
        endpoint=name,
        provider=decision.provider,
        region=decision.region,
        resources=(resource, *watched),
        place=place_of(settings),
        digest=whole,
        notes=notes,
    )


def _config(decision: Decision, workload: Workload, settings: Settings) -> dict[str, Any]:
    """Served entities, and the split between them in whole percents."""
    if len(decision.models) > MOST_ENTITIES:
        raise ProviderError(
            "too-many-entities",
            f"{len(decision.models)} models on one endpoint, which takes {MOST_ENTITIES}",
            hint=f"databricks: {{served-entities: {MOST_ENTITIES}}}",
            path="spec.models",
        )
    by_name = {model.name: model for model in workload.models}
    models = tuple(by_name[name] for name in decision.models)
    names = entity_names(decision.models)
    shares = percents(tuple(model.weight for model in models))
    return {
        "served_entities": [
            {
                "name": names[model.name],
                **_entity(model, decision, workload, settings),
            }
            for model in models
        ],
        "traffic_config": {
            "routes": [
                {"served_entity_name": names[model.name], "traffic_percentage": share}
                for model, share in zip(models, shares, strict=True)
            ]
        },
    }


def _entity(
    model: Model, decision: Decision, workload: Workload, settings: Settings
) -> dict[str, Any]:
    entity = entity_of(model, settings, alone=len(workload.models) == 1)
    units = _units(decision, model.name)
    zero = decision.option("scale_to_zero") == "true"
    body: dict[str, Any] = {
        "entity_name": entity.name,
        "entity_version": entity.version_value(),
        "workload_type": decision.instance_type,
        # With scale to zero the documented lower bound is 0, whatever runs while awake.
        "min_provisioned_concurrency": 0 if zero else units.min,
        "max_provisioned_concurrency": units.max,
        # Always sent: left out, the service answers that it is undefined.
        "scale_to_zero_enabled": zero,
    }
    if model.environment:
        index = workload.models.index(model)
        body["environment_vars"] = {
            key: _checked(key, value, f"spec.models[{index}].environment.{key}")
            for key, value in model.environment
        }
    return body


def _units(decision: Decision, model: str) -> Range:
    """Concurrency of one served entity: its own option `units:<model>`, or the decision's."""
    own = decision.option(f"units:{model}")
    if own:
        least, _, most = own.partition("-")
        return Range(min=int(least), max=int(most))
    assert decision.units is not None, "a Databricks decision counts units of concurrency"
    return decision.units


def _checked(key: str, value: str, path: str) -> str:
    """The value; secrets may only be named, for whoever reads an endpoint reads its variables."""
    if _SECRET.match(value):
        return value
    hint = f'{key}: "{{{{secrets/scope/key}}}}"'
    if value.startswith("{{"):
        told = f"environment variable {key} looks like a secret reference and is none"
        raise ProviderError("secret-reference-invalid", told, hint=hint, path=path)
    if names_secret(key):
        told = f"environment variable {key} would hold a secret that all who see the endpoint read"
        raise ProviderError("secret-in-plain-text", told, hint=hint, path=path)
    return value


def _logging(settings: Settings) -> dict[str, Any]:
    table = settings.inference_table
    if table is None:
        return {}
    config: dict[str, Any] = {
        "enabled": True,
        "catalog_name": table.catalog,
        "schema_name": table.schema_name,
    }
    if table.prefix is not None:
        config["table_name_prefix"] = table.prefix
    return {"ai_gateway": {"inference_table_config": config}}


def _notifications(settings: Settings) -> dict[str, Any]:
    mails = settings.email_notifications
    lists = {
        "on_update_success": list(mails.on_update_success),
        "on_update_failure": list(mails.on_update_failure),
    }
    given = {key: addresses for key, addresses in lists.items() if addresses}
    return {"email_notifications": given} if given else {}
