"""`pipeproof contract diff`: versions in files and in git, for whom it fails, and what it prints."""

import subprocess

import pytest

import pipeproof.data as ppd

OLD = """\
columns:
  id: integer
  status: {type: string, categories: [new, paid]}
"""
NEW = """\
columns:
  id: integer
  status: {type: string, categories: [new, paid, sent]}
  note: string?
"""
STEP = "inputs: {raw: {columns: {id: integer}}}\noutputs: {clean: {columns: {id: integer}}}\n"


@pytest.fixture(autouse=True)
def orders(tmp_path, monkeypatch):
    """Return a folder with two versions of a contract, which is the current one."""
    (tmp_path / "old.yaml").write_text(OLD)
    (tmp_path / "new.yaml").write_text(NEW)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_breaks_is_said_with_a_row_and_the_version(pipeproof):
    said = pipeproof("contract", "diff", "old.yaml", "new.yaml")
    assert said.code == 1
    assert said.out.splitlines() == [
        "old.yaml → new.yaml · 2 changes",
        "  ✗ column 'status': new category \"sent\"",
        '      consumers break: {status: "sent", ...} was refused, and may come now',
        "  ✗ column 'note' is new",
        "      producers break: they were not asked for it",
        "breaks consumers (1 change) and producers (1 change) · version: major",
    ]


@pytest.mark.parametrize(("party", "code"), [("consumers", 0), ("producers", 1), ("both", 1)])
def test_only_those_who_are_asked_for_decide_the_exit_code(pipeproof, orders, party, code):
    (orders / "new.yaml").write_text(OLD + "  note: string?\n")
    assert pipeproof("contract", "diff", "old.yaml", "new.yaml", "--for", party).code == code


def test_the_document_says_what_breaks_whom(pipeproof):
    document = pipeproof("contract", "diff", "old.yaml", "new.yaml", "--format", "json").json
    assert document["schema"] == "pipeproof.contract-diff/1"
    assert document["breaks"] == {"consumers": True, "producers": True}
    assert document["changes"][0]["consumers"]["rows"] == [{"id": 0, "status": "sent"}]


def test_two_versions_that_are_alike_pass(pipeproof):
    said = pipeproof("contract", "diff", "old.yaml", "old.yaml")
    assert (said.code, said.out.splitlines()[-1]) == (0, "nothing changed")


def git(*words):
    subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@b.org", *words], check=True, capture_output=True
    )


def test_a_version_can_be_one_that_was_committed(pipeproof, orders):
    git("init", "-q")
    git("add", "old.yaml")
    git("commit", "-qm", "first")
    (orders / "old.yaml").write_text(NEW)
    said = pipeproof("contract", "diff", "HEAD:old.yaml", "old.yaml")
    assert "HEAD:old.yaml → old.yaml · 2 changes" in said.out


@pytest.mark.parametrize("name", ["HEAD:old.yaml", "-x:old.yaml", "HEAD:../../old.yaml"])
def test_a_revision_that_is_not_there_is_said(pipeproof, name):
    said = pipeproof("contract", "diff", "--", name, "new.yaml")
    assert said.code == 2
    assert "PPF357" in said.err


def test_what_is_wrong_in_a_committed_file_is_placed_there(pipeproof, orders):
    git("init", "-q")
    (orders / "bad.yaml").write_text("columns: {x: {type: nothing}}\n")
    git("add", "bad.yaml")
    git("commit", "-qm", "first")
    said = pipeproof("contract", "diff", "HEAD:bad.yaml", "new.yaml")
    assert (said.code, "HEAD:bad.yaml:1" in said.err) == (2, True)


def test_tables_are_compared_by_their_names(orders):
    (orders / "two.yaml").write_text("tables:\n  a: {columns: {x: integer}}\n  b: {columns: {x: integer}}\n")
    (orders / "three.yaml").write_text("tables:\n  a: {columns: {x: number}}\n  c: {columns: {x: integer}}\n")
    changes = ppd.diff("two.yaml", "three.yaml").changes
    assert [change.what for change in changes] == [
        "column 'x': integer → number",
        "table 'b' is removed",
        "table 'c' is new",
    ]
    assert len(ppd.diff("two.yaml", "three.yaml", dataset="a").changes) == 1


def test_a_step_is_compared_with_its_inputs_and_outputs(orders):
    (orders / "step.yaml").write_text(STEP)
    (orders / "later.yaml").write_text(
        STEP.replace("clean: {columns: {id: integer}}", "clean: {columns: {id: number}}")
    )
    [change] = ppd.diff("step.yaml", "later.yaml").changes
    assert (change.dataset, change.what) == ("clean", "column 'id': integer → number")


@pytest.mark.parametrize("words", [("step.yaml", "two.yaml"), ("two.yaml", "two.yaml", "--dataset", "z")])
def test_contracts_without_a_table_in_common_are_not_compared(pipeproof, orders, words):
    (orders / "two.yaml").write_text("tables:\n  a: {columns: {x: integer}}\n  b: {columns: {x: integer}}\n")
    (orders / "step.yaml").write_text(STEP)
    said = pipeproof("contract", "diff", *words)
    assert (said.code, "PPF358" in said.err) == (2, True)
