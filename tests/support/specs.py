"""Small specs for tests of the command."""

from __future__ import annotations

STEADY = """\
apiVersion: planner/v1alpha1
kind: Endpoint
metadata: {name: fraud-scorer}
spec:
  models:
    - name: fraud
      artifact: s3://risk-models/fraud/model.tar.gz
      framework: xgboost
      size: 120MiB
      memory: 400MiB
      compute: cpu
      service_time: 6ms
      reference_instance: ml.c7i.large
      max_concurrency: 2
      load_time: 3s
  payload: {request: 4KiB, response: 256B}
  traffic: {type: steady, rate: 100/s}
  slo:
    latency: {p99: 100ms}
    cold_start: forbid
  constraints:
    replicas: {min: 1, max: 40}
  providers:
    sagemaker:
      region: us-east-1
      role_arn: arn:aws:iam::123456789012:role/SageMakerExecution
      image: 683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1
"""

_PROVIDERS = STEADY.index("  providers:")

ACME = STEADY[:_PROVIDERS].replace("ml.c7i.large", "rover-2") + (
    "  providers:\n    acme: {region: moon-1}\n"
)


def named(name: str, text: str = STEADY) -> str:
    """The same spec under another name."""
    return text.replace("fraud-scorer", name)


_MODEL = """\
    - name: model-{index}
      artifact: s3://risk-models/fleet/model-{index}.tar.gz
      size: 300MiB
      memory: 400MiB
      compute: cpu
      service_time: 6ms
      reference_instance: ml.c7i.large
      load_time: 1s
"""


def pinned(pin: str, text: str = STEADY) -> str:
    """The same spec with a block `pin`."""
    return text.replace("  providers:", f"  pin: {pin}\n  providers:")


def fixed(text: str = STEADY) -> str:
    """It on two instances."""
    return pinned("{hosting: dedicated, instance: ml.c7i.large, replicas: 2}", text)


def serverless(text: str = STEADY) -> str:
    """It called now and then, without instances."""
    return (
        pinned("{hosting: serverless}", text)
        .replace("rate: 100/s", "rate: 0.2/s")
        .replace("{p99: 100ms}", "{p90: 1s}")
        .replace("cold_start: forbid", "cold_start: {max: 30s, fraction: 10%}")
        .replace("    replicas: {min: 1, max: 40}", "    scale_to_zero: allow")
    )


def fleet(text: str = STEADY) -> str:
    """It with 24 models that share two instances."""
    models = "".join(_MODEL.format(index=index) for index in range(24))
    rest = text[text.index("  payload:") :].replace("cold_start: forbid", "cold_start: allow")
    return pinned(
        "{hosting: multi-model, instance: ml.m5.large, replicas: 2}",
        text[: text.index("    - name: fraud")] + models + rest,
    ).replace("{p99: 100ms}", "{p90: 2s}")
