"""Content under its own digest."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.errors import StoreError
from pipeproof.model.artifact import Artifact
from pipeproof.store.objects import LocalObjects

names = st.text(
    st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=8
)
names = names.filter(lambda name: name not in {".", ".."} and len(name.encode()) < 200)
trees = st.recursive(
    st.tuples(st.binary(max_size=50), st.booleans()),
    lambda inner: st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
).filter(lambda tree: isinstance(tree, dict))
Tree = dict[str, "Tree"] | tuple[bytes, bool]


def write(tree: Tree, path: Path, *, backwards: bool = False) -> None:
    if isinstance(tree, tuple):
        path.write_bytes(tree[0])
        path.chmod(0o755 if tree[1] else 0o644)
        return
    path.mkdir()
    for name in sorted(tree, reverse=backwards):
        write(tree[name], path / name, backwards=backwards)


def read(path: Path) -> Tree:
    if path.is_dir():
        return {item.name: read(item) for item in path.iterdir()}
    return path.read_bytes(), bool(path.stat().st_mode & 0o100)


@pytest.fixture
def objects(tmp_path: Path) -> LocalObjects:
    return LocalObjects(tmp_path / "objects")


@given(trees)
def test_a_folder_comes_back_as_it_was(tree):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        objects = LocalObjects(folder / "objects", durable=False)  # the disk would take most of the time
        write(tree, folder / "in")
        digest, _ = objects.add(folder / "in", move=False)
        assert read(folder / "in") == tree
        objects.lay_out(digest, folder / "out")
        assert read(folder / "out") == tree


@given(trees, trees)
def test_folders_are_named_alike_when_they_are_alike(one, other):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        objects = LocalObjects(folder / "objects", durable=False)  # the disk would take most of the time
        write(one, folder / "one")
        write(other, folder / "other")
        write(one, folder / "again", backwards=True)
        digest, size = objects.add(folder / "one")
        assert objects.add(folder / "again") == (digest, size)
        assert (objects.add(folder / "other")[0] == digest) == (one == other)


@given(st.binary(max_size=1000))
def test_a_file_is_named_by_its_content(content):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        objects = LocalObjects(folder / "objects", durable=False)  # the disk would take most of the time
        for place in ("one", "other"):
            (folder / place).write_bytes(content)
            digest, size = objects.add(folder / place)
            assert not (folder / place).exists()
            assert digest == hashlib.sha256(content).hexdigest()
            assert size == len(content)
        assert objects.path(digest).read_bytes() == content
        assert not list((folder / "objects" / "incoming").iterdir())


def test_an_object_cannot_be_changed_through_what_was_laid_out(objects, tmp_path):
    (tmp_path / "in").write_text("as it was")
    digest, _ = objects.add(tmp_path / "in")
    objects.lay_out(digest, tmp_path / "out")
    (tmp_path / "out").write_text("changed")
    assert objects.path(digest).read_text() == "as it was"
    assert objects.path(digest).stat().st_mode & 0o777 == 0o400
    assert objects.path(digest).stat().st_nlink == 1


def test_the_time_of_a_file_is_no_part_of_its_name(objects, tmp_path):
    for name, moment in (("one", 1), ("other", 10**9)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
        os.utime(tmp_path / name / "file", (moment, moment))
    assert objects.add(tmp_path / "one") == objects.add(tmp_path / "other")


def test_links_that_stay_inside_are_kept_as_links(objects, tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "file").write_text("x")
    (tmp_path / "in" / "deep" / "link").symlink_to("../file")
    (tmp_path / "in" / "folder").symlink_to("deep")
    digest, size = objects.add(tmp_path / "in")
    objects.lay_out(digest, tmp_path / "out")
    assert size == 1
    assert str((tmp_path / "out" / "deep" / "link").readlink()) == "../file"
    assert (tmp_path / "out" / "folder" / "link").read_text() == "x"


@pytest.mark.parametrize("leads_to", ["../outside", "/etc/hostname", "deep/../../outside"])
def test_links_that_leave_the_folder_are_refused(objects, tmp_path, leads_to):
    (tmp_path / "outside").write_text("secret")
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "link").symlink_to(leads_to)
    with pytest.raises(StoreError, match="link that leaves") as caught:
        objects.add(tmp_path / "in")
    assert caught.value.findings[0].code == "PPF503"


def test_what_is_no_file_is_refused(objects, tmp_path):
    (tmp_path / "in").mkdir()
    os.mkfifo(tmp_path / "in" / "pipe")
    with pytest.raises(StoreError, match="no file and no folder"):
        objects.add(tmp_path / "in")


def test_names_that_are_no_text_come_back(objects, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / os.fsdecode(b"\xff\xfe")).write_text("x")
    digest, _ = objects.add(tmp_path / "in")
    objects.lay_out(digest, tmp_path / "out")
    assert [os.fsencode(file.name) for file in (tmp_path / "out").iterdir()] == [b"\xff\xfe"]


def test_a_store_that_cannot_be_written_to_is_a_clear_error(tmp_path):
    (tmp_path / "objects").touch()
    (tmp_path / "in").write_text("x")
    with pytest.raises(StoreError, match="cannot be kept") as caught:
        LocalObjects(tmp_path / "objects").add(tmp_path / "in")
    assert caught.value.findings[0].code == "PPF503"


def test_an_object_that_is_gone_is_a_clear_error(objects, tmp_path):
    with pytest.raises(StoreError, match="not in"):
        objects.lay_out("0" * 64, tmp_path / "out")


@pytest.mark.parametrize("bad", [b"", b"as it", b"AS IT WAS"])
def test_an_object_that_was_damaged_is_replaced_when_its_content_is_made_again(objects, tmp_path, bad):
    (tmp_path / "in").write_bytes(b"as it was")
    digest, _ = objects.add(tmp_path / "in")
    objects.path(digest).chmod(0o644)
    objects.path(digest).write_bytes(bad)
    (tmp_path / "in").write_bytes(b"as it was")
    assert objects.add(tmp_path / "in")[0] == digest
    assert objects.path(digest).read_bytes() == b"as it was"


def test_a_large_object_that_was_cut_short_is_replaced_too(objects, tmp_path):
    (tmp_path / "in").write_bytes(bytes(2 * 2**20))
    digest, _ = objects.add(tmp_path / "in", move=False)
    objects.path(digest).chmod(0o644)
    os.truncate(objects.path(digest), 5)
    objects.add(tmp_path / "in")
    assert objects.path(digest).stat().st_size == 2 * 2**20


def test_the_listing_of_a_folder_that_was_cut_short_is_replaced(objects, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "file").write_text("x")
    digest, _ = objects.add(tmp_path / "in", move=False)
    listing = objects.path(digest + ".folder")
    listing.chmod(0o644)
    listing.write_text("")
    objects.add(tmp_path / "in")
    objects.lay_out(digest, tmp_path / "out")
    assert (tmp_path / "out" / "file").read_text() == "x"


@pytest.mark.parametrize("way", ["link", "hard link", "folder above", "folder"])
def test_what_lies_outside_is_neither_moved_nor_made_read_only(objects, tmp_path, way):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("mine")
    output = tmp_path / "output"
    if way == "link":
        output.symlink_to(outside / "file")
    elif way == "hard link":
        output.hardlink_to(outside / "file")
    else:
        output.symlink_to(outside)
    path = output / "file" if way == "folder above" else output
    digest, _ = objects.add(path, move=True)
    objects.lay_out(digest, tmp_path / "out")
    out = tmp_path / "out" / "file" if way == "folder" else tmp_path / "out"
    assert out.read_text() == "mine"
    (outside / "file").write_text("still mine")
    assert (outside / "file").stat().st_mode & 0o200
    assert out.read_text() == "mine"
    if way != "folder":
        assert objects.path(digest).read_text() == "mine"
        assert not objects.path(digest).is_symlink()


def test_a_pipe_as_an_output_is_refused_and_not_waited_for(objects, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StoreError, match="no file and no folder") as caught:
        objects.add(tmp_path / "pipe")
    assert caught.value.findings[0].code == "PPF503"


def test_an_object_that_must_last_is_on_the_disk_before_it_has_its_name(tmp_path):
    """strace tells in which order the kernel was asked; nothing else sees a file before power is lost."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    program = "from pathlib import Path; import sys; from pipeproof.store.objects import LocalObjects as L; L(Path(sys.argv[1]) / 'objects', durable=sys.argv[3] == 'yes').add(Path(sys.argv[2]))"
    said = {}
    for durable in ("yes", "no"):
        (tmp_path / "in").write_text(durable)
        command = [sys.executable, "-c", program, str(tmp_path), str(tmp_path / "in"), durable]
        traced = [
            "strace",
            "-f",
            "-e",
            "trace=fdatasync,fsync,rename",
            "-o",
            str(tmp_path / "calls"),
            *command,
        ]
        if subprocess.run(traced, capture_output=True, check=False).returncode:
            pytest.skip("strace may not trace here")
        lines = (tmp_path / "calls").read_text()
        said[durable] = re.findall(r"(fdatasync|fsync|rename)\(", lines)
    assert said["no"] == ["rename", "rename"]  # out of the step's folder, then to its name
    assert said["yes"][0] == "rename"
    assert said["yes"][-1] == "rename"
    assert "fdatasync" in said["yes"][1:-1]


