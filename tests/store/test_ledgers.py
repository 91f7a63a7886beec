"""What every ledger must do, held against each; and what SQLite alone may refuse."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.errors import Finding, StoreError
from pipeproof.model.artifact import Artifact
from pipeproof.model.event import (
    AttemptFailed,
    Blocked,
    Event,
    Finished,
    Reused,
    RunFinished,
    RunStarted,
    Started,
)
from pipeproof.model.outcome import Failure, Frame, Measures, Metric, Outcome
from pipeproof.model.record import fold
from pipeproof.ports import Ledger
from pipeproof.store.ledger import VERSION, SqliteLedger, dump, file_system, restore
from pipeproof.store.memory import MemoryLedger

MAKE: dict[str, Callable[[Path], Ledger]] = {
    "sqlite": lambda folder: SqliteLedger(folder / "ledger.db"),
    "memory": lambda _folder: MemoryLedger(),
}
FAILURE = Failure(
    "exception", "PPF201", "KeyError", "'\udcff'", (Frame("a.py", 3, "f", "x[1]"),), traceback="..."
)
OUTCOME = Outcome(
    "b",
    2,
    {"b": Artifact("table", "d1", 10, "b.parquet", 3, (("x", "Int64"),))},
    (Metric("auc", 0.5), Metric("loss", 1e-9, 3)),
    {"depth": 3},
    Measures(1.5, 0.5, 1000),
    (Finding("PPF303", "bad", step="b", edge=("a", "b")),),
    None,
    "b.2.log",
    ("a note",),
)
EVENTS: list[Event] = [
    RunStarted("r-1", "p", ("a", "b", "c", "d"), {"a": "sql"}, {"day": "2013-07-03", "n": 3}, {"b": ("a",)}),
    Reused("a", "k", "why", {"a": Artifact("value", "d2", value={"x": [1, None, 2.5]})}, "r-0"),
    Started("b", 1, "key"),
    AttemptFailed(Outcome("b", 1, failure=FAILURE, log="b.1.log"), 0.25),
    Started("b", 2, "key"),
    Finished(OUTCOME),
    Blocked("c", "b", "because"),
    RunFinished("failed", 2.5),
]


@pytest.fixture(params=MAKE)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    return MAKE[request.param](tmp_path)


def test_events_come_back_as_they_were_and_in_order(ledger):
    for event in EVENTS:
        ledger.append("r-1", [event])
    assert [event for _, event in ledger.events("r-1")] == EVENTS


def test_a_wave_gets_one_time_which_is_returned(ledger):
    before = time.time()
    moment = ledger.append("r-1", EVENTS, durable=True)
    assert before <= moment <= time.time()
    assert {at for at, _ in ledger.events("r-1")} == {moment}


def test_runs_are_named_newest_first_and_do_not_mix(ledger):
    for run in ("r-1", "r-2", "r-3"):
        ledger.append(run, [RunStarted(run, "p", (), {})])
    ledger.append("r-1", [RunFinished("passed")])
    assert list(ledger.runs()) == ["r-3", "r-2", "r-1"]
    assert [type(event) for _, event in ledger.events("r-2")] == [RunStarted]


def test_an_unknown_run_has_no_events(ledger):
    assert list(ledger.events("r-9")) == []


def test_threads_may_write_at_once(ledger):
    def write(run: str) -> None:
        for number in range(50):
            ledger.append(run, [Started(f"s{number}", 1), Started(f"s{number}", 2)])

    threads = [threading.Thread(target=write, args=(f"r-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(4):
        names = [event.task for _, event in ledger.events(f"r-{number}")]
        assert names == [f"s{item}" for item in range(50) for _ in range(2)]


def test_the_fold_of_the_events_is_the_record(ledger):
    ledger.append("r-1", EVENTS)
    record = fold(ledger.events("r-1"))
    assert record.status == "failed"
    assert [step.status for step in record.steps.values()] == ["reused", "passed", "blocked", "waiting"]
    b = record["b"]
    assert (b.attempts, b.key, b.logs) == (2, "key", ("b.1.log", "b.2.log"))
    assert (b.metrics, b.outputs, b.notes) == (OUTCOME.metrics, OUTCOME.outputs, ("a note",))
    assert b.needs == ("a",)
    assert record.findings == OUTCOME.findings


texts = st.text(st.characters(), max_size=20)
outcomes = st.builds(
    Outcome,
    texts,
    st.integers(1, 9),
    metrics=st.lists(st.builds(Metric, texts, st.floats(allow_nan=False)), max_size=2).map(tuple),
    params=st.dictionaries(texts, st.one_of(texts, st.integers(), st.booleans()), max_size=2),
    failure=st.one_of(st.none(), st.builds(Failure, st.just("exception"), texts, texts, texts)),
    log=texts,
)


@given(st.one_of(st.builds(Finished, outcomes), st.builds(Blocked, texts, texts, texts)))
def test_any_event_is_the_same_after_the_way_through_text(event):
    text = dump(event)
    assert text.isascii()
    assert restore(type(event).__name__, text) == event


def test_fields_that_a_later_version_adds_are_passed_over():
    assert restore("Started", '{"task": "a", "attempt": 1, "weather": "fine"}') == Started("a", 1)


def _refused(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        SqliteLedger(path)
    (finding,) = caught.value.findings
    assert str(path) in finding.what
    assert finding.fix
    return finding.code


def test_a_newer_version_is_refused(tmp_path):
    path = tmp_path / "ledger.db"
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA user_version={VERSION + 1}")
    database.close()
    assert _refused(path) == "PPF501"


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "ledger.db"
    path.write_text("not a database, " * 100)
    assert _refused(path) == "PPF501"
    assert path.read_text().startswith("not a database")


def test_a_folder_and_a_path_below_a_file_are_refused(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    assert _refused(tmp_path / "folder") == "PPF501"
    assert _refused(tmp_path / "file" / "ledger.db") == "PPF501"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    assert _refused(tmp_path / "ledger.db") == "PPF501"


def test_a_disk_that_is_full_is_a_clear_error_and_what_was_written_stays(tmp_path):
    ledger = SqliteLedger(tmp_path / "ledger.db")
    ledger.append("r-1", EVENTS[:1])
    pages = ledger._database.execute("PRAGMA page_count").fetchone()[0]
    ledger._database.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreError, match="full"):
        ledger.append("r-1", [Started("x" * 100_000, 1)])
    assert [event for _, event in ledger.events("r-1")] == EVENTS[:1]


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/home/ann/p/ledger.db", "nfs4"),
        ("/home/bob/ledger.db", "ext4"),
        ("/homely/ledger.db", "ext4"),
        ("/mnt/my disk/x", "cifs"),
        ("/over/x", "fuse.sshfs"),
    ],
)
def test_the_file_system_is_found_in_the_mounts(tmp_path, place, kind):
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/a / ext4 rw 0 0\nsrv:/h /home/ann nfs4 rw 0 0\n//w/d /mnt/my\\040disk cifs rw 0 0\n"
        "/dev/b /over ext4 rw 0 0\nx@y:/z /over fuse.sshfs rw 0 0\n"
    )
    assert file_system(Path(place), mounts) == kind


def test_the_file_system_is_unknown_where_there_are_no_mounts(tmp_path):
    assert file_system(tmp_path, tmp_path / "missing") == ""


def test_a_ledger_on_a_network_file_system_is_refused(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"srv:/x {tmp_path} nfs rw 0 0\n")
    with pytest.raises(StoreError) as caught:
        SqliteLedger(tmp_path / "ledger.db", mounts=mounts)
    assert caught.value.findings[0].code == "PPF502"


def test_processes_may_open_a_new_ledger_at_once(tmp_path):
    code = (
        "import sys; from pathlib import Path; from pipeproof.store.ledger import SqliteLedger\n"
        "from pipeproof.model.record import RunStarted\n"
        "ledger = SqliteLedger(Path(sys.argv[1]))\n"
        "[ledger.append(sys.argv[2], [RunStarted(sys.argv[2], 'p', (), {})]) for _ in range(20)]\n"
    )
    path = tmp_path / "ledger.db"
    processes = [subprocess.Popen([sys.executable, "-c", code, path, f"r-{n}"]) for n in range(4)]
    assert [process.wait(60) for process in processes] == [0, 0, 0, 0]
    assert len(list(SqliteLedger(path).runs())) == 80


FORMAT_1 = """
CREATE TABLE events (
    seq INTEGER PRIMARY KEY, run TEXT NOT NULL, time REAL NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX events_by_run ON events (run, seq);
CREATE INDEX events_started ON events (seq) WHERE kind = 'RunStarted';
PRAGMA user_version=1;
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A ledger as the first format had it, with a run that failed."""
    path = tmp_path / "ledger.db"
    database = sqlite3.connect(path)
    database.executescript(FORMAT_1)
    rows = [("r-1", float(at), type(event).__name__, dump(event)) for at, event in enumerate(EVENTS)]
    database.executemany("INSERT INTO events (run, time, kind, body) VALUES (?, ?, ?, ?)", rows)
    database.commit()
    database.close()
    return path


def test_runs_of_an_older_format_are_as_they_were(old: Path) -> None:
    ledger = SqliteLedger(old)
    assert list(ledger.runs()) == ["r-1"]
    assert [event for _, event in ledger.events("r-1")] == EVENTS


def test_a_ledger_of_an_older_format_takes_new_runs_and_is_of_this_one_then(old: Path) -> None:
    ledger = SqliteLedger(old)
    ledger.append("r-2", [RunStarted("r-2", "p", ("b",), {}), Finished(OUTCOME, "key", "static")])
    assert list(ledger.known({"static"})) == ["static"]
    assert ledger._database.execute("PRAGMA user_version").fetchone() == (VERSION,)


@pytest.mark.slow
def test_processes_may_migrate_a_ledger_at_once(old: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pipeproof.store.ledger import SqliteLedger\n"
        "sys.stdin.readline()\n"
        "print(len(list(SqliteLedger(Path(sys.argv[1])).events('r-1'))))\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, old], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert said == [f"{len(EVENTS)}\n"] * 4


def test_a_newer_version_is_refused_in_words_that_say_what_to_do_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA user_version={VERSION + 1}")
    database.close()
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        SqliteLedger(path)
    (finding,) = caught.value.findings
    assert f"newer version (format {VERSION + 1}, this one reads {VERSION})" in finding.what
    assert finding.fix.startswith("update Pipeproof")
    assert path.read_bytes() == before


def test_a_ledger_syncs_each_wave_only_when_it_is_to_be_durable(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.db")

    def syncs() -> bool:
        return ledger._database.execute("PRAGMA synchronous").fetchone() == (2,)

    ledger.append("r-1", [Started("a", 1)], durable=True)
    assert not syncs()
    ledger.be_durable()
    ledger.append("r-1", [Started("a", 2)], durable=True)
    assert syncs()


def test_a_file_that_is_damaged_in_the_middle_is_said_and_no_fault_of_ours(tmp_path):
    path = tmp_path / "ledger.db"
    ledger = SqliteLedger(path)
    for number in range(400):
        ledger.append(f"r-{number}", [RunStarted(f"r-{number}", "p" * 200, (), {})])
    ledger.shrink()
    ledger.close()
    content = bytearray(path.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page : page + 100] = bytes([255]) * 100
    path.write_bytes(content)
    damaged = SqliteLedger(path)
    for ask in (
        damaged.runs,
        lambda: damaged.events("r-7"),
        lambda: damaged.known(["x"]).items(),
        damaged.digests,
    ):
        with pytest.raises(StoreError, match=r"PPF501.*malformed"):
            list(ask())
    damaged.close()


def test_an_event_that_is_damaged_is_said(tmp_path):
    path = tmp_path / "ledger.db"
    ledger = SqliteLedger(path)
    ledger.append("r-1", [RunStarted("r-1", "p", (), {})])
    ledger.rewrite(lambda _run, body: body[:-9])
    with pytest.raises(StoreError, match=r"PPF501.*an event in it is malformed"):
        list(ledger.events("r-1"))
    ledger.close()
