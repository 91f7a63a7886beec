"""Servers of objects that tests share, and what stands between them and a client."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

import pytest

from servers import Bucketed, delaying, gcs_server, s3_server

Between = Callable[[str, float], tuple[int, Callable[[], None]]]


@pytest.fixture(scope="session", name="s3_server")
def shared_s3_server() -> Iterator[str]:
    """Return the address of a server of S3 with a bucket `bucket`."""
    with s3_server() as server:
        yield server.address


@pytest.fixture
def s3_again() -> Iterator[Bucketed]:
    """Return a server of S3 that may be killed and started again."""
    with s3_server() as server:
        yield server


@pytest.fixture(scope="session", name="gcs_server")
def shared_gcs_server() -> Iterator[str]:
    """Return the address of a server of Google Cloud Storage with a bucket `bucket`."""
    with gcs_server() as server:
        yield server.address


@pytest.fixture(scope="session")
def denying() -> Iterator[tuple[str, dict[str, str]]]:
    """Return the address of a server of S3 that asks for permissions, and keys of somebody who has none."""
    import boto3

    with s3_server(open_requests="3") as server:  # the bucket, the person and the key need none
        known = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
        people = boto3.client("iam", endpoint_url=server.address, **known)
        people.create_user(UserName="nobody")
        key = people.create_access_key(UserName="nobody")["AccessKey"]
        keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        yield server.address, keys


@pytest.fixture
def denying_s3(denying: tuple[str, dict[str, str]]) -> str:
    """Return the address of a server of S3 that asks for permissions."""
    return denying[0]


@pytest.fixture
def powerless(denying: tuple[str, dict[str, str]]) -> dict[str, str]:
    """Return the keys of somebody who has no permissions there."""
    return denying[1]


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set keys as a person has them in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLEKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret-key-of-ours")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")


@pytest.fixture
def standing_between() -> Iterator[Between]:
    """Return the function that stands before a server: later, or silent once the second thing it returns is called."""
    with contextlib.ExitStack() as ends:

        def stand(address: str, delay: float) -> tuple[int, Callable[[], None]]:
            silent = threading.Event()
            port = int(address.rpartition(":")[2])
            return ends.enter_context(delaying(port, delay, silent)), silent.set

        yield stand
