"""What a preflight reads: identity, roles, permissions, artifacts, images, tags."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from planner_sagemaker.sandbox.serve import running

from tests.support.sandbox import IMAGE, ROLE, Sandbox, refusal

USER = "arn:aws:iam::123456789012:user/sandbox"
SESSION = "arn:aws:sts::123456789012:assumed-role/Admin/someone"
DIGEST = "sha256:" + "ab" * 32
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


@pytest.fixture
def put(sandbox: Sandbox) -> Callable[..., Any]:
    return lambda **kinds: sandbox.post("account", kinds)


def decisions(sandbox: Sandbox, *actions: str, source: str = USER, **more: Any) -> list[str]:
    pages = (
        sandbox.client("iam")
        .get_paginator("simulate_principal_policy")
        .paginate(PolicySourceArn=source, ActionNames=actions, **more)
    )
    results = [one for page in pages for one in page["EvaluationResults"]]
    for one in results:
        specific = one.get("ResourceSpecificResults", [])
        assert [each["EvalResourceName"] for each in specific] == more.get("ResourceArns", [])
        assert {each["EvalResourceDecision"] for each in specific} <= {one["EvalDecision"]}
    return [one["EvalDecision"] for one in results]


def keys(sandbox: Sandbox, bucket: str, **asked: Any) -> list[str]:
    pages = sandbox.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, **asked)
    return [one["Key"] for page in pages for one in page.get("Contents", ())]


def test_until_something_is_put_everything_exists_and_is_allowed(sandbox: Sandbox) -> None:
    role = sandbox.client("iam").get_role(RoleName="Execution")["Role"]
    assert role["Arn"] == ROLE
    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert decisions(sandbox, "sagemaker:CreateModel", "iam:PassRole") == ["allowed"] * 2
    store = sandbox.client("s3")
    head = store.head_object(Bucket="b", Key="some where/ünd/model+1.tar.gz")
    assert (head["ContentLength"] > 0, head["ETag"][0]) == (True, '"')
    assert store.head_bucket(Bucket="b")["BucketRegion"] == "us-east-1"
    assert keys(sandbox, "b", Prefix="models/") == ["models/model.tar.gz"]
    asked = {"repositoryName": "team/model", "imageIds": [{"imageTag": "1"}]}
    [image] = sandbox.client("ecr").describe_images(**asked)["imageDetails"]
    assert image["imageTags"] == ["1"]


def test_a_role_is_what_was_put(sandbox: Sandbox, put: Callable[..., Any]) -> None:
    other = {"name": "Other", "trusts": ["ec2.amazonaws.com"]}
    put(roles=[other, "arn:aws:iam::123456789012:role/service-role/Execution"])
    roles = sandbox.client("iam", "eu-west-1")
    found = roles.get_role(RoleName="Execution")["Role"]
    assert found["Arn"] == "arn:aws:iam::123456789012:role/service-role/Execution"
    assert found["Path"] == "/service-role/"
    trust = roles.get_role(RoleName="Other")["Role"]["AssumeRolePolicyDocument"]
    assert trust["Statement"][0]["Principal"] == {"Service": "ec2.amazonaws.com"}
    code, text = refusal(roles.get_role, RoleName="None")
    assert (code, text) == ("NoSuchEntity", "The role with name None cannot be found.")
    put(roles=None)
    assert roles.get_role(RoleName="None")["Role"]["RoleName"] == "None"


def test_what_is_denied_is_simulated_and_refused(sandbox: Sandbox, put: Callable[..., Any]) -> None:
    put(denied=["sagemaker:Describe*", "IAM:passrole"])
    asked = ("sagemaker:DescribeModel", "sagemaker:CreateModel", "iam:PassRole")
    assert decisions(sandbox, *asked) == ["implicitDeny", "allowed", "implicitDeny"]
    resources = ["arn:aws:iam::123456789012:role/A", "arn:aws:iam::123456789012:role/B"]
    paged = {"ResourceArns": resources, "PaginationConfig": {"PageSize": 1}}
    assert decisions(sandbox, *asked[1:], **paged) == ["allowed", "implicitDeny"]
    code, text = refusal(sandbox.sagemaker.describe_model, ModelName="m")
    assert code == "AccessDeniedException"
    assert text.startswith(f"User: {USER} is not authorized to perform: sagemaker:DescribeModel")
    code, text = refusal(
        sandbox.sagemaker.create_model,
        ModelName="m",
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"Image": IMAGE},
    )
    assert (code, f"iam:PassRole on resource: {ROLE}" in text) == ("AccessDeniedException", True)


@pytest.mark.parametrize(
    ("service", "call", "asked", "action", "code"),
    [
        ("iam", "get_role", {"RoleName": "r"}, "iam:GetRole", "AccessDenied"),
        ("s3", "head_object", {"Bucket": "b", "Key": "k"}, "s3:GetObject", "403"),
        ("s3", "head_bucket", {"Bucket": "b"}, "s3:ListBucket", "403"),
        ("s3", "list_objects_v2", {"Bucket": "b"}, "s3:ListBucket", "AccessDenied"),
        ("ecr", "describe_images", {"repositoryName": "re"}, "ecr:*", "AccessDeniedException"),
        (
            "resourcegroupstaggingapi",
            "get_resources",
            {},
            "tag:GetResources",
            "AccessDeniedException",
        ),
        (
            "service-quotas",
            "list_service_quotas",
            {"ServiceCode": "sagemaker"},
            "servicequotas:List*",
            "AccessDeniedException",
        ),
    ],
)
def test_each_service_refuses_in_its_own_way(
    sandbox: Sandbox, put: Callable[..., Any], service: str, call: str, asked: Any, action: str,
    code: str,
) -> None:  # fmt: skip
    put(denied=[action])
    assert refusal(getattr(sandbox.client(service), call), **asked)[0] == code
    put(denied=[])
    getattr(sandbox.client(service), call)(**asked)


def test_identity_is_told_even_where_all_is_denied(
    sandbox: Sandbox, put: Callable[..., Any]
) -> None:
    put(denied=["*"], caller=SESSION)
    assert sandbox.client("sts").get_caller_identity()["Arn"] == SESSION
    put(denied=["sagemaker:*"])
    simulate = sandbox.client("iam").simulate_principal_policy
    asked = {"PolicySourceArn": SESSION, "ActionNames": ["sagemaker:CreateModel"]}
    assert refusal(simulate, **asked)[0] == "InvalidInput"
    behind = "arn:aws:iam::123456789012:role/Admin"
    assert decisions(sandbox, "sagemaker:CreateModel", source=behind) == ["implicitDeny"]


def test_the_permissions_of_a_role_are_its_own(sandbox: Sandbox, put: Callable[..., Any]) -> None:
    put(roles=[{"name": "Execution", "denied": ["s3:Get*"]}], denied=["sagemaker:*"])
    actions = ("s3:GetObject", "sagemaker:CreateModel")
    assert decisions(sandbox, *actions, source=ROLE) == ["implicitDeny", "allowed"]
    simulate = sandbox.client("iam").simulate_principal_policy
    unknown = {"PolicySourceArn": ROLE + "x", "ActionNames": ["s3:GetObject"]}
    assert refusal(simulate, **unknown)[0] == "NoSuchEntity"
    for wrong in ("s3:*", "GetObject"):
        asked = {"PolicySourceArn": ROLE, "ActionNames": [wrong]}
        assert refusal(simulate, **asked)[0] == "InvalidInput"


def test_an_object_is_what_was_put(sandbox: Sandbox, put: Callable[..., Any]) -> None:
    put(objects=[{"uri": "s3://b/a&b/m 1.tar.gz", "bytes": 5_000_000_000}])
    store = sandbox.client("s3")
    head = store.head_object(Bucket="b", Key="a&b/m 1.tar.gz")
    assert head["ContentLength"] == 5_000_000_000
    assert refusal(store.head_object, Bucket="b", Key="a&b")[0] == "404"
    assert refusal(store.head_bucket, Bucket="c")[0] == "404"
    assert refusal(store.list_objects_v2, Bucket="c")[0] == "NoSuchBucket"
    put(denied=["s3:ListBucket"])
    assert refusal(store.head_object, Bucket="b", Key="a&b")[0] == "403"
    assert store.head_object(Bucket="b", Key="a&b/m 1.tar.gz")["ETag"] == head["ETag"]


def test_a_bucket_elsewhere_is_found_where_it_lies(
    sandbox: Sandbox, put: Callable[..., Any]
) -> None:
    put(objects=[{"uri": "s3://b/m", "region": "eu-west-1"}])
    store = sandbox.client("s3")
    assert store.head_bucket(Bucket="b")["BucketRegion"] == "eu-west-1"
    assert store.head_object(Bucket="b", Key="m")["ContentLength"] > 0
    assert keys(sandbox, "b") == ["m"]
    statuses = [one["error"] for one in sandbox.get("calls")]
    assert statuses == ["PermanentRedirect", "", "", ""]


def test_alarms_on_alarms_are_those_that_were_put(
    sandbox: Sandbox, put: Callable[..., Any]
) -> None:
    watch = sandbox.client("cloudwatch")
    types = ["MetricAlarm", "CompositeAlarm"]

    def composed(**asked: Any) -> list[str]:
        found = watch.describe_alarms(AlarmTypes=types, **asked)
        assert found["MetricAlarms"] == []
        return [one["AlarmName"] for one in found["CompositeAlarms"]]

    assert composed(AlarmNames=["a", "b"]) == ["a", "b"]
    assert composed() == []
    assert watch.describe_alarms(AlarmNames=["a"])["MetricAlarms"] == []
    assert watch.describe_alarms(AlarmNames=["a"])["CompositeAlarms"] == []
    put(alarms=["a", "c"])
    assert composed(AlarmNames=["a", "b"]) == ["a"]
    assert composed() == ["a", "c"]
    assert composed(AlarmNamePrefix="c", StateValue="OK") == ["c"]
    assert composed(StateValue="ALARM") == []


def test_objects_are_listed_in_pages_and_folders(sandbox: Sandbox, put: Callable[..., Any]) -> None:
    names = ["m/1 & 2", "m/a/1", "m/a/2", "m/b+c/1", "n"]
    put(objects=[f"s3://b/{name}" for name in reversed(names)] + ["s3://other/x"])
    assert keys(sandbox, "b") == names
    assert keys(sandbox, "b", PaginationConfig={"PageSize": 2}) == names
    assert keys(sandbox, "b", Prefix="m/a") == ["m/a/1", "m/a/2"]
    assert keys(sandbox, "b", StartAfter="m/a/2") == ["m/b+c/1", "n"]
    store = sandbox.client("s3")
    found = store.list_objects_v2(Bucket="b", Prefix="m/", Delimiter="/")
    assert [one["Key"] for one in found["Contents"]] == ["m/1 & 2"]
    assert [one["Prefix"] for one in found["CommonPrefixes"]] == ["m/a/", "m/b+c/"]
    assert (found["KeyCount"], found["IsTruncated"]) == (3, False)
    assert keys(sandbox, "b", Prefix="no") == []


def test_an_image_is_what_was_put(sandbox: Sandbox, put: Callable[..., Any]) -> None:
    put(images=[IMAGE, {"uri": f"{REGISTRY}/model:2@{DIGEST}", "bytes": 9}])
    images = sandbox.client("ecr")

    def asked(**image: str) -> dict[str, Any]:
        return {"repositoryName": "model", "imageIds": [image]}

    [one] = images.describe_images(**asked(imageTag="2"))["imageDetails"]
    assert (one["imageDigest"], one["imageSizeInBytes"]) == (DIGEST, 9)
    [same] = images.describe_images(**asked(imageDigest=DIGEST))["imageDetails"]
    assert same == one
    every = images.get_paginator("describe_images").paginate(
        repositoryName="model", PaginationConfig={"PageSize": 1}
    )
    tags = [image["imageTags"] for page in every for image in page["imageDetails"]]
    assert sorted(tags) == [["1"], ["2"]]
    code, text = refusal(images.describe_images, **asked(imageTag="3"))
    assert code == "ImageNotFoundException"
    assert text.startswith("The image with imageId {imageDigest:'null', imageTag:'3'} does not")
    missing = "RepositoryNotFoundException"
    assert refusal(images.describe_images, repositoryName="no")[0] == missing
    there = sandbox.client("ecr", "eu-west-1")
    assert refusal(there.describe_images, **asked(imageTag="1"))[0] == missing
    both = {**asked(imageTag="1"), "maxResults": 1}
    assert refusal(images.describe_images, **both)[0] == "InvalidParameterException"


def tagged(sandbox: Sandbox, region: str = "us-east-1", **asked: Any) -> list[str]:
    tags = sandbox.client("resourcegroupstaggingapi", region)
    pages = tags.get_paginator("get_resources").paginate(**asked)
    rows = [row for page in pages for row in page["ResourceTagMappingList"]]
    return [row["ResourceARN"].split(":", 5)[5].split("/")[-1] for row in rows]


def test_what_has_tags_is_found_by_them(sandbox: Sandbox) -> None:
    ours = [{"Key": "owner", "Value": "us"}, {"Key": "n", "Value": "1"}]
    for number in range(3):
        sandbox.model(f"m{number}", Tags=ours)
    sandbox.model("other", Tags=[{"Key": "owner", "Value": "them"}])
    sandbox.endpoint("e", Tags=ours)
    sandbox.client("cloudwatch").put_metric_alarm(
        AlarmName="a", Namespace="n", MetricName="m", Statistic="Sum", Period=60,
        EvaluationPeriods=1, Threshold=1.0, ComparisonOperator="GreaterThanThreshold", Tags=ours,
    )  # fmt: skip
    sandbox.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId="endpoint/e/variant/AllTraffic",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        MinCapacity=1,
        MaxCapacity=3,
        Tags={"owner": "us"},
    )
    wanted = [{"Key": "owner", "Values": ["us", "no"]}]
    found = tagged(sandbox, TagFilters=wanted)
    assert len(found) == 6
    assert {"m0", "m1", "m2", "e", "alarm:a"} < set(found)
    assert tagged(sandbox, TagFilters=wanted, PaginationConfig={"PageSize": 1}) == found
    assert set(tagged(sandbox, TagFilters=[*wanted, {"Key": "n"}])) < set(found)
    assert tagged(sandbox, TagFilters=wanted, ResourceTypeFilters=["sagemaker:endpoint"]) == ["e"]
    alone = tagged(sandbox, TagFilters=wanted, ResourceTypeFilters=["sagemaker"])
    assert sorted(alone) == ["e", "m0", "m1", "m2"]
    assert len(tagged(sandbox)) == 7
    assert tagged(sandbox, "eu-west-1") == []


def test_one_resource_is_asked_for_alone(sandbox: Sandbox) -> None:
    sandbox.model("m1", Tags=[{"Key": "k", "Value": "v"}])
    where = {"ResourceARNList": ["arn:aws:sagemaker:us-east-1:123456789012:model/m1"]}
    assert tagged(sandbox, **where) == ["m1"]
    tags = sandbox.client("resourcegroupstaggingapi")
    both = {**where, "TagFilters": [{"Key": "k"}]}
    assert refusal(tags.get_resources, **both)[0] == "InvalidParameterException"
    token = {"PaginationToken": "x"}
    assert refusal(tags.get_resources, **token)[0] == "PaginationTokenExpiredException"


def test_a_token_of_another_list_is_refused(sandbox: Sandbox, put: Callable[..., Any]) -> None:
    put(objects=["s3://b/1", "s3://b/2"])
    store = sandbox.client("s3")
    token = store.list_objects_v2(Bucket="b", MaxKeys=1)["NextContinuationToken"]
    asked = {"Bucket": "b", "Prefix": "x", "ContinuationToken": token}
    assert refusal(store.list_objects_v2, **asked)[0] == "InvalidArgument"


@pytest.mark.parametrize(
    "wrong",
    [{"objects": ["b/k"]}, {"images": ["ubuntu"]}, {"role": ["r"]}, {"denied": 1}, ["roles"]],
)
def test_what_makes_no_sense_is_not_put(sandbox: Sandbox, wrong: Any) -> None:
    assert sandbox.post("account", wrong)["status"] == 400
    assert sandbox.get("account")["objects"] is None


def test_what_was_put_outlives_a_restart_and_not_a_reset(tmp_path: Path) -> None:
    file = str(tmp_path / "sandbox.sqlite3")
    with running(file) as url:
        Sandbox(url=url).post("account", {"roles": ["A"]})
        Sandbox(url=url).post("account", {"denied": ["s3:*"]})
    with running(file) as url:
        sandbox = Sandbox(url=url)
        has = sandbox.get("account")
        assert ([one["name"] for one in has["roles"]], has["denied"]) == (["A"], ["s3:*"])
        sandbox.post("reset")
        assert sandbox.get("account")["roles"] is None


@pytest.mark.parametrize(
    ("effect", "of_iam", "of_s3"),
    [
        ("throttle", "Throttling", "SlowDown"),
        ("denied", "AccessDenied", "AccessDenied"),
        ("expired", "ExpiredToken", "ExpiredToken"),
        ("server-error", "InternalFailure", "InternalError"),
    ],
)
def test_older_services_fail_with_codes_of_their_own(
    sandbox: Sandbox, effect: str, of_iam: str, of_s3: str
) -> None:
    sandbox.fault(effect)
    assert refusal(sandbox.client("iam").get_role, RoleName="r")[0] == of_iam
    assert refusal(sandbox.client("s3").list_objects_v2, Bucket="b")[0] == of_s3


def test_faults_befall_what_they_name(sandbox: Sandbox) -> None:
    sandbox.fault("throttle", "HeadObject", name="b")
    store = sandbox.client("s3")
    assert refusal(store.head_object, Bucket="b", Key="k")[0] == "503"
    assert store.head_object(Bucket="c", Key="k")["ContentLength"] > 0
    assert refusal(store.get_object, Bucket="b", Key="k")[0] == "NotImplemented"


def test_to_look_is_not_to_write(sandbox: Sandbox) -> None:
    sandbox.client("s3").head_object(Bucket="b", Key="k")
    decisions(sandbox, "s3:GetObject")
    assert [one["operation"] for one in sandbox.get("calls?mutating=false")] == [
        "HeadObject",
        "SimulatePrincipalPolicy",
    ]
    assert sandbox.get("calls?mutating=true") == []


def make(sandbox: Sandbox, **container: Any) -> tuple[str, str]:
    return refusal(
        sandbox.sagemaker.create_model,
        ModelName="m",
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"Image": IMAGE, **container},
    )


@pytest.mark.parametrize("roles", [["Other"], [{"name": "Execution", "trusts": []}]])
def test_a_model_needs_a_role_that_sagemaker_may_assume(
    sandbox: Sandbox, put: Callable[..., Any], roles: Any
) -> None:
    put(roles=roles)
    code, text = make(sandbox)
    assert (code, text.startswith(f"Could not assume role {ROLE}.")) == (
        "ValidationException", True,
    )  # fmt: skip
    put(roles=["Execution"])
    sandbox.model()


@pytest.mark.parametrize(
    "container",
    [
        {"ModelDataUrl": "s3://b/a.tar.gz"},
        {"ModelDataUrl": "s3://b/more/", "Mode": "MultiModel"},
        {
            "ModelDataSource": {
                "S3DataSource": {
                    "S3Uri": "s3://b/more/",
                    "S3DataType": "S3Prefix",
                    "CompressionType": "None",
                }
            }
        },
    ],
)
def test_a_model_needs_its_data_and_the_right_to_read_it(
    sandbox: Sandbox, put: Callable[..., Any], container: dict[str, Any]
) -> None:
    put(objects=["s3://b/other.tar.gz"])
    code, text = make(sandbox, **container)
    assert (code, text.startswith("Could not access model data at s3://b/")) == (
        "ValidationException", True,
    )  # fmt: skip
    put(
        objects=["s3://b/a.tar.gz", "s3://b/more/x"], roles=[{"name": "Execution", "denied": ["*"]}]
    )
    assert make(sandbox, **container) == (code, text)
    put(roles=None)
    asked = {"Image": IMAGE, **container}
    sandbox.sagemaker.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer=asked)


def test_an_endpoint_needs_its_images(sandbox: Sandbox, put: Callable[..., Any]) -> None:
    put(images=[f"{REGISTRY}/model:2"])
    sandbox.endpoint()
    shown = sandbox.shown()
    assert shown["EndpointStatus"] == "Failed"
    assert shown["FailureReason"].startswith("Please make sure all images included in the model")
    put(images=[IMAGE])
    sandbox.endpoint("f")
    assert sandbox.shown("f")["EndpointStatus"] == "InService"
    put(images=[])
    sandbox.config("c2")
    sandbox.sagemaker.update_endpoint(EndpointName="f", EndpointConfigName="c2")
    sandbox.advance(60)
    shown = sandbox.shown("f")
    assert (shown["EndpointStatus"], shown["EndpointConfigName"]) == ("InService", "c1")
    assert "variant AllTraffic exist" in shown["FailureReason"]


def test_images_are_found_by_digest_or_as_the_latest(
    sandbox: Sandbox, put: Callable[..., Any]
) -> None:
    put(images=[f"{REGISTRY}/model:latest@{DIGEST}"])
    for name, image in {
        "latest": f"{REGISTRY}/model",
        "digest": f"{REGISTRY}/model@{DIGEST}",
        "elsewhere": "docker.example.com:5000/model",
    }.items():
        asked = {"Image": image}
        sandbox.sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=asked
        )
        variant = {
            "VariantName": "v",
            "ModelName": name,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
        sandbox.sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[variant]
        )
        sandbox.endpoint(name, name)
        assert sandbox.shown(name)["EndpointStatus"] == "InService", name
