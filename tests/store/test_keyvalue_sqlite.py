"""What state in SQLite owes to its file: processes, forks, formats, permissions, disks."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pipeproof.errors import Finding, StoreError
from pipeproof.store.keyvalue.checked import CheckedStore
from pipeproof.store.keyvalue.memory import MemoryBackend
from pipeproof.store.keyvalue.sqlite import APPLICATION, MIGRATIONS, VERSION, SqliteBackend
from pipeproof.store.ledger import SqliteLedger

PROCESSES, SWAPS = 8, 200
COUNT = """
import sys
from pathlib import Path
from pipeproof.store.keyvalue.opening import open_keyvalue
folder = Path(sys.argv[1])
store = open_keyvalue("local", root=folder, local=folder / "state.db")
for _ in range(int(sys.argv[2])):
    while True:
        before = store.get("n", "k")
        if store.swap("n", "k", before, str(1 + int(before or 0)).encode()):
            break
"""


def at(path: Path) -> CheckedStore:
    return CheckedStore(SqliteBackend(path), str(path))


def refused(path: Path, **given: Path) -> Finding:
    with pytest.raises(StoreError) as caught:
        SqliteBackend(path, **given)
    (finding,) = caught.value.findings
    assert str(path) in finding.what
    assert finding.fix
    return finding


@pytest.mark.slow
def test_no_swap_of_many_processes_is_lost_though_all_open_a_new_file_at_once(tmp_path):
    command = [sys.executable, "-c", COUNT, str(tmp_path), str(SWAPS)]
    processes = [subprocess.Popen(command) for _ in range(PROCESSES)]
    assert [process.wait(100) for process in processes] == [0] * PROCESSES
    store = at(tmp_path / "state.db")
    assert store.get("n", "k") == str(PROCESSES * SWAPS).encode()
    store.close()


def test_a_forked_process_opens_the_file_anew_and_leaves_the_parents_alone(tmp_path):
    store = at(tmp_path / "state.db")
    store.put("n", "k", b"1")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if store.swap("n", "k", b"1", b"2") else 2
            store.close()
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store.swap("n", "k", b"2", b"3")
    store.close()


def test_a_file_that_another_program_holds_is_out_of_reach_until_it_lets_go(tmp_path):
    path = tmp_path / "state.db"
    store = CheckedStore(SqliteBackend(path, wait=0.05), str(path))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another program holds it") as caught:
        store.put("n", "k", b"1")
    assert caught.value.findings[0].code == "PPF540"
    assert store.get("n", "k") is None, "readers do not wait for a writer"
    other.execute("ROLLBACK")
    other.close()
    store.put("n", "k", b"1")
    assert store.get("n", "k") == b"1"
    store.close()


def test_state_is_there_when_the_file_is_opened_again(tmp_path):
    path = tmp_path / "deep" / "state.db"
    store = at(path)
    store.put("n", "k", b"1")
    store.close()
    assert path.stat().st_mode & 0o777 == 0o600
    again = at(path)
    assert again.get("n", "k") == b"1"
    again.close()


def test_what_is_put_together_is_kept_together_or_not_at_all(tmp_path):
    store = at(tmp_path / "state.db")
    store.put("n", "k", b"1")
    database = store._backend._database
    database.execute(f"PRAGMA max_page_count={database.execute('PRAGMA page_count').fetchone()[0] + 2}")
    with pytest.raises(StoreError, match="full") as caught:
        store.put_many("n", {f"{number}": bytes(5000) for number in range(20)})
    assert caught.value.findings[0].code == "PPF546"
    assert list(store.keys("n")) == ["k"]
    store.close()


@pytest.mark.parametrize("done", range(1, VERSION))
def test_an_older_file_is_brought_up_to_date_with_what_is_in_it(tmp_path, done):
    path = tmp_path / "state.db"
    old = sqlite3.connect(path)
    for change in MIGRATIONS[:done]:
        old.execute(change)
    old.execute(f"PRAGMA application_id={APPLICATION}")
    old.execute(f"PRAGMA user_version={done}")
    old.execute("INSERT INTO items VALUES ('n', 'k', X'31', NULL)")
    old.commit()
    old.close()
    store = at(path)
    assert store.get("n", "k") == b"1"
    store.close()
    new = sqlite3.connect(path)
    assert new.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert new.execute("SELECT count(*) FROM sqlite_master WHERE name = 'items_that_expire'").fetchone() == (
        1,
    )
    new.close()


def test_a_file_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "state.db"
    at(path).close()
    newer = sqlite3.connect(path)
    newer.execute(f"PRAGMA user_version={VERSION + 1}")
    newer.close()
    finding = refused(path)
    assert (finding.code, "newer version" in finding.what) == ("PPF546", True)


def test_a_database_of_something_else_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "shop.db"
    shop = sqlite3.connect(path)
    shop.execute("CREATE TABLE orders (day TEXT)")
    shop.close()
    content = path.read_bytes()
    finding = refused(path)
    assert (finding.code, "something else" in finding.what) == ("PPF546", True)
    assert path.read_bytes() == content


def test_the_ledger_is_no_place_for_state(tmp_path):
    SqliteLedger(tmp_path / "ledger.db").close()
    assert refused(tmp_path / "ledger.db").code == "PPF546"


def test_what_is_no_database_is_refused(tmp_path):
    (tmp_path / "text").write_text("not a database, " * 100)
    (tmp_path / "folder").mkdir()
    assert refused(tmp_path / "text").code == "PPF546"
    assert refused(tmp_path / "folder").code == "PPF546"
    assert refused(tmp_path / "text" / "state.db").code == "PPF546"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    assert refused(tmp_path / "state.db").code == "PPF545"


def test_a_network_file_system_is_refused(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"srv:/x {tmp_path} nfs rw 0 0\n")
    assert refused(tmp_path / "state.db", mounts=mounts).code == "PPF502"


def test_what_expired_is_removed_from_the_file(tmp_path):
    store = at(tmp_path / "state.db")
    store.put_many("n", {f"{number}": b"1" for number in range(5)}, expires=0.001)
    store.put_many("n", {f"other {number}": b"1" for number in range(1000)})
    rows = store._backend._database.execute("SELECT count(*) FROM items").fetchone()
    assert rows == (1000,)
    store.close()


def test_what_expired_is_removed_from_memory():
    now = 0.0
    backend = MemoryBackend(lambda: now)
    backend.put_many("n", {f"{number}": b"1" for number in range(5)}, 10.0)
    now = 10.0
    backend.put_many("n", {f"other {number}": b"1" for number in range(1000)}, None)
    assert len(backend._namespaces["n"]) == 1000


def test_in_memory_an_item_is_there_until_its_last_moment():
    now = 0.0
    store = CheckedStore(MemoryBackend(lambda: now), "memory:")
    store.put("n", "k", b"1", expires=10)
    now = 9.999
    assert store.get("n", "k") == b"1"
    now = 10.0
    assert store.get("n", "k") is None
