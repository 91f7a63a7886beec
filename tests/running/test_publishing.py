"""Files that go out to targets: all or none, under locks, and good again after a kill at any point."""

from __future__ import annotations

import hashlib
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from pipeproof.errors import ContractError, StoreError
from pipeproof.model.artifact import Artifact
from pipeproof.model.outcome import Published
from pipeproof.running.publishing import (
    Note,
    Staged,
    clear_temporaries,
    locked,
    notes,
    publish,
    read_note,
    still_holds,
    write_note,
)
from pipeproof.store.objects import LocalObjects

ABOUT = ("r-1", "send")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def staged(to: Path, text: str) -> Staged:
    """Bring a file beside its place."""
    to.parent.mkdir(exist_ok=True)
    temporary = to.with_name(f".{to.name}.tmp")
    temporary.write_text(text)
    return Staged(temporary, to, digest(text), len(text))


def send(
    root: Path, files: dict[str, str], *, overwrite: bool = True, note: str = "r-1~0.json"
) -> tuple[Published, ...]:
    """Publish files, by name below the target."""
    outbox = root / "state" / "targets"
    items = [staged(root / "out" / name, text) for name, text in files.items()]
    return publish(
        items,
        LocalObjects(root / "state" / "objects"),
        root=root,
        outbox=outbox,
        note=outbox / note,
        about=ABOUT,
        overwrite=overwrite,
    )


def contents(root: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted((root / "out").iterdir())}


def test_what_went_out_and_what_it_replaced_are_said_and_kept(tmp_path: Path) -> None:
    send(tmp_path, {"a": "old"})
    (said,) = send(tmp_path, {"a": "new"}, note="r-2~0.json")
    assert said == Published("out/a", digest("new"), digest("old"))
    objects = LocalObjects(tmp_path / "state" / "objects")
    assert [objects.has(Artifact("file", one, 3)) for one in (said.before, said.after)] == [True, True]


def test_when_one_file_cannot_take_its_place_the_others_are_put_back(tmp_path: Path) -> None:
    send(tmp_path, {"a": "old a", "b": "old b"})
    outbox = tmp_path / "state" / "targets"
    items = [staged(tmp_path / "out" / name, f"new {name}") for name in ("a", "b", "c")]
    away = Path("/dev/shm") / f"{tmp_path.name}-{os.getpid()}"
    if not away.parent.is_dir() or away.parent.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system here, to which no file can be renamed")
    away.write_text("new c")
    items[2].temporary.unlink()
    items[2] = replace(items[2], temporary=away)
    kept = LocalObjects(tmp_path / "state" / "objects")
    with pytest.raises(ContractError, match="PPF213"):
        publish(items, kept, root=tmp_path, outbox=outbox, note=outbox / "r-2~0.json", about=ABOUT)
    away.unlink()
    assert contents(tmp_path) == {"a": "old a", "b": "old b"}
    assert read_note(outbox / "r-2~0.json") == Note(*ABOUT, tuple(str(item.temporary) for item in items))


def test_a_folder_where_a_file_should_be_is_said_before_anything_is_touched(tmp_path: Path) -> None:
    send(tmp_path, {"a": "old"})
    (tmp_path / "out" / "b").mkdir()
    with pytest.raises(ContractError, match="PPF213"):
        send(tmp_path, {"a": "new", "b": "new"}, note="r-2~0.json")
    assert (tmp_path / "out" / "a").read_text() == "old"


def test_after_a_kill_behind_the_rename_what_was_there_before_is_still_known(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").write_text("by hand")
    send(tmp_path, {"a": "new"})  # and then the process is killed: nobody hears of it
    (said,) = send(tmp_path, {"a": "new"})
    assert said.before == digest("by hand")


def test_after_such_a_kill_our_own_file_is_no_obstacle_although_nothing_may_be_replaced(
    tmp_path: Path,
) -> None:
    send(tmp_path, {"a": "new"}, overwrite=False)
    assert send(tmp_path, {"a": "new"}, overwrite=False)[0].before == ""
    with pytest.raises(ContractError, match="PPF212"):
        send(tmp_path, {"a": "other"}, overwrite=False, note="r-2~0.json")


def test_what_may_not_be_replaced_stays_with_all_beside_it(tmp_path: Path) -> None:
    send(tmp_path, {"b": "old"})
    with pytest.raises(ContractError, match="PPF212"):
        send(tmp_path, {"a": "new", "b": "new"}, overwrite=False, note="r-2~0.json")
    assert "a" not in contents(tmp_path)


def test_temporary_files_of_dead_runs_go_and_those_of_living_ones_stay(tmp_path: Path) -> None:
    outbox = tmp_path / "targets"
    for run in ("r-dead", "r-alive"):
        (tmp_path / run).write_text("half")
        write_note(outbox / f"{run}~0.json", Note(run, "send", (str(tmp_path / run),)))
    clear_temporaries(outbox, lambda run: run == "r-alive")
    assert [(tmp_path / run).exists() for run in ("r-dead", "r-alive")] == [False, True]
    assert [note.run for _, note in notes(outbox)] == ["r-alive"]


def test_a_note_of_what_was_replaced_outlives_the_temporary_files(tmp_path: Path) -> None:
    files = (Published("out/a", "1" * 64, "2" * 64),)
    write_note(tmp_path / "r-1~0.json", Note("r-1", "send", ("/no/such/file",), files))
    clear_temporaries(tmp_path, lambda _run: False)
    note = read_note(tmp_path / "r-1~0.json")
    assert note is not None
    assert note.files == files


def test_places_are_written_by_one_at_a_time(tmp_path: Path) -> None:
    places = [tmp_path / "a", tmp_path / "b"]
    inside, most = 0, 0
    counting = threading.Lock()

    def work(order: list[Path]) -> None:
        nonlocal inside, most
        for _ in range(20):
            with locked(tmp_path, order):
                with counting:
                    inside += 1
                    most = max(most, inside)
                with counting:
                    inside -= 1

    threads = [threading.Thread(target=work, args=(order,)) for order in (places, places[::-1]) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


@pytest.mark.parametrize(("now", "holds"), [("same", True), ("other", False), (None, False)])
def test_a_target_holds_while_every_file_is_as_it_was_written(
    tmp_path: Path, now: str | None, *, holds: bool
) -> None:
    if now is not None:
        (tmp_path / "a").write_text(now)
    assert still_holds([Published("a", digest("same"))], tmp_path) is holds


def test_nothing_that_was_published_is_nothing_that_could_hold(tmp_path: Path) -> None:
    assert not still_holds([], tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_outbox_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o500)
    with pytest.raises(StoreError, match="PPF510"):
        send(tmp_path, {"a": "new"})


def test_an_outbox_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "targets").write_text("")
    with pytest.raises(StoreError, match="PPF510"):
        send(tmp_path, {"a": "new"})
