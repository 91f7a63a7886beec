"""Wherever code runs, it is called alike, and whatever it does ends as one outcome that disturbs nobody."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from pipeproof.model.step import Isolation

PROCESSES: list[Isolation] = ["worker", "fresh", "environment", "container"]
ELSEWHERE: list[Isolation] = ["environment", "container"]
LIMITED: list[Isolation] = ["fresh", *ELSEWHERE]
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _can_run(request: pytest.FixtureRequest) -> None:
    if request.node.callspec.params.get("isolation") != "container":
        return
    if not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed")
    tried = subprocess.run(
        ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"], capture_output=True, check=False
    )
    if tried.returncode:
        pytest.skip(f"bubblewrap cannot make namespaces here: {tried.stderr.decode().strip()}")


def processes_with(mark: str) -> list[int]:
    """Return the processes that have a mark among their arguments or variables."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                if mark.encode() in (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                continue
    return found


@pytest.mark.parametrize("isolation", ELSEWHERE)
def test_values_metrics_and_prints_come_back(launch, tmp_path, isolation):
    ended = launch(
        """
        import sys
        def main(context):
            print("to out")
            print("to err", file=sys.stderr)
            context.log_metric("auc", 0.5, step=2)
            context.log_param("depth", 3)
            return {"answer": 42}
        """,
        isolation,
    )
    assert ended.failure is None
    assert ended.result.value == {"code0": {"value": {"answer": 42}}}
    assert [(metric.name, metric.value, metric.step) for metric in ended.result.metrics] == [("auc", 0.5, 2)]
    assert ended.result.params == {"depth": 3}
    assert sorted((tmp_path / "code0.log").read_text().splitlines()) == ["to err", "to out"]


CRASHES = {
    "raises": ("raise ZeroDivisionError('no')", "exception", "ZeroDivisionError"),
    "exits": ("sys.exit(3)", "exit", "SystemExit"),
    "cannot import": ("import no_such_module", "import", "ModuleNotFoundError"),
    "exits behind our back": ("os._exit(5)", "exit", "Exit"),
    "exits behind our back with 0": ("os._exit(0)", "exit", "Exit"),
    "crashes in C": ("faulthandler.disable(); ctypes.string_at(0)", "signal", "SIGSEGV"),
    "is killed": ("os.kill(os.getpid(), signal.SIGKILL)", "signal", "SIGKILL"),
}


@pytest.mark.parametrize("isolation", ELSEWHERE)
@pytest.mark.parametrize("crash", CRASHES)
def test_code_that_ends_badly_is_classified_as_in_a_fork(launch, isolation, crash):
    line, kind, name = CRASHES[crash]
    ended = launch(f"import ctypes, faulthandler, os, signal, sys\ndef main():\n    {line}\n", isolation)
    assert (ended.failure.kind, ended.failure.type) == (kind, name)


@pytest.mark.parametrize("isolation", ELSEWHERE)
def test_the_users_line_comes_last_in_the_frames(launch, isolation):
    ended = launch("def inner():\n    return 1 / 0\ndef main():\n    return inner()\n", isolation)
    assert [(frame.line, frame.function) for frame in ended.failure.frames] == [(4, "main"), (2, "inner")]


@pytest.mark.parametrize("isolation", PROCESSES)
def test_code_that_ignores_signals_is_ended_at_its_timeout_with_its_daemons(launch, isolation):
    mark = f"pipeproof-test-{os.getpid()}-{isolation}"
    launch("def main(): pass", isolation)
    ended = launch(
        f"""
        import os, signal, subprocess, time
        def main():
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    subprocess.run(["sleep", "600"], env={{"MARK": "{mark}"}})
                os._exit(0)
            while True:
                time.sleep(1)
        """,
        isolation,
        timeout=1.0,
    )
    assert ended.failure.kind == "timeout"
    end = time.monotonic() + 5
    while processes_with(mark) and time.monotonic() < end:
        time.sleep(0.02)
    assert processes_with(mark) == []


@pytest.mark.parametrize("isolation", ["environment", "fresh"])
def test_code_that_hangs_says_where_it_hung(launch, isolation):
    ended = launch("import time\ndef main():\n    time.sleep(600)\n", isolation, timeout=1.0)
    assert ended.failure.frames[-1].line == 3


@pytest.mark.parametrize("isolation", ELSEWHERE)
def test_output_without_measure_is_kept_in_part_and_the_code_goes_on(launch, tmp_path, isolation):
    ended = launch(
        """
        import sys
        def main():
            for _ in range(60):
                sys.stdout.write("x" * 1_000_000)
            return 1
        """,
        isolation,
        timeout=60.0,
    )
    assert ended.failure is None
    assert (tmp_path / "code0.log").stat().st_size < 6 * 2**20
    assert any("printed 60,000,000 bytes" in note for note in ended.notes)


