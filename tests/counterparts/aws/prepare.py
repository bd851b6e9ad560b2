"""Prepares a fresh moto: two users, a volume with tags; proves that nothing passes unsigned.

Owns: the calls before enforcement begins, the first checks after it.
Never: the server's process.
Read next: start.
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "eu-west-1"
ZONE = REGION + "a"
#: Where copies come from.
OTHER_REGION = "us-east-1"
TAGS = {"tenant": "acme", "Name": "source"}
#: What a snapshot plugin needs, and no more.
NEEDED = ["CreateSnapshot", "DescribeSnapshots", "DeleteSnapshot", "CopySnapshot", "CreateTags", "DeleteTags",
          "CreateVolume", "DeleteVolume", "DescribeVolumes"]


def client(service, endpoint, key="none", secret="none", region=REGION):
    """A client that tries once."""
    once = Config(retries={"total_max_attempts": 1})
    return boto3.client(service, region, endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret,
                        config=once)


def user(iam, name, actions):
    """A user with one policy: three calls. Returns (key, secret)."""
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": [f"ec2:{action}" for action in actions], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="snapshots", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}


def refused(call, code):
    """Whether the call is refused with this code."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"] == code
    return False


def volume(ec2, zone):
    """A volume of 8 GiB; returns its id."""
    tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    asked = {"ResourceType": "volume", "Tags": tags}
    made = ec2.create_volume(AvailabilityZone=zone, Size=8, TagSpecifications=[asked])
    ec2.get_waiter("volume_available").wait(VolumeIds=[made["VolumeId"]])
    return made["VolumeId"]


def main(endpoint):
    """Prints what the line of JSON says."""
    iam = client("iam", endpoint)
    full = user(iam, "strongroom", NEEDED)
    without = user(iam, "strongroom-without-delete", [one for one in NEEDED if one != "DeleteSnapshot"])
    ec2 = client("ec2", endpoint, *full.values())
    there = volume(ec2, ZONE)
    other = volume(client("ec2", endpoint, *full.values(), region=OTHER_REGION), OTHER_REGION + "a")
    checks = {
        "an unknown key": refused(client("ec2", endpoint).describe_snapshots, "AuthFailure"),
        "a wrong secret": refused(client("ec2", endpoint, full["access_key"], "wrong").describe_snapshots, "AuthFailure"),
        "an action outside the policy": refused(ec2.describe_instances, "AccessDenied"),
    }
    passed = [name for name, held in checks.items() if not held]
    if passed:
        sys.exit(f"moto does not refuse {', '.join(passed)}")
    print(json.dumps({
        "endpoint": endpoint, "region": REGION, "zone": ZONE, "account": "123456789012", "volume": there,
        "volume_gb": 8, "tags": TAGS, "user": full, "user_without_delete": without,
        "other": {"region": OTHER_REGION, "zone": OTHER_REGION + "a", "volume": other},
    }))


if __name__ == "__main__":
    main(sys.argv[1])
