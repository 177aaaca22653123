"""HeadObject, HeadBucket and ListObjectsV2: whether an artifact exists, and how large it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from planner_sagemaker.sandbox.account import MADE_AT, Stored, account
from planner_sagemaker.sandbox.cloud import Call, Handler
from planner_sagemaker.sandbox.errors import CloudError
from planner_sagemaker.sandbox.paging import Paging, page_of
from planner_sagemaker.sandbox.permissions import matches

_PAGING = Paging(
    name=lambda row: str(row.get("Key") or row["Prefix"]),
    refusal="InvalidArgument",
    size=1000,
    most=1000,
    size_member="MaxKeys",
    token_member="ContinuationToken",  # noqa: S106 - a member
)
_ANYTHING = "model.tar.gz"
"""The one object below any prefix, as long as nothing was put."""


def head_object(call: Call) -> Mapping[str, Any]:
    """Size and tag of an object; a client learns no more of a refusal than its status.

    Who may not list is not told that there is none (documentation of HeadObject).
    """
    bucket, key = call.parameters["Bucket"], call.parameters["Key"]
    found = next((one for one in _objects(call, bucket, key) if one.key == key), None)
    if found is None and matches(account(call.cloud).denied, "s3:ListBucket"):
        raise CloudError("AccessDenied", "Access Denied", status=403)
    if found is None:
        raise CloudError("NoSuchKey", "The specified key does not exist.", status=404)
    return {
        "AcceptRanges": "bytes",
        "ContentLength": found.bytes,
        "ContentType": "binary/octet-stream",
        "ETag": found.etag,
        "LastModified": MADE_AT,
    }


def head_bucket(call: Call) -> Mapping[str, Any]:
    """A bucket lies in the region that it is asked for in, or says with a refusal where it lies."""
    _objects(call, call.parameters["Bucket"], "")
    return {"BucketRegion": call.region}


def list_objects(call: Call) -> Mapping[str, Any]:
    """One page of keys and, with a delimiter, of what they have in common before it."""
    asked = call.parameters
    prefix, delimiter = asked.get("Prefix", ""), asked.get("Delimiter", "")
    found = _objects(call, asked["Bucket"], prefix)
    rows: dict[str, dict[str, Any]] = {}
    for one in found:
        if one.key.startswith(prefix) and one.key > asked.get("StartAfter", ""):
            common = _common(one.key, prefix, delimiter)
            rows[common or one.key] = {"Prefix": common} if common else _listed(one)
    shown, token = page_of(call, list(rows.values()), _PAGING)
    names = ("Delimiter", "EncodingType", "ContinuationToken", "StartAfter")
    return {
        **{name: asked[name] for name in names if name in asked},
        "Name": asked["Bucket"],
        "Prefix": _encoded(call, prefix),
        "MaxKeys": asked.get("MaxKeys", _PAGING.size),
        "KeyCount": len(shown),
        "IsTruncated": token is not None,
        "NextContinuationToken": token,
        "Contents": [{**one, "Key": _encoded(call, one["Key"])} for one in shown if "Key" in one],
        "CommonPrefixes": [
            {"Prefix": _encoded(call, one["Prefix"])} for one in shown if "Prefix" in one
        ],
    }


def _objects(call: Call, bucket: str, name: str) -> list[Stored]:
    """What a bucket holds; where nothing was put, what is asked for is there."""
    put = account(call.cloud).objects
    if put is None:
        below = not name or name.endswith("/") or call.operation == "ListObjectsV2"
        key = f"{name.rstrip('/')}/{_ANYTHING}".lstrip("/") if below else name
        return [Stored(uri=f"s3://{bucket}/{key}")]
    found = [one for one in put if one.bucket == bucket]
    if not found:
        raise CloudError("NoSuchBucket", "The specified bucket does not exist", status=404)
    lies = next((one.region for one in found if one.region), call.region)
    if lies != call.region:
        text = "The bucket you are attempting to access must be addressed using another endpoint."
        raise CloudError("PermanentRedirect", text, status=301, more={"Region": lies})
    return found


def _common(key: str, prefix: str, delimiter: str) -> str:
    head, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
    return f"{prefix}{head}{found}" if found else ""


def _listed(one: Stored) -> dict[str, Any]:
    return {
        "Key": one.key,
        "LastModified": MADE_AT,
        "ETag": one.etag,
        "Size": one.bytes,
        "StorageClass": "STANDARD",
    }


def _encoded(call: Call, text: str) -> str:
    return quote(text, safe="/") if call.parameters.get("EncodingType") == "url" else text


HANDLERS: Mapping[str, Handler] = {
    "HeadObject": head_object,
    "HeadBucket": head_bucket,
    "ListObjectsV2": list_objects,
}