@pytest.mark.parametrize("isolation", ELSEWHERE)
def test_memory_above_its_limit_is_a_memory_failure(launch, isolation):
    code = "def main():\n    return len(bytearray(300 * 2**20))\n"
    assert launch(code, isolation, memory=100 * 2**20).failure.kind == "memory"
    assert launch(code, isolation, memory=500 * 2**20).failure is None


@pytest.mark.parametrize("isolation", LIMITED)
def test_memory_counts_all_that_the_step_starts(launch, isolation):
    ended = launch(
        """
        import os, time
        def main():
            for _ in range(4):
                if os.fork() == 0:
                    kept = bytearray(os.urandom(1)) * (60 * 2**20)
                    time.sleep(600)
            time.sleep(600)
        """,
        isolation,
        memory=120 * 2**20,
    )
    assert (ended.failure.kind, ended.failure.code) == ("memory", "PPF205")
    assert "with all that it started" in ended.failure.message


@pytest.mark.parametrize("isolation", LIMITED)
def test_processor_time_counts_all_that_the_step_starts(launch, isolation):
    ended = launch(
        """
        import os
        def main():
            for _ in range(3):
                if os.fork() == 0:
                    while True:
                        pass
            while True:
                pass
        """,
        isolation,
        cpu_seconds=1,
    )
    assert (ended.failure.kind, ended.failure.code) == ("timeout", "PPF202")


@pytest.mark.parametrize("isolation", LIMITED)
def test_a_fork_bomb_ends_as_a_failure_of_its_step(launch, isolation):
    ended = launch(
        """
        import os
        def main():
            while True:
                os.fork()
        """,
        isolation,
        processes=20,
        timeout=5.0,
    )
    assert ended.failure is not None
    assert ended.failure.type in {"TooManyProcesses", "BlockingIOError"}
    assert launch("def main(): return 1", isolation).failure is None


@pytest.mark.parametrize("isolation", LIMITED)
def test_a_file_above_the_limit_is_the_steps_own_error_and_the_record_says_what_is_meant(launch, isolation):
    code = "import tempfile\ndef main():\n    tempfile.TemporaryFile().write(bytes(3 * 2**20))\n"
    ended = launch(code, isolation, disk=2**20)
    assert ended.failure.type == "OSError"
    assert "disk: holds for each file, not for their sum" in ended.notes
    assert launch(code, isolation, disk=2**23).failure is None


@pytest.mark.parametrize("isolation", LIMITED)
def test_processors_are_counted_out(launch, isolation):
    code = (
        "import os\ndef main():\n    return [len(os.sched_getaffinity(0)), os.environ['OMP_NUM_THREADS']]\n"
    )
    ended = launch(code, isolation, cpus=1)
    assert ended.result.value["code0"]["value"] == [1, "1"]


@pytest.mark.parametrize("isolation", ELSEWHERE)
def test_too_many_open_files_are_the_steps_own_error(launch, isolation):
    code = "def main():\n    return len([open(__file__) for _ in range(200)])\n"
    assert launch(code, isolation, open_files=100).failure.type == "OSError"


@pytest.mark.parametrize("isolation", ELSEWHERE)
def test_the_network_can_be_cut(launch, isolation):
    ended = launch(
        """
        import socket
        def main():
            server = socket.create_server(("127.0.0.1", 0))
            socket.create_connection(("8.8.8.8", 53), timeout=1)
        """,
        isolation,
        network=False,
    )
    assert ended.failure.type in {"OSError", "PermissionError"}
    assert "timed out" not in ended.failure.message


@pytest.mark.parametrize("isolation", ELSEWHERE)
def test_secrets_do_not_reach_the_log(launch, tmp_path, isolation):
    code = "import os\ndef main():\n    print('key', os.environ['KEY'])\n"
    launch(code, isolation, environment={"KEY": "hunter2hunter2"}, secrets=("hunter2hunter2",))
    assert (tmp_path / "code0.log").read_text() == "key ***\n"


@pytest.mark.parametrize("isolation", ELSEWHERE)
def test_code_in_a_trial_is_sealed_off(launch, tmp_path, isolation):
    ended = launch(
        "def main():\n    open('/tmp/pipeproof-touched-the-world', 'w')\n"
        if isolation == "environment"
        else f"def main():\n    open({str(tmp_path / 'touched')!r}, 'w')\n",
        isolation,
        sealed=str(tmp_path / "sealed"),
    )
    assert ended.failure.type in {"PermissionError", "OSError"}
    assert not (tmp_path / "touched").exists()
    assert not Path("/tmp/pipeproof-touched-the-world").exists()
