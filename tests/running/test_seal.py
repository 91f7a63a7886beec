"""The code of a trial is held off from the world; the same code in a run is not."""

from __future__ import annotations

import http.server
import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeproof.running.launch import Launcher
from pipeproof.running.seal import accesses, filter_code, ground, seal

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or ground().abi < 4, reason="Landlock with the network is needed"
)

HARMS = {
    "writes a file": "open('world/new.txt', 'w').write('x')",
    "overwrites a file": "open('world/kept.txt', 'w').write('x')",
    "appends to a file": "open('world/kept.txt', 'a').write('x')",
    "truncates a file": "os.truncate('world/kept.txt', 1)",
    "deletes a file": "os.remove('world/kept.txt')",
    "renames a file": "os.rename('world/kept.txt', 'world/other.txt')",
    "takes a file away": "shutil.move('world/kept.txt', tempfile.mkdtemp(dir=scratch()))",
    "deletes a folder": "shutil.rmtree('world/folder')",
    "makes a folder": "os.mkdir('world/made')",
    "makes a link": "os.symlink('kept.txt', 'world/link')",
    "writes through a link of its own": (
        "os.symlink(os.path.abspath('world'), way := tempfile.mkdtemp(dir=scratch()) + '/way')\n"
        "    open(way + '/new.txt', 'w').write('x')"
    ),
    "links a file to its own folder and writes to it": (
        "os.link('world/kept.txt', link := tempfile.mkdtemp(dir=scratch()) + '/kept.txt')\n"
        "    open(link, 'w').write('x')"
    ),
    "writes to a database": (
        "db = sqlite3.connect('world/base.db')\n"
        "    with db: db.execute('insert into t values (2)')\n"
        "    db.close()"
    ),
    "writes with Polars": "import polars; polars.DataFrame({'a': [1]}).write_parquet('world/new.parquet')",
    "writes in a thread": "list(ThreadPoolExecutor().map(lambda _: open('world/new.txt', 'w').write('x'), [1]))",
    "hides the cause": (
        "try:\n        open('world/new.txt', 'w').write('x')\n"
        "    except OSError as error:\n        raise RuntimeError('cannot save')"
    ),
}
CODE = """
import os, shutil, sqlite3, subprocess, tempfile
from concurrent.futures import ThreadPoolExecutor
def scratch():
    return os.path.dirname(tempfile.gettempdir()) if 'scratch' in tempfile.gettempdir() else '.'
def main():
    {}
"""


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A folder of the project with a file, a folder and a database."""
    world = tmp_path / "world"
    (world / "folder").mkdir(parents=True)
    (world / "kept.txt").write_text("kept")
    (world / "folder" / "inner.txt").write_text("inner")
    base = sqlite3.connect(world / "base.db")
    base.executescript("create table t (a); insert into t values (1);")
    base.close()
    return world


def content(folder: Path) -> dict[str, bytes | None]:
    """Return all that is in a folder: path → content, None for a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize("harm", HARMS)
def test_a_trial_that_touches_a_file_outside_fails_and_the_world_is_as_it_was(launch, tmp_path, world, harm):
    before = content(world)
    ended = launch(CODE.format(HARMS[harm]), "worker", sealed=str(tmp_path / "sealed"))
    assert content(world) == before
    assert ended.failure.code == "PPF243"
    assert ended.failure.permanent
    assert "effects: external" in ended.failure.fix
    assert ended.failure.frames[-1].file.endswith("code0.py")
    assert ended.notes == ()


@pytest.mark.parametrize("harm", HARMS)
def test_the_same_code_in_a_run_changes_the_world(launch, world, harm):
    before = content(world)
    ended = launch(CODE.format(HARMS[harm]), "worker")
    assert ended.failure is None
    assert content(world) != before


@pytest.mark.parametrize(
    "command", ["sh -c 'echo x > world/new.txt'", "rm world/kept.txt", "touch world/a", "mv world /tmp"]
)
def test_what_the_code_of_a_trial_starts_is_held_off_too(launch, tmp_path, world, command):
    before = content(world)
    ended = launch(CODE.format(f"subprocess.run({command!r}, shell=True, check=True)"), sealed=str(tmp_path))
    assert ended.failure.type == "CalledProcessError"
    assert content(world) == before


