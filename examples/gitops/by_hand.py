"""Somebody scales an endpoint past the pipeline: by_hand.py ENDPOINT INSTANCES.

Finds the cloud as boto3 does; here $AWS_ENDPOINT_URL names a sandbox.
"""

import sys

import boto3

endpoint, instances = sys.argv[1:]
sagemaker = boto3.client("sagemaker", region_name="us-east-1")
(variant,) = sagemaker.describe_endpoint(EndpointName=endpoint)["ProductionVariants"]
sagemaker.update_endpoint_weights_and_capacities(
    EndpointName=endpoint,
    DesiredWeightsAndCapacities=[
        {"VariantName": variant["VariantName"], "DesiredInstanceCount": int(instances)}
    ],
)
sagemaker.get_waiter("endpoint_in_service").wait(
    EndpointName=endpoint, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
)
