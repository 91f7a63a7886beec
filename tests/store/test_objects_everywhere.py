"""What holds for objects wherever they are kept: one suite for the local folder and every bucket."""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeproof.digest import digest_file
from pipeproof.errors import StoreError
from pipeproof.model.artifact import Artifact
from pipeproof.store.objects import LocalObjects
from pipeproof.store.remote import RemoteObjects, open_objects
from pipeproof.store.remote.bucket import Bucket

# gcsfs sends megabytes as bytes, and aiohttp says at length that it would like a file.
pytestmark = pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")

Store = LocalObjects | RemoteObjects
Open = Callable[[str], Store]
PLACES = [
    "local",
    "file",
    "memory",
    pytest.param("s3", marks=pytest.mark.slow),
    pytest.param("gs", marks=pytest.mark.slow),
]


def address_of(place: str, folder: Path, request: pytest.FixtureRequest) -> str:
    prefix = uuid.uuid4().hex
    if place == "s3":
        request.getfixturevalue("keys")
        return f"s3://bucket/{prefix}?endpoint={request.getfixturevalue('s3_server')}"
    if place == "gs":
        return f"gs://bucket/{prefix}?endpoint={request.getfixturevalue('gcs_server')}&anonymous=true"
    return {"local": "local", "file": f"file://{folder}/bucket", "memory": f"memory://{prefix}"}[place]


def opening(address: str, folder: Path) -> Open:
    buckets: list[Bucket] = []  # a client of S3 takes 0.15 s to make: the projects of a test share one

    def open_for(project: str) -> Store:
        local = LocalObjects(folder / project / ".pipeproof" / "objects")
        if buckets:
            return RemoteObjects(local, buckets[0])
        store = open_objects(address, local)
        buckets.extend([store.bucket] if isinstance(store, RemoteObjects) else ())
        return store

    return open_for


@pytest.fixture(params=PLACES)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Return the function that opens the same bucket for a project of some name."""
    return opening(address_of(request.param, tmp_path, request), tmp_path)


@pytest.fixture(params=PLACES[1:])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Return the same for what two projects can share."""
    return opening(address_of(request.param, tmp_path, request), tmp_path)


def file_of(folder: Path, content: bytes = b"content") -> Path:
    path = folder / uuid.uuid4().hex
    path.write_bytes(content)
    return path


def folder_of(folder: Path) -> Path:
    path = folder / uuid.uuid4().hex
    (path / "deep").mkdir(parents=True)
    (path / "deep" / "file").write_text("in the deep")
    (path / "empty").mkdir()
    (path / "nothing").touch()
    (path / "run.sh").write_text("true")
    (path / "run.sh").chmod(0o755)
    (path / "link").symlink_to("deep/file")
    (path / os.fsdecode(b"\xff")).write_text("no text")
    return path


