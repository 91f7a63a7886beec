"""Object stores that are really there: a server of S3, one of GCS, a folder, and what stands between."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(*command: str, port: int, environment: dict[str, str] | None = None) -> Iterator[str]:
    """Run a server until it is not needed any more, and give its address once it listens."""
    if not (BIN / command[0]).exists():
        pytest.skip(f"{command[0]} is not installed")
    server = subprocess.Popen(
        [str(BIN / command[0]), *command[1:]],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(1000):
        if server.poll() is not None:
            pytest.skip(f"the server ended at once with {server.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    pytest.skip("the server did not begin to listen")


@contextlib.contextmanager
def serving_s3(port: int, *, open_requests: str = "inf") -> Iterator[str]:
    """Run S3; keys and policies are held against what comes after so many requests."""
    environment = {"INITIAL_NO_AUTH_ACTION_COUNT": open_requests}
    with serving("moto_server", "-p", str(port), port=port, environment=environment) as address:
        urllib.request.urlopen(urllib.request.Request(f"{address}/bucket", method="PUT")).close()
        yield address


@contextlib.contextmanager
def serving_gcs() -> Iterator[str]:
    port = free_port()
    command = ("gcp-storage-emulator", "start", "--host", "127.0.0.1", "--port", str(port), "--in-memory")
    with serving(*command, port=port) as address:
        body = b'{"name": "bucket"}'
        request = urllib.request.Request(
            f"{address}/storage/v1/b?project=p", data=body, headers={"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request).close()
        yield address


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Return the address of a server of S3 with a bucket `bucket`."""
    with serving_s3(free_port()) as address:
        yield address


@pytest.fixture
def s3_again() -> Iterator[tuple[str, Callable[[], None], Callable[[], None]]]:
    """Return the address of a server of S3 and how to kill it and to start it again."""
    port = free_port()
    with contextlib.ExitStack() as later:
        first = contextlib.ExitStack()
        later.push(first)
        address = first.enter_context(serving_s3(port))
        yield address, first.close, lambda: later.enter_context(serving_s3(port)) and None


@pytest.fixture(scope="session")
def denying() -> Iterator[tuple[str, dict[str, str]]]:
    """Return the address of a server of S3 that asks for permissions, and keys of somebody who has none."""
    import boto3

    with serving_s3(free_port(), open_requests="3") as address:
        known = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
        people = boto3.client("iam", endpoint_url=address, **known)
        people.create_user(UserName="nobody")
        key = people.create_access_key(UserName="nobody")["AccessKey"]
        yield (
            address,
            {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]},
        )


@pytest.fixture
def denying_s3(denying: tuple[str, dict[str, str]]) -> str:
    """Return the address of a server of S3 that asks for permissions."""
    return denying[0]


@pytest.fixture
def powerless(denying: tuple[str, dict[str, str]]) -> dict[str, str]:
    """Return the keys of somebody who has no permissions there."""
    return denying[1]


@pytest.fixture
def free_ports() -> Callable[[], int]:
    """Return the function that finds a port where nobody listens."""
    return free_port


@pytest.fixture
def standing_between() -> Iterator[Callable[[str, float], tuple[int, Callable[[], None]]]]:
    """Return the function that stands before a server and passes on what is said, later or not at all."""
    with contextlib.ExitStack() as ends:
        yield lambda address, delay: ends.enter_context(between(int(address.rpartition(":")[2]), delay=delay))


@pytest.fixture(scope="session")
def gcs_server() -> Iterator[str]:
    """Return the address of a server of Google Cloud Storage with a bucket `bucket`."""
    with serving_gcs() as address:
        yield address


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set keys as a person has them in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLEKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret-key-of-ours")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")


@contextlib.contextmanager
def between(port: int, *, delay: float = 0.0) -> Iterator[tuple[int, Callable[[], None]]]:
    """Stand between a client and a server, later or not at all: give a port, and how to go silent."""
    silent = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    open_sockets = [listener]

    def pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                time.sleep(delay)
                if not silent.is_set():
                    target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", port))
                open_sockets.extend((client, server))
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1], silent.set
    finally:
        for one in open_sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
