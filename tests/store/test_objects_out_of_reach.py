"""What happens when a bucket cannot be used: an error in words that names no key, or the fallback that was asked for."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeproof.digest import digest_file
from pipeproof.errors import Finding, StoreError, UsageError
from pipeproof.model.artifact import Artifact
from pipeproof.store.objects import LocalObjects
from pipeproof.store.remote import RemoteObjects, open_objects
from servers import free_port, silence

# gcsfs sends megabytes as bytes, and aiohttp says at length that it would like a file.
pytestmark = pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")

SECRETS = ("AKIAEXAMPLEKEY", "very-secret-key-of-ours")
Store = Callable[..., RemoteObjects]


@pytest.fixture
def store(tmp_path: Path, request: pytest.FixtureRequest) -> Store:
    """Return the function that opens a store at an address."""
    request.getfixturevalue("keys")

    def open_at(address: str, *, fallback: bool = False) -> RemoteObjects:
        local = LocalObjects(tmp_path / ".pipeproof" / "objects")
        found = open_objects(address, local, fallback=fallback)
        assert isinstance(found, RemoteObjects)
        return found

    return open_at


def at(scheme: str, endpoint: object, bucket: str = "bucket") -> str:
    return f"{scheme}://{bucket}/prefix?endpoint={endpoint}" + ("&anonymous=true" if scheme == "gs" else "")


def small(folder: Path) -> Path:
    path = folder / "small"
    path.write_bytes(b"content")
    return path


def refusal(store: RemoteObjects, folder: Path) -> Finding:
    """Return how an object is refused, which tells no key and leaves the object here."""
    with pytest.raises(StoreError) as caught:
        store.add(small(folder))
    said = str(caught.value)
    assert not any(secret in said for secret in SECRETS)
    assert len(list(store.local.names())) == 1
    return caught.value.findings[0]


@pytest.fixture
def silent() -> Iterator[str]:
    """Return the address of somebody who accepts and never answers."""
    with silence() as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Callable[[str], str]:
    return lambda scheme: str(request.getfixturevalue({"s3": "s3_server", "gs": "gcs_server"}[scheme]))


BOTH = pytest.mark.parametrize("scheme", ["s3", "gs"])


@pytest.mark.slow
@BOTH
def test_a_port_where_nobody_listens_is_told(store, tmp_path, scheme):
    found = refusal(store(at(scheme, f"http://127.0.0.1:{free_port()}")), tmp_path)
    assert (found.code, found.what.startswith(f"the object store {scheme}://bucket/prefix")) == (
        "PPF552",
        True,
    )


@pytest.mark.slow
@BOTH
def test_a_server_that_never_answers_is_told_after_four_seconds(store, tmp_path, scheme, silent):
    found = refusal(store(at(scheme, silent)), tmp_path)
    assert found.code == "PPF552"
    assert "no answer within 4 s" in found.what


@pytest.mark.slow
@BOTH
def test_a_bucket_that_is_not_there_is_told(store, tmp_path, scheme, server):
    found = refusal(store(at(scheme, server(scheme), "nobodys-bucket")), tmp_path)
    assert (found.code, found.what) == (
        "PPF554",
        f"the object store {scheme}://nobodys-bucket/prefix is not there",
    )


@pytest.mark.slow
@BOTH
def test_a_slow_server_is_waited_for(store, tmp_path, scheme, server, standing_between):
    port, _ = standing_between(server(scheme), 0.1)
    slow = store(at(scheme, f"http://127.0.0.1:{port}"))
    digest, _ = slow.add(small(tmp_path))
    slow.local.remove(digest)
    assert slow.path(digest).read_bytes() == b"content"


@pytest.mark.slow
@BOTH
def test_a_server_that_falls_silent_in_the_middle_is_told(store, tmp_path, scheme, server, standing_between):
    port, fall_silent = standing_between(server(scheme), 0.0)
    found = store(at(scheme, f"http://127.0.0.1:{port}"))
    digest, size = found.add(small(tmp_path))
    fall_silent()
    with pytest.raises(StoreError, match="no answer within 4 s"):
        found.has(Artifact("file", "0" * 64, size))
    assert found.path(digest).read_bytes() == b"content"  # what is here needs no server


@pytest.mark.slow
def test_a_server_that_is_killed_is_told_and_used_again_when_it_is_back(store, tmp_path, s3_again):
    found = store(at("s3", s3_again.address))
    found.add(small(tmp_path))
    s3_again.kill()
    other = tmp_path / "other"
    other.write_text("later")
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        found.add(other, move=False)
    assert caught.value.findings[0].code == "PPF552"
    s3_again.start()
    digest, size = found.add(other)
    assert found.bucket.size(digest) == size


@pytest.mark.slow
def test_wrong_keys_are_refused_without_being_shown(store, tmp_path, denying_s3):
    found = refusal(store(at("s3", denying_s3)), tmp_path)
    assert (found.code, "wrong credentials, or no permission" in found.what) == ("PPF553", True)


@pytest.mark.slow
def test_keys_without_permission_are_refused(store, tmp_path, denying_s3, powerless, monkeypatch):
    for name, value in powerless.items():
        monkeypatch.setenv(name, value)
    found = refusal(store(at("s3", denying_s3)), tmp_path)
    assert (found.code, "no permission" in found.what) == ("PPF553", True)


@pytest.mark.slow
def test_keys_that_are_missing_are_told(store, tmp_path, s3_server, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    found = refusal(store(at("s3", s3_server)), tmp_path)
    assert (found.code, "wants credentials" in found.what) == ("PPF553", True)


@pytest.mark.slow
def test_with_a_fallback_objects_are_kept_here_and_the_record_can_say_so(store, tmp_path):
    found = store(at("s3", f"http://127.0.0.1:{free_port()}"), fallback=True)
    assert found.notes == ()
    digest, size = found.add(small(tmp_path))
    assert found.path(digest).read_bytes() == b"content"
    assert found.has(Artifact("file", digest, size))
    assert not found.has(Artifact("file", "0" * 64, size))
    (note,) = found.notes
    assert note.startswith("the object store s3://bucket/prefix cannot be reached")
    assert note.endswith(f"objects were kept in {found.root} alone (PPF555)")


@pytest.mark.slow
def test_a_fallback_is_for_what_cannot_be_reached_alone(store, tmp_path, s3_server):
    found = store(at("s3", s3_server, "nobodys-bucket"), fallback=True)
    assert refusal(found, tmp_path).code == "PPF554"


@pytest.mark.parametrize(
    ("address", "what", "fix"),
    [
        ("s33://bucket/x", "objects cannot be kept at s33://", "did you mean 's3'?"),
        ("s3:///x", "s3:// names no bucket", "write s3://BUCKET/PREFIX"),
        ("s3://bucket/../x", "s3://bucket/../x leads out of its bucket", "without '..'"),
        ("s3://bucket?regoin=eu", "s3:// has no option 'regoin'", "did you mean 'region'?"),
        ("file:///x?region=eu", "file:// has no option 'region'", ""),
        ("s3://AKIAEXAMPLEKEY:very-secret-key-of-ours@bucket/x", "keys do not belong", "environment"),
    ],
)
def test_an_address_that_is_none_is_refused_before_anything_is_asked(tmp_path, address, what, fix):
    with pytest.raises(UsageError) as caught:
        open_objects(address, LocalObjects(tmp_path / ".pipeproof" / "objects"))
    found = caught.value.findings[0]
    assert (found.code, what in found.what, fix in found.fix) == ("PPF550", True, True)
    assert not any(secret in str(caught.value) for secret in SECRETS)


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("S3://bucket/a//b/", "s3://bucket/a/b"),
        ("aws://bucket", "s3://bucket"),
        ("gcs://bucket/./a", "gs://bucket/a"),
        ("GCP://bucket", "gs://bucket"),
        ("mem:", "memory://objects"),
        ("in-memory://tests/x", "memory://tests/x"),
        ("file:///srv/objects/", "file:///srv/objects"),
        ("/srv/../objects", "file:///objects"),
        ("shared/objects", "file://BASE/shared/objects"),
        ("./shared/../objects", "file://BASE/objects"),
        ("file://shared/objects", "file://BASE/shared/objects"),
    ],
)
def test_an_address_may_be_written_in_several_ways(tmp_path, written, means):
    found = open_objects(written, LocalObjects(tmp_path / ".pipeproof" / "objects"))
    assert isinstance(found, RemoteObjects)
    assert str(found.bucket.address) == means.replace("BASE", str(tmp_path.resolve()))


@pytest.mark.parametrize("written", ["local", "Local", "", "local://", "local:", "none"])
def test_the_projects_own_folder_has_names_too(tmp_path, written):
    local = LocalObjects(tmp_path / ".pipeproof" / "objects")
    assert open_objects(written, local) is local


def test_a_package_that_is_missing_is_named(tmp_path):
    program = """
