"""ListServiceQuotas and GetServiceQuota: the quotas that endpoints are held against."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from planner_sagemaker.sandbox import quotas
from planner_sagemaker.sandbox.cloud import ACCOUNT, Call, Handler, partition
from planner_sagemaker.sandbox.errors import CloudError
from planner_sagemaker.sandbox.paging import Paging, page_of
from planner_sagemaker.sandbox.service_models import load
from planner_sagemaker.sandbox.store import Document

_CODES = {
    quotas.TOTAL: "L-7A3DF611",
    **{
        f"ml.{kind}{quotas.PER_TYPE}": code
        for kind, code in {
            "g5.xlarge": "L-1928E07B",
            "g6.xlarge": "L-D470D954",
            "g6e.xlarge": "L-B0729CB4",
            "g6e.2xlarge": "L-F8D7F460",
            "g6e.4xlarge": "L-93531071",
            "p4d.24xlarge": "L-09F79647",
        }.items()
    },
}
"""Those that are known; the codes of other quotas are ours, and stable."""


def _name(quota: Mapping[str, Any]) -> str:
    return str(quota["QuotaName"])


_PAGING = Paging(name=_name, refusal="InvalidPaginationTokenException", size=100, most=100)


def list_service_quotas(call: Call) -> Mapping[str, Any]:
    """One page of the quotas by name, as they are applied in this region."""
    _check_service(call)
    wanted = call.parameters.get("QuotaCode")
    names = [name for name in _names(call) if wanted in (None, code_of(name))]
    rows, token = page_of(call, [{"QuotaName": name} for name in names], _PAGING)
    return {"Quotas": [_shown(call, row["QuotaName"]) for row in rows], "NextToken": token}


def get_service_quota(call: Call) -> Mapping[str, Any]:
    """One quota by its code."""
    _check_service(call)
    wanted = call.parameters["QuotaCode"]
    for name in _names(call):
        if code_of(name) == wanted:
            return {"Quota": _shown(call, name)}
    raise _missing(f"There is no quota {wanted} of the service sagemaker.")


def code_of(quota: str) -> str:
    """The code of a quota."""
    digest = hashlib.sha256(quota.encode()).hexdigest()[:8].upper()
    return _CODES.get(quota, f"L-{digest}")


def _names(call: Call) -> list[str]:
    variants = load("sagemaker").operation("CreateEndpointConfig").input
    assert variants is not None
    variant = variants.members["ProductionVariants"].item
    assert variant is not None
    types = variant.members["InstanceType"].enum
    known = {*quotas.DEFAULTS, quotas.TOTAL, *(one + quotas.PER_TYPE for one in types)}
    for region in (call.region, quotas.ALL_REGIONS):
        known.update(_name(one) for one in call.cloud.store.every(region, quotas.KIND))
    return sorted(known)


def _shown(call: Call, name: str) -> Document:
    code = code_of(name)
    where = f"arn:{partition(call.region)}:servicequotas:{call.region}:{ACCOUNT}"
    return {
        "ServiceCode": "sagemaker",
        "ServiceName": "Amazon SageMaker",
        "QuotaArn": f"{where}:sagemaker/{code}",
        "QuotaCode": code,
        "QuotaName": name,
        "Value": float(quotas.limit(call.cloud, call.region, name)),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
        "QuotaAppliedAtLevel": "ACCOUNT",
    }


def _check_service(call: Call) -> None:
    service = call.parameters["ServiceCode"]
    if service != "sagemaker":
        raise _missing(f"The sandbox knows no quotas of the service {service}.")


def _missing(text: str) -> CloudError:
    return CloudError("NoSuchResourceException", text)


HANDLERS: Mapping[str, Handler] = {
    "ListServiceQuotas": list_service_quotas,
    "GetServiceQuota": get_service_quota,
}
