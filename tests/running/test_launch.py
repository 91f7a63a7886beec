"""Whatever code does, it ends as one outcome, and nothing that it started survives."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeproof.errors import Finding, Location
from pipeproof.model.step import Isolation
from pipeproof.running.launch import Launcher

PROCESSES: list[Isolation] = ["worker", "fresh"]
EVERYWHERE: list[Isolation] = ["thread", *PROCESSES]


def alive(pid: int) -> bool:
    """Say whether a process runs; a zombie does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def until(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Wait until something holds, and say whether it came to that."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()


def pids_in(folder: Path) -> list[int]:
    return [int(file.name) for file in (folder / "pids").iterdir()]


@pytest.mark.parametrize("isolation", EVERYWHERE)
def test_what_code_returns_prints_and_takes_comes_back(launch, tmp_path, isolation):
    ended = launch(
        """
        import sys
        def main():
            print("to out")
            print("to err", file=sys.stderr)
            return {"answer": 42}
        """,
        isolation,
    )
    assert ended.failure is None
    assert ended.result.value == {"code0": {"value": {"answer": 42}}}
    assert ended.printed
    assert (tmp_path / "code0.log").read_text() == "to out\nto err\n"
    assert ended.measures.seconds > 0


CRASHES = {
    "raises": ("raise ZeroDivisionError('no')", "exception", "PPF201", "ZeroDivisionError"),
    "has an exception that cannot say itself": (
        "class Bad(Exception):\n    def __str__(self): raise KeyError\nraise Bad",
        "exception",
        "PPF201",
        "Bad",
    ),
    "exits": ("sys.exit(3)", "exit", "PPF204", "SystemExit"),
    "exits with a text": ("sys.exit('enough')", "exit", "PPF204", "SystemExit"),
    "cannot import": ("import no_such_module", "import", "PPF209", "ModuleNotFoundError"),
    "recurses for ever": ("def f(): f()\nf()", "exception", "PPF201", "RecursionError"),
    "exits behind our back": ("os._exit(5)", "exit", "PPF204", "Exit"),
    "exits behind our back with 0": ("os._exit(0)", "exit", "PPF204", "Exit"),
    "crashes in C": ("faulthandler.disable(); ctypes.string_at(0)", "signal", "PPF203", "SIGSEGV"),
    "aborts": ("os.abort()", "signal", "PPF203", "SIGABRT"),
    "is killed": ("os.kill(os.getpid(), signal.SIGKILL)", "signal", "PPF203", "SIGKILL"),
    "closes all its descriptors": ("os.closerange(0, 1000)", "exit", "PPF204", "Exit"),
}
WITHOUT_PROCESS = ("raises", "has an exception that cannot say itself", "exits", "cannot import")


@pytest.mark.parametrize("isolation", EVERYWHERE)
@pytest.mark.parametrize("crash", CRASHES)
def test_code_that_ends_badly_is_classified_once_and_disturbs_nobody(launch, isolation, crash):
    if isolation == "thread" and crash not in WITHOUT_PROCESS:
        pytest.skip("it would end this process; limits need a process of their own")
    lines, kind, code, name = CRASHES[crash]
    body = "\n    ".join(lines.splitlines())
    ended = launch(f"import ctypes, faulthandler, os, signal, sys\ndef main():\n    {body}\n", isolation)
    assert ended.failure is not None
    assert (ended.failure.kind, ended.failure.code, ended.failure.type) == (kind, code, name)
    assert launch("def main(): return 1", isolation).failure is None


@pytest.mark.parametrize("isolation", EVERYWHERE)
def test_the_users_line_comes_last_in_the_frames(launch, isolation):
    ended = launch(
        """
        import json
        def inner():
            return json.loads("{")
        def main():
            return inner()
        """,
        isolation,
    )
    assert [(frame.line, frame.function, frame.text) for frame in ended.failure.frames] == [
        (6, "main", "return inner()"),
        (4, "inner", 'return json.loads("{")'),
    ]


HANGS = {
    "sleeps": "time.sleep(600)",
    "spins": "while True: pass",
    "sleeps through interrupts": "while True:\n        try: time.sleep(600)\n        except BaseException: pass",
    "prints without end": "while True: print('x' * 1000)",
}


@pytest.mark.parametrize("isolation", PROCESSES)
@pytest.mark.parametrize("hang", HANGS)
def test_code_that_hangs_is_ended_at_its_timeout_and_says_where_it_hung(launch, isolation, hang):
    launch("def main():\n    pass\n", isolation)  # the server is up before the time counts
    started = time.monotonic()
    ended = launch(f"import time\ndef main():\n    {HANGS[hang]}\n", isolation, timeout=0.7)
    assert time.monotonic() - started < 5
    assert ended.failure.kind == "timeout"
    assert ended.failure.frames[-1].function == "main"
    assert ended.failure.frames[-1].line >= 3
    assert launch("def main(): return 1", isolation).failure is None


@pytest.mark.parametrize("isolation", PROCESSES)
def test_what_the_fork_server_imports_takes_nothing_of_the_time_of_a_step(launch, launcher, isolation):
    server = launcher.start_server()
    os.kill(server.pid, signal.SIGSTOP)  # as if there were much to import
    threading.Timer(2.0, os.kill, (server.pid, signal.SIGCONT)).start()
    ended = launch("def main():\n    return 1\n", isolation, timeout=1.5)
    assert ended.failure is None


def test_a_library_that_is_being_imported_when_the_time_is_over_is_whole_afterwards(
    launch, tmp_path, monkeypatch
):
    monkeypatch.syspath_prepend(tmp_path)
    library = "import time\nfor _ in range(60):\n    time.sleep(0.02)\nWHOLE = True\n"
    (tmp_path / "a_slow_library.py").write_text(library)
    code = "import time\nimport a_slow_library\ndef main():\n    while True: time.sleep(0.02)\n"
    ended = launch(code, "thread", timeout=0.2)
    assert ended.failure.kind == "timeout"
    assert not ended.notes, "it was ended as soon as the import was over"
    assert sys.modules.pop("a_slow_library").WHOLE


def test_a_thread_that_spins_is_ended_at_its_timeout(launch):
    ended = launch("def main():\n    while True: pass\n", "thread", timeout=0.2)
    assert ended.failure.kind == "timeout"
    assert ended.notes == ()


@pytest.mark.skipif(
    sys.gettrace() is not None,
    reason="under a tracer CPython 3.11 spins while an asynchronous exception waits in another thread",
)
def test_a_thread_that_cannot_be_ended_is_left_alone_and_the_record_says_so(launch):
    code = (
        "import time\ndef main():\n    print('before', flush=True)\n    time.sleep(40)\n    print('after')\n"
    )
    started = time.monotonic()
    ended = launch(code, "thread", timeout=0.2)
    assert time.monotonic() - started < 20
    assert ended.failure.kind == "timeout"
    assert ended.notes == ("could not be stopped: it goes on in a thread of this process",)


@pytest.mark.parametrize("isolation", PROCESSES)
def test_threads_that_never_end_are_ended_by_the_timeout(launch, isolation):
    code = (
        "import threading, time\ndef main():\n    threading.Thread(target=time.sleep, args=(600,)).start()\n"
    )
    ended = launch(code, isolation, timeout=0.5)
    assert ended.failure.kind == "timeout"


@pytest.mark.parametrize("isolation", PROCESSES)
def test_threads_that_end_are_awaited_as_an_interpreter_does(launch, tmp_path, isolation):
    ended = launch(
        """
        import concurrent.futures, pathlib, time
        kept = concurrent.futures.ThreadPoolExecutor()
        def later():
            time.sleep(0.2)
            pathlib.Path("late").touch()
        def main():
            kept.submit(later)
        """,
        isolation,
    )
    assert ended.failure is None
    assert (tmp_path / "late").exists()


@pytest.mark.parametrize("isolation", PROCESSES)
@pytest.mark.parametrize("ending", ["return 1", "time.sleep(600)", "os._exit(1)", "raise ValueError"])
def test_nothing_that_code_started_survives_it(launch, tmp_path, isolation, ending):
    (tmp_path / "pids").mkdir()
    ended = launch(
        f"""
        import os, pathlib, time
        def hide():
            os.setsid()
            pathlib.Path("pids", str(os.getpid())).touch()
            os.closerange(0, 1000)
            time.sleep(600)
        def main():
            for _ in range(3):
                if os.fork() == 0:
                    if os.fork() == 0:
                        hide()
                    hide()
            while len(os.listdir("pids")) < 6:
                time.sleep(0.01)
            {ending}
        """,
        isolation,
        timeout=1.5 if "sleep" in ending else 20,
    )
    assert (ended.failure is None) == (ending == "return 1")
    pids = pids_in(tmp_path)
    assert len(pids) == 6
    assert until(lambda: not any(map(alive, pids)))


def test_memory_above_its_limit_is_a_memory_failure(launch):
    code = "def main():\n    return len(bytearray(300 * 2**20))\n"
    assert launch(code, memory=100 * 2**20).failure.kind == "memory"
    assert launch(code, memory=500 * 2**20).failure is None


def test_memory_that_was_used_is_measured_above_the_baseline(launch):
    for isolation in PROCESSES:
        ended = launch("def main():\n    return len(bytearray(64 * 2**20))\n", isolation)
        assert 60 * 2**20 < ended.measures.memory < 90 * 2**20
    assert launch("def main(): return 1", "worker").measures.memory < 20 * 2**20


def test_processor_time_above_its_limit_ends_the_step(launch):
    ended = launch("def main():\n    while True: pass\n", cpu_seconds=1)
    assert (ended.failure.kind, ended.failure.permanent) == ("timeout", True)
    assert "processor time" in ended.failure.message


def test_too_many_open_files_are_the_steps_own_error(launch):
    code = "def main():\n    return len([open(__file__) for _ in range(200)])\n"
    assert launch(code, open_files=100).failure.type == "OSError"
    assert launch(code, open_files=400).failure is None


def test_the_network_can_be_cut_loopback_included(launch):
    ended = launch(
        """
        import socket
        def main():
            server = socket.create_server(("127.0.0.1", 0))
            socket.create_connection(server.getsockname(), timeout=2)
        """,
        network=False,
    )
    if ended.failure.code == "PPF211":
        pytest.skip(f"unshare is not allowed here: {ended.failure.message}")
    assert ended.failure.type in {"OSError", "ConnectionRefusedError"}


def test_limits_that_cannot_be_set_are_said_and_the_code_does_not_run(launch, tmp_path):
    ended = launch("open('ran', 'w')\ndef main(): pass\n", open_files=2**40)
    assert (ended.failure.kind, ended.failure.code) == ("internal", "PPF211")
    assert "limits" in ended.failure.message
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("isolation", EVERYWHERE)
def test_endless_output_keeps_its_beginning_and_its_end(launch, tmp_path, isolation):
    ended = launch(
        """
        def main():
            print("first line")
            for _ in range(300):
                print("x" * 99_999)
            print("last line")
        """,
        isolation,
    )
    assert ended.failure is None
    log = (tmp_path / "code0.log").read_bytes()
    assert log.startswith(b"first line\n")
    assert log.endswith(b"last line\n")
    assert len(log) < 5.1 * 2**20
    assert ended.notes == ("printed 30,000,021 bytes; 24,757,141 in the middle were dropped",)


@pytest.mark.parametrize("isolation", PROCESSES)
def test_what_is_printed_may_be_anything_and_from_anywhere(launch, tmp_path, isolation):
    ended = launch(
        r"""
        import ctypes, os, subprocess, sys
        def main():
            os.write(1, b"\xff\x00\xfe")
            subprocess.run(["printf", "child"])
            ctypes.CDLL(None).puts(b"from C")
            ctypes.CDLL(None).fflush(None)
            print("\udcff lone")
        """,
        isolation,
    )
    assert ended.failure is None
    assert (tmp_path / "code0.log").read_bytes() == b"\xff\x00\xfechildfrom C\n\\udcff lone\n"


@pytest.mark.parametrize("isolation", PROCESSES)
@pytest.mark.parametrize("closing", ["sys.stdout.close()", "os.close(1)", "sys.stdout = None"])
def test_code_that_closes_its_output_passes_and_the_next_can_print(launch, tmp_path, isolation, closing):
    assert launch(f"import os, sys\ndef main():\n    {closing}\n", isolation).failure is None
    assert launch("def main():\n    print('heard')\n", isolation).failure is None
    assert (tmp_path / "code1.log").read_text() == "heard\n"


@pytest.mark.parametrize("isolation", EVERYWHERE)
def test_secrets_do_not_reach_the_log(launch, tmp_path, isolation):
    code = "import sys\ndef main():\n    print('key hunter2hunter2'); sys.stdout.flush()\n"
    launch(code, isolation, secrets=("hunter2hunter2",))
    assert (tmp_path / "code0.log").read_text() == "key ***\n"


def test_a_warm_worker_finds_everything_as_it_was(launch, tmp_path):
    look = """
        import os, sys
        def main():
            return [os.getpid(), os.getcwd(), os.environ.get("MINE"), os.environ.get("HOME"), len(sys.path)]
        """
    left = launch(
        """
        import os, sys
        def main():
            os.chdir("/")
            os.environ["MINE"] = "left over"
            del os.environ["HOME"]
            sys.path.insert(0, "/nowhere")
            return os.getpid()
        """,
        "worker",
        environment={"ALSO": "mine"},
    )
    # Whoever asks for variables is the last in its worker, so the first look is behind the mess.
    after = launch(look, "worker").result.value["code1"]["value"]
    fresh = launch(look, "worker").result.value["code2"]["value"]
    assert after[0] == left.result.value["code0"]["value"]
    assert after[1:] == fresh[1:]
    assert fresh[1] == str(tmp_path)


def test_the_steps_variables_are_there_and_gone_again(launch):
    code = "import os\ndef main():\n    return os.environ.get('MINE')\n"
    for isolation in PROCESSES:
        given = launch(code, isolation, environment={"MINE": "given"})
        assert next(iter(given.result.value.values())) == {"value": "given"}
    gone = launch(code, "worker")
    assert next(iter(gone.result.value.values())) == {"value": None}


def test_a_fork_server_that_dies_is_a_clear_failure(launch, launcher):
    launcher.start_server()
    killer = "import os, signal, time\ndef main():\n    os.kill(os.getppid(), signal.SIGKILL)\n    time.sleep(600)\n"
    for isolation in PROCESSES:
        ended = launch(killer, isolation)
        assert (ended.failure.kind, ended.failure.code) == ("internal", "PPF211")
        assert "fork server" in ended.failure.message


@pytest.mark.parametrize("isolation", PROCESSES)
def test_stopping_ends_what_runs_and_what_comes_later(launch, launcher: Launcher, isolation):
    threading.Timer(0.5, launcher.stop).start()
    assert launch("import time\ndef main():\n    time.sleep(600)\n", isolation).failure.kind == "interrupted"
    assert launch("def main(): return 1\n", isolation).failure.kind == "interrupted"


def test_code_that_ignores_signals_is_ended_all_the_same(launch):
    ended = launch(
        """
        import signal, time
        def main():
            for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
                signal.signal(number, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
            while True:
                time.sleep(1)
        """,
        timeout=0.3,
    )
    assert ended.failure.kind == "timeout"


def test_no_process_is_left_when_the_launcher_closes(launch, launcher):
    pids = [launch("import os\ndef main(): return os.getpid()", "worker").result.value["code0"]["value"]]
    server = launcher.start_server().pid
    launcher.close()
    assert until(lambda: not any(map(alive, [server, *pids])))


def test_a_warm_worker_that_died_while_it_waited_is_not_the_next_steps_failure(launch):
    pid = launch("import os\ndef main(): return os.getpid()", "worker").result.value["code0"]["value"]
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: not alive(pid))
    ended = launch("import os\ndef main(): return os.getpid()", "worker")
    assert ended.failure is None
    assert ended.result.value["code1"]["value"] != pid