import sys
sys.modules["s3fs"] = None  # what an environment without it looks like
from pathlib import Path
from pipeproof.store.objects import LocalObjects
from pipeproof.store.remote import open_objects
store = open_objects("s3://bucket", LocalObjects(Path(sys.argv[1]) / ".pipeproof" / "objects"))
try:
    store.check()
except Exception as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("PPF551  objects at s3:// need a package that is not installed (s3fs)")
    assert "pip install 'pipeproof[s3]'" in done.stdout


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of 1 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(place)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("a small disk is mounted by root alone")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("move", [True, False], ids=["moved", "copied"])
def test_on_a_full_disk_nothing_half_stands_under_a_name(small_disk, tmp_path, move):
    big = tmp_path / "big"
    big.write_bytes(bytes(2 * 2**20))
    objects = LocalObjects(small_disk / ".pipeproof" / "objects")
    with pytest.raises(StoreError, match="No space left on device") as caught:
        objects.add(big, move=move)
    assert caught.value.findings[0].code == "PPF503"
    assert list(objects.names()) == []
    assert list((objects.root / "incoming").iterdir()) == []
    assert big.stat().st_size == 2 * 2**20


def test_on_a_full_disk_nothing_half_is_fetched(small_disk, tmp_path):
    big = tmp_path / "big"
    big.write_bytes(bytes(2 * 2**20))
    shared = f"file://{tmp_path}/bucket"
    digest, _ = open_objects(shared, LocalObjects(tmp_path / "one" / ".pipeproof" / "objects")).add(big)
    other = open_objects(shared, LocalObjects(small_disk / ".pipeproof" / "objects"))
    assert isinstance(other, RemoteObjects)
    with pytest.raises(StoreError) as caught:
        other.path(digest)
    assert caught.value.findings[0].code == "PPF503"
    assert list(other.local.names()) == []
    assert list((other.root / "incoming").iterdir()) == []