@pytest.fixture
def server() -> Iterator[tuple[str, list[bytes]]]:
    """An HTTP server on this machine: its address, and what was put there."""
    received: list[bytes] = []

    class Take(http.server.BaseHTTPRequestHandler):
        def do_PUT(self):
            received.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Take) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_address[1]}/report", received
        listening.shutdown()
        thread.join()


UPLOAD = """
import urllib.request
def main():
    request = urllib.request.Request({!r}, data=b"figures", method="PUT")
    return urllib.request.urlopen(request, timeout=5).status
"""


def test_an_upload_of_a_trial_does_not_arrive(launch, tmp_path, server):
    address, received = server
    ended = launch(UPLOAD.format(address), sealed=str(tmp_path / "sealed"))
    assert (ended.failure.code, received) == ("PPF243", [])
    assert "reach the network" in ended.failure.message
    assert launch(UPLOAD.format(address)).failure is None
    assert received == [b"figures"]


CONNECTIONS = {
    "by name": "socket.create_connection(('example.com', 80), timeout=5)",
    "a datagram": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
    "a server": "socket.create_server(('127.0.0.1', 0))",
    "a raw socket": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
}


@pytest.mark.parametrize("connection", CONNECTIONS)
def test_a_trial_reaches_no_network_in_other_ways_either(launch, tmp_path, connection):
    code = f"import socket\ndef main():\n    {CONNECTIONS[connection]}\n"
    assert launch(code, sealed=str(tmp_path / "sealed")).failure.code == "PPF243"


HARMLESS = {
    "writes to a temporary file": "tempfile.NamedTemporaryFile('w').write('x')",
    "writes where its output goes": "open('{into}', 'w').write('x')",
    "reads what it likes": "open('world/kept.txt').read()",
    "reads a database": "sqlite3.connect('world/base.db').execute('select * from t').fetchall()",
    "writes to /dev/null": "open(os.devnull, 'w').write('x')",
    "starts a program": "subprocess.run(['true'], check=True)",
    "ends a program": "subprocess.Popen(['sleep', '60']).kill()",
    "uses processes": "multiprocessing.get_context('fork').Pool(2).map(abs, [-1])",
    "uses a queue": "multiprocessing.get_context('fork').Queue().put(1)",
    "uses an event loop": "asyncio.run(asyncio.sleep(0))",
    "names a thread": "threading.Thread(target=print, name='other').start()",
    "computes with Polars": "polars.LazyFrame({{'a': [1]}}).select(polars.col('a').sum()).collect()",
}


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("code", HARMLESS)
def test_a_trial_may_do_what_changes_nothing_outside(launch, tmp_path, code):
    line = HARMLESS[code].format(into=tmp_path / "scratch" / "code0" / "out.txt")
    text = f"import asyncio, multiprocessing, os, polars, sqlite3, subprocess, tempfile, threading\ndef main():\n    {line}\n"
    ended = launch(text, sealed=str(tmp_path / "sealed"))
    assert ended.failure is None


MISTAKES = {
    "a file that is not there": ("open('nowhere.csv')", "PPF201"),
    "a folder instead of a file": ("open('world')", "PPF201"),
    "a program that is not executable": ("subprocess.run([os.path.abspath('world/kept.txt')])", "PPF201"),
    "an error without a number": ("raise PermissionError", "PPF201"),
    "a wrong value": ("int('x')", "PPF201"),
    "an end": ("raise SystemExit(3)", "PPF204"),
}


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("mistake", MISTAKES)
def test_other_failures_of_a_trial_are_not_taken_for_the_seals_doing(launch, tmp_path, mistake):
    line, code = MISTAKES[mistake]
    assert launch(CODE.format(line), sealed=str(tmp_path / "sealed")).failure.code == code


def test_a_trial_that_hangs_is_ended_and_says_where(launch, tmp_path):
    code = "import time\ndef main():\n    time.sleep(600)\n"
    ended = launch(code, timeout=0.7, sealed=str(tmp_path / "sealed"))
    assert ended.failure.kind == "timeout"
    assert ended.failure.frames[-1].function == "main"


@pytest.mark.usefixtures("world")
def test_the_next_task_is_not_sealed(launch, tmp_path):
    assert launch(CODE.format("pass"), "worker", sealed=str(tmp_path / "sealed")).failure is None
    assert launch(CODE.format(HARMS["writes a file"]), "worker").failure is None