@pytest.mark.parametrize("isolation", EVERYWHERE)
def test_a_finding_comes_back_whole(launch, isolation):
    ended = launch(
        """
        from pipeproof.errors import ContractError, Finding, Location
        def main():
            where = Location("flights.csv", 3, 7)
            raise ContractError(
                Finding("PPF303", "bad", where, "warning", ("a", 0), "s", ("a", "b"), "delay", "row 3", "mend it")
            )
        """,
        isolation,
    )
    where = Location("flights.csv", 3, 7)
    assert ended.findings == (
        Finding("PPF303", "bad", where, "warning", ("a", 0), "s", ("a", "b"), "delay", "row 3", "mend it"),
    )
    assert [(frame.file, frame.line) for frame in ended.failure.frames] == [("flights.csv", 3)]


def test_only_who_comes_first_waits_for_the_libraries(launch):
    first, second = (launch("def main(): return 1", "worker") for _ in range(2))
    assert first.waited > 0
    assert second.waited == 0


def test_libraries_of_a_step_that_may_yet_be_reused_are_imported_before_its_fork(launch, launcher):
    look = "import os, sys\ndef main(): return 'joblib' in sys.modules, os.getppid()"
    launcher.libraries = {"code1": ("joblib",)}
    before, after = (launch(look, "fresh").result.value[name]["value"] for name in ("code0", "code1"))
    assert (before[0], after[0]) == (False, True)
    assert before[1] == after[1]


def test_code_that_gets_no_more_memory_is_told_its_limit(launch):
    ended = launch("def main(): return bytearray(900_000_000)", "fresh", memory=300_000_000)
    assert (ended.failure.type, ended.failure.code) == ("MemoryError", "PPF205")
    assert ended.failure.message == "the step may use 300 MB, and this was to be more"
    assert ended.failure.fix == "read less at once, or raise `resources.memory`"
