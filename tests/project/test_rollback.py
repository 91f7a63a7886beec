"""Targets go back to what the last run that passed had published; what others changed is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeproof.errors import UsageError
from pipeproof.project import Project
from pipeproof.project.collecting import Keep, collect
from pipeproof.project.execute import plan, run
from pipeproof.project.results import Run
from pipeproof.project.resuming import resume
from pipeproof.project.rolling_back import rollback
from pipeproof.running.publishing import Note, notes, write_note
from pipeproof.store.lock import RunLock

PIPELINE = """\
parameters: {day: {default: "1"}}
targets:
  report: out/report.json
  daily: "out/daily/"
workflow:
  name: sends
%s
  steps:
  - {name: words, type: python, isolation: thread, config: {function: "words.py:words"}}
  - {name: report, type: files, config: {operation: copy, input_name: words, to: report}}
  - {name: daily, type: files, config: {operation: copy, input_name: words, to: "out/daily/{day}.json"}}
  - {name: check, type: python, isolation: thread, depends_on: [report, daily], retry_count: 0, config: {function: "words.py:check"}}
"""
WORDS = """\
from pathlib import Path
HERE = Path(__file__).parent

def words():
    return (HERE / "word").read_text()

def check():
    if (HERE / "broken").exists():
        raise ValueError("not good")
    return True
