"""Servers that are really there, started on a free port and ended by whoever started them."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

ROOT = Path(__file__).parents[1]
_GOOGLE = Path("/usr/lib/google-cloud-sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar")
_NPM = ROOT / ".servers" / "node_modules" / "@firestore-emulator" / "server"
_START = (
    "const {FirestoreServer} = require(process.argv[1]); new FirestoreServer().start(Number(process.argv[2]))"
)
PATIENCE = 30.0


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A program that listens at a port; it can be killed and started again there."""

    def __init__(
        self, command: Callable[[int], list[str]], environment: Mapping[str, str] | None = None
    ) -> None:
        self._command, self._environment = command, environment
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command(self.port),
            env={**os.environ, **(self._environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.01)
        self.kill()
        pytest.fail(f"the server did not begin to listen: {' '.join(self._command(self.port))}")

    def kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, 9)
            self._process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def redis_server(*options: str) -> Server:
    """Return a Redis that keeps nothing on disk, not started yet."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed; script/setup installs it")
    bare = [program, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    return Server(lambda port: [*bare, "--port", str(port), *options])


@dataclass(frozen=True)
class Emulator:
    """An emulator of Firestore.

    `strict` says whether it holds conditions on what is written, as Firestore does.
    """

    server: Server
    strict: bool

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.port}"


def firestore_emulator() -> Emulator:
    """Return Google's own emulator of Firestore, else the one of npm, not started yet."""
    java, node = shutil.which("java"), shutil.which("node")
    if java and _GOOGLE.exists():
        main = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
        # All that this Java does is wait for a few small questions; it starts quicker without its second compiler.
        program = [java, "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Duser.language=en"]
        program += ["-cp", str(_GOOGLE), main, "start", "--host=127.0.0.1"]
        return Emulator(Server(lambda port: [*program, f"--port={port}"]), strict=True)
    if node and _NPM.exists():
        return Emulator(Server(lambda port: [node, "-e", _START, str(_NPM), str(port)]), strict=False)
    pytest.skip("there is no emulator of Firestore; script/setup installs one")


class Bucketed(Server):
    """A server of objects, with a bucket `bucket` each time it was started."""

    def __init__(
        self, command: Callable[[int], list[str]], making: tuple[str, str, bytes], **more: str
    ) -> None:
        super().__init__(command, more)
        self._making = making

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        super().start()
        method, path, body = self._making
        asked = urllib.request.Request(f"{self.address}{path}", body or None, method=method)
        asked.add_header("Content-Type", "application/json")
        urllib.request.urlopen(asked, timeout=PATIENCE).close()


def s3_server(*, open_requests: str = "inf") -> Bucketed:
    """Return a server of S3, not started yet; keys and policies are held against what comes after so many requests."""
    command = [beside_python("moto_server"), "-p"]
    more = {"INITIAL_NO_AUTH_ACTION_COUNT": open_requests}
    return Bucketed(lambda port: [*command, str(port)], ("PUT", "/bucket", b""), **more)


def gcs_server() -> Bucketed:
    """Return an emulator of Google Cloud Storage, not started yet."""
    command = [beside_python("gcp-storage-emulator"), "start", "--host", "127.0.0.1", "--in-memory", "--port"]
    making = ("POST", "/storage/v1/b?project=p", b'{"name": "bucket"}')
    return Bucketed(lambda port: [*command, str(port)], making)


def beside_python(name: str) -> str:
    """Return the path of a program that is installed with the tests' own packages."""
    program = Path(sys.executable).parent / name
    if not program.exists():
        pytest.skip(f"{name} is not installed; script/test installs it")
    return str(program)


@contextlib.contextmanager
def silence() -> Iterator[int]:
    """Listen at a port, take connections, and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


@contextlib.contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """Listen at a port and answer whatever comes with the same bytes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client, contextlib.suppress(OSError):
                        client.recv(65536)
                        client.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def delaying(port: int, seconds: float, silent: threading.Event | None = None) -> Iterator[int]:
    """Listen at a port and pass everything on to another, each piece so much later; nothing once it is silent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ends: list[socket.socket] = []

        def pump(source: socket.socket, target: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while data := source.recv(65536):
                    time.sleep(seconds)
                    if silent is None or not silent.is_set():
                        target.sendall(data)
                target.shutdown(socket.SHUT_WR)  # a client that was killed is gone for the server too

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    server = socket.create_connection(("127.0.0.1", port))
                    ends.extend((client, server))
                    for pair in ((client, server), (server, client)):
                        threading.Thread(target=pump, args=pair, daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # closing alone tells nobody while another thread reads
            end.close()