def test_one_that_need_not_last_is_on_the_disk_when_one_that_must_finds_it(tmp_path):
    quick = LocalObjects(tmp_path / "objects").apart
    (tmp_path / "in").write_text("x")
    digest, _ = quick.add(tmp_path / "in", move=False)
    assert LocalObjects(tmp_path / "objects").add(tmp_path / "in")[0] == digest
    assert list(quick.names()) == [digest]


def damage(objects: LocalObjects, content: bytes) -> None:
    place = objects.place(hashlib.sha256(content).hexdigest())
    place.chmod(0o600)
    place.write_bytes(bytes([content[0] ^ 255]) + content[1:])


def keep(objects: LocalObjects, content: bytes | dict[str, bytes], folder: Path) -> Artifact:
    path = folder / "made"
    if isinstance(content, bytes):
        path.write_bytes(content)
        return Artifact("file", *objects.add(path))
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    for name, body in content.items():
        (path / name).write_bytes(body)
    return Artifact("folder", *objects.add(path))


@pytest.mark.parametrize("content", [b"abc", {"one": b"abc", "two": b"abc"}])
def test_an_object_of_another_size_is_not_there(objects, tmp_path, content):
    artifact = keep(objects, content, tmp_path)
    assert objects.has(artifact)
    place = objects.place(hashlib.sha256(b"abc").hexdigest())
    place.chmod(0o600)
    os.truncate(place, 2)
    assert not objects.has(artifact)


@pytest.mark.parametrize("content", [b"abc", {"one": b"abc", "two": b"def"}])
def test_a_damaged_object_is_refused_and_set_aside_until_it_is_made_again(objects, tmp_path, content):
    artifact = keep(objects, content, tmp_path)
    damage(objects, b"abc")
    other = LocalObjects(objects.root)  # as another process sees it
    with pytest.raises(StoreError, match="PPF517"):
        other.refuse_damaged(artifact)
    assert not other.has(artifact)
    keep(other, content, tmp_path)
    assert other.has(artifact)
    other.refuse_damaged(artifact, thorough=True)


def test_a_large_object_is_hashed_when_somebody_is_thorough(objects, tmp_path):
    content = bytes(2**20 + 1)
    artifact = keep(objects, content, tmp_path)
    damage(objects, content)
    LocalObjects(objects.root).refuse_damaged(artifact)
    with pytest.raises(StoreError, match="PPF517"):
        objects.refuse_damaged(artifact, thorough=True)