"""


@pytest.fixture
def sends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sends.yaml").write_text(PIPELINE % "")
    (tmp_path / "words.py").write_text(WORDS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def publish(folder: Path, word: str, day: str = "1", *, broken: bool = False) -> Run:
    """Run the pipeline with a word that it publishes."""
    (folder / "word").write_text(word)
    (folder / "broken").touch() if broken else (folder / "broken").unlink(missing_ok=True)
    done = run("sends.yaml", {"day": day})
    assert bool(done) is not broken
    return done


def report(folder: Path) -> str:
    return (folder / "out" / "report.json").read_text().strip().strip('"')


def published(done: Run) -> dict[str, tuple[bool, bool]]:
    """Return the files that a run published, each with whether something was there before and is after."""
    return {
        file.path: (bool(file.before), bool(file.after))
        for step in done.record.steps.values()
        for file in step.published
    }


def test_the_record_says_what_went_out_and_what_it_replaced(sends: Path) -> None:
    assert published(publish(sends, "one")) == {
        "out/report.json": (False, True),
        "out/daily/1.json": (False, True),
    }
    assert published(publish(sends, "two"))["out/report.json"] == (True, True)


def test_targets_go_back_to_the_last_run_that_passed(sends: Path) -> None:
    first = publish(sends, "one")
    publish(sends, "two", broken=True)
    publish(sends, "three")
    back = rollback("last")
    assert (report(sends), back.to) == ("one", first.name)
    assert Project.at(sends).record("last").notes[-1].startswith("rolled back: out/report.json")


def test_a_run_that_was_rolled_back_is_none_to_go_back_to(sends: Path) -> None:
    publish(sends, "one")
    publish(sends, "two")
    rollback("last")
    publish(sends, "three")
    rollback("last")
    assert report(sends) == "one"


def test_a_named_run_is_gone_back_to(sends: Path) -> None:
    first = publish(sends, "one")
    for word in ("two", "three"):
        publish(sends, word)
    rollback("last", to=first.name)
    assert report(sends) == "one"


def test_what_was_not_there_before_is_removed(sends: Path) -> None:
    publish(sends, "one", day="1")
    publish(sends, "two", day="2")
    back = rollback("last")
    assert [file.name for file in (sends / "out" / "daily").iterdir()] == ["1.json"]
    assert {file.path: bool(file.after) for file in back.files} == {
        "out/report.json": True,
        "out/daily/2.json": False,
    }


def test_without_an_earlier_run_what_was_there_before_comes_back(sends: Path) -> None:
    (sends / "out").mkdir()
    (sends / "out" / "report.json").write_text("by hand")
    (sends / "out" / "report.json").chmod(0o640)
    publish(sends, "one")
    rollback("last")
    assert report(sends) == "by hand"
    assert not (sends / "out" / "daily" / "1.json").exists()


@pytest.mark.parametrize("force", [False, True])
def test_what_was_changed_by_hand_since_is_left_unless_forced(sends: Path, *, force: bool) -> None:
    publish(sends, "one")
    publish(sends, "two")
    (sends / "out" / "report.json").write_text("by hand")
    back = rollback("last", force=force)
    assert report(sends) == ("one" if force else "by hand")
    assert dict(back.left) == ({} if force else {"out/report.json": "somebody changed it since"})
    assert (sends / "out" / "daily" / "1.json").read_text().strip() == '"one"'


def test_what_a_later_run_published_is_left_and_that_run_is_named(sends: Path) -> None:
    publish(sends, "one")
    second = publish(sends, "two")
    third = publish(sends, "three")
    back = rollback(second.name)
    assert report(sends) == "three"
    assert back.left["out/report.json"] == f"{third.name} has published it since"


def test_a_second_rollback_finds_all_as_it_should_be(sends: Path) -> None:
    publish(sends, "one")
    publish(sends, "two")
    rollback("last")
    back = rollback("last")
    assert (back.files, len(back.same), bool(back)) == ((), 2, True)


def test_a_failed_run_takes_its_files_back_by_itself(sends: Path) -> None:
    (sends / "sends.yaml").write_text(PIPELINE % "  on_failure: rollback")
    publish(sends, "one")
    failed = publish(sends, "two", broken=True)
    assert report(sends) == "one"
    assert failed.record.rolled_back
    assert failed.record.notes[-1].startswith("rolled back: out/report.json, out/daily/1.json put back")


def test_without_being_asked_to_a_failed_run_leaves_what_it_has_published(sends: Path) -> None:
    publish(sends, "one")
    assert not publish(sends, "two", broken=True).record.rolled_back
    assert report(sends) == "two"


def test_a_run_that_was_rolled_back_publishes_again_when_it_goes_on(sends: Path) -> None:
    (sends / "sends.yaml").write_text(PIPELINE % "  on_failure: rollback")
    publish(sends, "one")
    publish(sends, "two", broken=True)
    (sends / "broken").unlink()
    assert resume("last")
    assert report(sends) == "two"


def test_objects_that_the_last_passed_run_published_are_kept(sends: Path) -> None:
    publish(sends, "one")
    for word in ("two", "three"):
        publish(sends, word, broken=True)
    collect(Project.at(sends), Keep(last=1), grace=-1.0)
    rollback("last")
    assert report(sends) == "one"


def test_content_that_is_not_kept_any_more_leaves_all_targets_as_they_are(sends: Path) -> None:
    first = publish(sends, "one")
    publish(sends, "two")
    objects = Project.at(sends).objects
    (digest,) = {file.after for step in first.record.steps.values() for file in step.published}
    objects.place(digest).unlink()
    with pytest.raises(UsageError, match="PPF515"):
        rollback("last")
    assert report(sends) == "two"


@pytest.mark.parametrize(
    ("name", "to", "code"),
    [
        ("t-0101-xxxx", "", "PPF504"),
        ("last", "r-0101-xxxx", "PPF513"),
    ],
)
def test_what_cannot_be_rolled_back_is_said(sends: Path, name: str, to: str, code: str) -> None:
    publish(sends, "one")
    with pytest.raises(UsageError, match=code):
        rollback(name, to=to)


def test_a_run_that_published_nothing_has_nothing_to_put_back(sends: Path) -> None:
    (sends / "word").write_text("one")
    assert run("sends.yaml", only=["words"])
    with pytest.raises(UsageError, match="PPF512"):
        rollback("last")


def test_a_run_that_is_under_way_is_not_rolled_back(sends: Path) -> None:
    name = publish(sends, "one").name
    lock = RunLock(sends / ".pipeproof" / "runs" / name)
    lock.acquire()
    with pytest.raises(UsageError, match="PPF506"):
        rollback(name)
    lock.release()


def test_what_a_killed_run_had_published_is_known_from_its_note(sends: Path) -> None:
    publish(sends, "one")
    killed = publish(sends, "two", broken=True)
    project, outbox = Project.at(sends), sends / ".pipeproof" / "targets"
    files = killed.record["report"].published
    # As if it had been killed between the last rename and the ledger: the note alone knows of the file.
    kept = [event for _, event in project.ledger.events(killed.name)]
    project.ledger.remove([killed.name])
    for event in kept:
        if type(event).__name__ in {"RunStarted", "Started"}:
            project.ledger.append(killed.name, [event])
    write_note(outbox / f"{killed.name}~0.json", Note(killed.name, "report", (), files))
    rollback("last")
    assert report(sends) == "one"
    assert list(notes(outbox)) == []


def test_a_copy_is_taken_from_an_earlier_run_while_its_target_holds(sends: Path) -> None:
    publish(sends, "one")
    again = plan("sends.yaml")
    assert {task.name: task.decision for task in again.tasks} == dict.fromkeys(
        ("words", "report", "daily", "check"), "reuse"
    )


@pytest.mark.parametrize("change", ["edited", "removed"])
def test_a_copy_is_done_again_when_its_target_does_not_hold(sends: Path, change: str) -> None:
    first = publish(sends, "one")
    file = sends / "out" / "report.json"
    file.write_text("by hand") if change == "edited" else file.unlink()
    done = run("sends.yaml")
    assert report(sends) == "one"
    assert done.record["report"].status == "passed"
    assert done.record["report"].why == f"its target is not as {first.name} wrote it"
    assert done.record["daily"].status == "reused"


def test_a_copy_is_done_again_when_its_target_is_another_place(sends: Path) -> None:
    publish(sends, "one")
    (sends / "sends.yaml").write_text((PIPELINE % "").replace("out/report.json", "out/other.json"))
    assert run("sends.yaml").record["report"].status == "passed"
    assert (sends / "out" / "other.json").exists()


def test_a_rollback_that_was_killed_between_two_files_is_finished_by_the_next(sends: Path) -> None:
    publish(sends, "one")
    second = publish(sends, "two")
    outbox, beside = sends / ".pipeproof" / "targets", sends / "out" / ".half.tmp"
    (sends / "out" / "report.json").write_bytes(
        (sends / "out" / "report.json").read_bytes().replace(b"two", b"one")
    )
    beside.write_text("ha")
    write_note(outbox / f"{second.name}~rollback.json", Note(second.name, "", (str(beside),), ()))
    back = rollback("last")
    assert [file.path for file in back.files] == ["out/daily/1.json"]
    assert back.same == ("out/report.json",)
    assert list(notes(outbox)) == []
    assert not beside.exists()


def test_what_a_killed_run_had_replaced_is_not_cleared_away(sends: Path) -> None:
    (sends / "out").mkdir()
    (sends / "out" / "report.json").write_text("by hand")
    killed = publish(sends, "one", broken=True)
    project, outbox = Project.at(sends), sends / ".pipeproof" / "targets"
    files = killed.record["report"].published
    kept = [event for _, event in project.ledger.events(killed.name)]
    project.ledger.remove([killed.name])
    project.ledger.append(killed.name, kept[:1])  # it was killed before the end of a step was recorded
    write_note(outbox / f"{killed.name}~0.json", Note(killed.name, "report", (), files))
    collect(project, Keep(last=1), grace=-1.0)
    rollback("last")
    assert report(sends) == "by hand"