def test_a_disk_that_can_only_be_read_is_told(small_disk, tmp_path):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StoreError, match="Read-only file system") as caught:
        LocalObjects(small_disk / "objects").add(small(tmp_path))
    assert caught.value.findings[0].code == "PPF503"


UPLOAD = """
import sys
from pathlib import Path
from pipeproof.store.objects import LocalObjects
from pipeproof.store.remote import open_objects
store = open_objects(sys.argv[1], LocalObjects(Path(sys.argv[2]) / ".pipeproof" / "objects"))
store.check()
print("now", flush=True)
store.add(Path(sys.argv[3]), move=False)
"""


@pytest.mark.slow
@BOTH
def test_an_upload_that_is_killed_is_never_taken_for_an_object(
    store, tmp_path, scheme, server, standing_between
):
    port, _ = standing_between(server(scheme), 0.02)
    big = tmp_path / "big"
    big.write_bytes(os.urandom(4 * 2**20))  # 64 pieces through the one between take more than a second
    address = at(scheme, f"http://127.0.0.1:{port}")
    command = [sys.executable, "-c", UPLOAD, address, str(tmp_path / "other"), str(big)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as uploading:
        assert uploading.stdout is not None
        assert uploading.stdout.readline() == "now\n"
        time.sleep(0.4)
        uploading.kill()
    direct = store(at(scheme, server(scheme)))
    name = digest_file(big)
    assert uploading.returncode == -signal.SIGKILL
    # The emulator of GCS keeps what has arrived of a body; GCS does not, nor does S3.
    assert direct.bucket.size(name) is None or scheme == "gs"
    assert not direct.has(Artifact("file", name, 4 * 2**20))
    direct.add(big)
    assert direct.bucket.size(name) == 4 * 2**20