def look(folder: Path) -> dict[bytes, object]:
    return {
        os.fsencode(path.relative_to(folder)): path.readlink()
        if path.is_symlink()
        else (path.read_bytes(), bool(path.stat().st_mode & 0o100))
        if path.is_file()
        else None
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize("content", [b"", b"content", bytes(6 * 2**20)], ids=["nothing", "little", "much"])
def test_a_file_is_found_under_the_digest_of_its_content(opened, tmp_path, content):
    store = opened("one")
    digest, size = store.add(file_of(tmp_path, content))
    assert (digest, size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert store.path(digest).read_bytes() == content


def test_a_folder_comes_back_as_it_was(opened, tmp_path):
    store = opened("one")
    folder = folder_of(tmp_path)
    before = look(folder)
    digest, _ = store.add(folder, move=False)
    store.lay_out(digest, tmp_path / "out")
    assert look(tmp_path / "out") == before == look(folder)


def test_an_object_cannot_be_written_to_and_its_copy_can(opened, tmp_path):
    store = opened("one")
    digest, _ = store.add(file_of(tmp_path))
    store.lay_out(digest, tmp_path / "out")
    (tmp_path / "out").write_text("changed")
    assert store.path(digest).stat().st_mode & 0o777 == 0o400
    assert store.path(digest).read_text() == "content"


def test_an_object_that_never_was_is_a_clear_error(opened, tmp_path):
    with pytest.raises(StoreError, match="is not in") as caught:
        opened("one").lay_out("0" * 64, tmp_path / "out")
    assert caught.value.findings[0].code == "PPF503"


def test_what_is_there_is_told_from_what_is_not(opened, tmp_path):
    store = opened("one")
    made = Artifact("file", *store.add(file_of(tmp_path)))
    assert store.has(made)
    assert store.is_whole(made)
    assert not store.has(Artifact("file", "0" * 64, 7))
    assert not store.has(Artifact("folder", "0" * 64, 7))
    assert store.has(Artifact("value", "0" * 64, value=1))


def test_many_add_the_same_content_at_once(opened, tmp_path):
    together = threading.Barrier(4)

    def add(number: int) -> tuple[str, int]:
        store = opened(f"project-{number % 2}")
        path = file_of(tmp_path, b"the same" * 10_000)
        together.wait()
        return store.add(path)

    with ThreadPoolExecutor(4) as pool:
        added = set(pool.map(add, range(4)))
    ((digest, _),) = added
    assert (
        opened("another" if isinstance(opened("x"), RemoteObjects) else "project-0").path(digest).read_bytes()
        == b"the same" * 10_000
    )


ADD = """
import sys
from pathlib import Path
from pipeproof.store.objects import LocalObjects
from pipeproof.store.remote import open_objects
store = open_objects(sys.argv[1], LocalObjects(Path(sys.argv[2]) / ".pipeproof" / "objects"))
sys.stdin.readline()
print(store.add(Path(sys.argv[3]), move=False)[0])
"""


@pytest.mark.slow
@pytest.mark.parametrize("place", ["local", "file", "s3"])
def test_many_processes_add_the_same_content_at_once(place, request, tmp_path):
    address = address_of(place, tmp_path, request)
    path = file_of(tmp_path, b"the same" * 10_000)
    adding = [
        subprocess.Popen(
            [sys.executable, "-c", ADD, address, str(tmp_path / f"project-{number % 2}"), str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for process in adding:
        process.stdin.write("now\n")
        process.stdin.flush()
    assert {process.communicate()[0].strip() for process in adding} == {digest_file(path)}
    assert opening(address, tmp_path)("project-0").path(digest_file(path)).read_bytes() == path.read_bytes()


def test_another_project_finds_a_file(shared, tmp_path):
    digest, size = shared("one").add(file_of(tmp_path))
    other = shared("other")
    assert other.has(Artifact("file", digest, size))
    assert other.path(digest).read_bytes() == b"content"


def test_another_project_finds_a_folder(shared, tmp_path):
    folder = folder_of(tmp_path)
    before = look(folder)
    digest, size = shared("one").add(folder)
    other = shared("other")
    assert other.has(Artifact("folder", digest, size))
    other.lay_out(digest, tmp_path / "out")
    assert look(tmp_path / "out") == before


def test_only_what_is_asked_for_is_fetched(shared, tmp_path):
    one, other = shared("one"), shared("other")
    wanted, _ = one.add(file_of(tmp_path, b"wanted"))
    unwanted = Artifact("file", *one.add(file_of(tmp_path, b"not wanted")))
    other.path(wanted)
    assert other.has(unwanted)
    assert list(other.local.names()) == [wanted]


def test_a_bucket_lists_and_loses_its_objects(shared, tmp_path):
    store = shared("one")
    digest, size = store.add(file_of(tmp_path))
    assert [(entry.name, entry.size) for entry in store.bucket.entries()] == [(digest, size)]
    assert all(entry.written > 1.6e9 for entry in store.bucket.entries())
    store.bucket.remove([digest, "0" * 64])
    assert list(store.bucket.entries()) == []


def test_the_same_content_is_not_uploaded_twice(shared, tmp_path):
    shared("one").add(file_of(tmp_path))
    (before,) = shared("one").bucket.entries()
    shared("other").add(file_of(tmp_path))
    (after,) = shared("one").bucket.entries()
    assert after == before


def test_what_was_cut_short_in_the_bucket_is_put_right_when_it_is_made_again(shared, tmp_path):
    one = shared("one")
    digest, _ = one.add(file_of(tmp_path))
    one.bucket.put(file_of(tmp_path, b"con"), digest, replace=True)
    shared("other").add(file_of(tmp_path))
    assert shared("third").path(digest).read_bytes() == b"content"


@pytest.mark.parametrize("bad", [b"CONTENT", b"con", b""])
def test_what_was_damaged_in_the_bucket_is_refused_and_not_kept(shared, tmp_path, bad):
    one, other = shared("one"), shared("other")
    digest, _ = one.add(file_of(tmp_path))
    one.bucket.put(file_of(tmp_path, bad), digest, replace=True)
    with pytest.raises(StoreError, match="not what its name says") as caught:
        other.path(digest)
    assert caught.value.findings[0].code == "PPF556"
    assert list(other.local.names()) == []


def test_a_file_of_a_folder_that_is_gone_is_told(shared, tmp_path):
    one, other = shared("one"), shared("other")
    folder = folder_of(tmp_path)
    lost = hashlib.sha256(b"in the deep").hexdigest()
    digest, size = one.add(folder)
    one.bucket.remove([lost])
    assert not other.has(Artifact("folder", digest, size))
    with pytest.raises(StoreError, match=lost[:12]):
        other.lay_out(digest, tmp_path / "out")


def test_several_who_want_the_same_table_fetch_it_once(shared, tmp_path):
    one, other = shared("one"), shared("other")
    digest, _ = one.add(file_of(tmp_path, bytes(2**20)))
    with ThreadPoolExecutor(4) as pool:
        paths = set(pool.map(other.path, [digest] * 4))
    assert [path.stat().st_size for path in paths] == [2**20]
    assert list((other.root / "incoming").iterdir()) == []


def test_a_probe_leaves_nothing(shared):
    store = shared("one")
    store.check()
    assert list(store.bucket.entries()) == []


def test_a_store_goes_to_another_process_as_an_address(shared, tmp_path):
    digest, _ = shared("one").add(file_of(tmp_path))
    store = pickle.loads(pickle.dumps(shared("other")))
    assert store.path(digest).read_bytes() == b"content"
