"""A stand-in for the cloud: speaks its wire protocols, so that boto3 and the AWS CLI work on it."""
