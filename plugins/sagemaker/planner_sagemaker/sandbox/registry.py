"""Every service of the sandbox and the handlers of its operations.

To add one: write a module with `HANDLERS`, a mapping of operation names to functions that take a
`Call` and return the answer, and name it here. What time does to a kind of document stands in
`CHANGES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from planner.model.value import value
from planner_sagemaker.sandbox import (
    alarms,
    capacities,
    dashboards,
    ecr,
    endpoint_configs,
    endpoints,
    iam,
    invocations,
    metrics,
    models,
    pricing,
    s3,
    scalable_targets,
    scaling_policies,
    scheduled_actions,
    service_quotas,
    sts,
    tagging,
    tags,
    targets,
    transitions,
    watching,
)
from planner_sagemaker.sandbox.cloud import Cloud, Handler
from planner_sagemaker.sandbox.rest import RestJson, RestXml
from planner_sagemaker.sandbox.store import Document, Key
from planner_sagemaker.sandbox.wire_types import Codec, Envelope

Change = Callable[[Cloud, Key, Document, float], None]
"""What becomes of a document at a moment; it says when the next one is."""


@value
class Service:
    """A service: the name of its model in botocore, and how its requests are recognised.

    `target` is the prefix in X-Amz-Target, `signing` the name in the credential scope, which tells
    requests in AWS Query apart. A service that speaks REST has a `rest` instead. `invalid` is the
    code with which it refuses what its model forbids.
    """

    name: str
    signing: str
    handlers: Mapping[str, Handler]
    target: str = ""
    rest: Callable[[str, Envelope], Codec] | None = None
    invalid: str = "ValidationException"


SERVICES = (
    Service(
        name="sagemaker",
        signing="sagemaker",
        target="SageMaker",
        handlers={
            **models.HANDLERS,
            **endpoint_configs.HANDLERS,
            **endpoints.HANDLERS,
            **capacities.HANDLERS,
            **tags.HANDLERS,
        },
    ),
    Service(
        name="sts",
        signing="sts",
        target="AWSSecurityTokenServiceV20110615",
        handlers=sts.HANDLERS,
        invalid="ValidationError",
    ),
    Service(
        name="application-autoscaling",
        signing="application-autoscaling",
        target="AnyScaleFrontendService",
        handlers={
            **scalable_targets.HANDLERS,
            **scaling_policies.HANDLERS,
            **scheduled_actions.HANDLERS,
        },
    ),
    Service(
        name="cloudwatch",
        signing="monitoring",
        target="GraniteServiceVersion20100801",
        handlers={**alarms.HANDLERS, **dashboards.HANDLERS, **metrics.HANDLERS},
        invalid="ValidationError",
    ),
    Service(
        name="service-quotas",
        signing="servicequotas",
        target="ServiceQuotasV20190624",
        handlers=service_quotas.HANDLERS,
        invalid="IllegalArgumentException",
    ),
    Service(name="iam", signing="iam", handlers=iam.HANDLERS, invalid="ValidationError"),
    Service(name="s3", signing="s3", handlers=s3.HANDLERS, rest=RestXml),
    Service(
        name="sagemaker-runtime",
        signing="sagemaker",
        handlers=invocations.HANDLERS,
        rest=RestJson,
        invalid="ValidationError",
    ),
    Service(
        name="pricing",
        signing="pricing",
        target="AWSPriceListService",
        handlers=pricing.HANDLERS,
        invalid="InvalidParameterException",
    ),
    Service(
        name="ecr",
        signing="ecr",
        target="AmazonEC2ContainerRegistry_V20150921",
        handlers=ecr.HANDLERS,
        invalid="InvalidParameterException",
    ),
    Service(
        name="resourcegroupstaggingapi",
        signing="tagging",
        target="ResourceGroupsTaggingAPI_20170126",
        handlers=tagging.HANDLERS,
        invalid="InvalidParameterException",
    ),
)

CHANGES: Mapping[str, Change] = {
    transitions.KIND: transitions.change,
    transitions.ALARM: watching.look,
    targets.SCHEDULED: scheduled_actions.strike,
}