@pytest.mark.usefixtures("world")
def test_an_importable_function_that_is_forced_to_a_thread_is_sealed_in_a_process(launch, tmp_path):
    ended = launch(CODE.format(HARMS["writes a file"]), "thread", sealed=str(tmp_path / "sealed"))
    assert ended.failure.code == "PPF243"


def in_fork(what: Callable[[], str]) -> str:
    """Return what a function returns in a forked process."""
    read, write = os.pipe()
    if (pid := os.fork()) == 0:
        try:
            os.write(write, what().encode())
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(pid, 0)
    with os.fdopen(read) as pipe:
        return pipe.read()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("abi", range(1, 8))
def test_older_versions_of_landlock_hold_files_and_network_off_too(tmp_path, abi):
    (tmp_path / "mine").mkdir()

    def attempt() -> str:
        import socket

        said = [seal((str(tmp_path / "mine"),), abi=abi)]
        for action in (
            (tmp_path / "mine" / "a").touch,
            (tmp_path / "other").touch,
            lambda: socket.create_connection(("127.0.0.1", 9)),
        ):
            try:
                action()
                said.append("done")
            except OSError as error:
                said.append(type(error).__name__)
        return " ".join(said)

    assert in_fork(attempt) == " done PermissionError PermissionError"


def test_a_kernel_without_landlock_is_said(tmp_path):
    assert "no Landlock" in seal((str(tmp_path),), abi=0)


@pytest.mark.parametrize("abi", range(1, 9))
def test_a_version_is_asked_for_what_it_knows(abi):
    files, net, scopes = accesses(abi)
    assert files.bit_length() == {1: 13, 2: 14, 3: 15, 4: 15}.get(abi, 16)
    assert bool(net) == (abi >= 4)
    assert bool(scopes) == (abi >= 6)


def decide(code: bytes, call: dict[int, int]) -> int:
    """Return what a filter for seccomp decides; `call` is what stands at which offset."""
    lines = [code[start : start + 8] for start in range(0, len(code), 8)]
    at = value = 0
    while True:
        operation, operand = int.from_bytes(lines[at][:2], "little"), int.from_bytes(lines[at][4:], "little")
        at += 1
        match operation:
            case 0x20:
                value = call.get(operand, 0)
            case 0x54:
                value &= operand
            case 0x15:
                at += lines[at - 1][2] if value == operand else lines[at - 1][3]
            case 0x06:
                return operand


ALLOWED = 0x7FFF0000


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize(
    ("family", "kind", "protocol", "allowed"),
    [
        (1, 1, 0, "yes"),
        (1, 2, 0, "yes"),
        (16, 3, 0, "yes"),
        (38, 5, 0, "yes"),
        (2, 1, 0, "streams"),
        (2, 1 | 0o2000000, 6, "streams"),
        (10, 1, 6, "streams"),
        (2, 1, 262, "no"),
        (2, 2, 0, "no"),
        (10, 2, 17, "no"),
        (2, 3, 1, "no"),
        (2, 5, 132, "no"),
        (17, 3, 0, "no"),
        (40, 1, 0, "no"),
    ],
)
def test_the_filter_lets_pass_only_sockets_that_cannot_leave_or_that_landlock_holds(
    streams, family, kind, protocol, allowed
):
    code = filter_code(41, 0xC000003E, streams=streams)
    call = {0: 41, 4: 0xC000003E, 16: family, 24: kind, 32: protocol}
    assert (decide(code, call) == ALLOWED) == (allowed == "yes" or (allowed == "streams" and streams))
    assert decide(code, {**call, 0: 42}) == ALLOWED
    assert decide(code, {**call, 4: 0x40000003}) == ALLOWED


def test_a_function_of_this_process_alone_is_not_run_in_a_trial(tmp_path):
    from pipeproof.model.plan import Task
    from pipeproof.model.step import Step
    from pipeproof.ports import Job, Program

    program = Program("pipeproof.steps.calls.python:call_function", {"function": "local:notebook.f.1"})
    job = Job(
        "t-test",
        Task(Step("f", "python"), "", "run", "", isolation="thread"),
        1,
        {},
        {},
        scratch_folder=str(tmp_path / "scratch"),
        log_file=str(tmp_path / "log"),
        root=tmp_path,
        sealed=str(tmp_path / "sealed"),
    )
    ended = Launcher().launch(program, job, "thread")
    assert ended.failure.code == "PPF244"
    assert not (tmp_path / "scratch").exists()
