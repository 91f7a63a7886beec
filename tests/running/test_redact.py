"""Secrets reach nothing that a run writes down; the data that steps hand on are not touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pipeproof as pp
from pipeproof.errors import Finding
from pipeproof.model.artifact import Artifact
from pipeproof.model.outcome import Failure, Frame, Metric, Outcome, Seen
from pipeproof.model.reuse import barrier_of
from pipeproof.running.logs import LogFile
from pipeproof.running.redact import Redactor

SECRET = "hunter2'quoted'\nhunter2"
CODE = """
import os, sys
def main(input_paths, output_paths, environ_vars, job_args, logger):
    secret = os.environ["KEY"]
    if "RAISES" in os.environ:
        raise {"plain": RuntimeError(secret), "repr": KeyError(secret)}[os.environ["RAISES"]]
    open(output_paths["x"], "w").write(secret)
    return {secret: 1}
"""


def _run(tmp_path: Path, variables: str) -> pp.Run:
    (tmp_path / "tell.py").write_text(CODE)
    (tmp_path / "p.yaml").write_text(
        "workflow: {name: p, steps: [{name: tell, type: script, "
        f"env: {{KEY: '${{secret:MY_KEY}}'{variables}}}, "
        "config: {script: tell.py, outputs: {x: x}}}]}"
    )
    return pp.run(tmp_path / "p.yaml")


@pytest.mark.parametrize("how", ["plain", "repr"])
def test_a_secret_in_an_exception_reaches_neither_the_record_nor_the_ledger(tmp_path, monkeypatch, how):
    monkeypatch.setenv("MY_KEY", SECRET)
    done = _run(tmp_path, f", RAISES: {how}")
    assert "***" in done.record["tell"].failure.message
    assert "hunter2" not in str(done.record)
    for file in (tmp_path / ".pipeproof").rglob("*"):
        assert file.is_dir() or b"hunter2" not in file.read_bytes(), file


def test_a_variable_with_a_telling_name_is_masked_too(tmp_path, monkeypatch):
    monkeypatch.setenv("MY_PASSWORD", "correct horse")

    @pp.step(retry=pp.Retry(0))
    def fail():
        raise ValueError("correct horse")

    done = pp.run(pp.Pipeline("p", steps=[fail], root=str(tmp_path)))
    assert done.record["fail"].failure.message == "***"
    assert "correct horse" not in done.record["fail"].failure.traceback


def test_names_of_metrics_are_masked_and_files_stay_as_they_are(tmp_path, monkeypatch):
    monkeypatch.setenv("MY_KEY", "hunter2hunter2")
    done = _run(tmp_path, "")
    assert [metric.name for metric in done.record["tell"].metrics] == ["***"]
    assert done["tell"].outputs["x"].save(tmp_path / "x").read_text() == "hunter2hunter2"


def test_all_that_an_outcome_says_is_masked_and_its_values_are_not():
    outcome = Outcome(
        "a",
        1,
        outputs={"a": Artifact("value", "d", value="secret")},
        metrics=(Metric("m.secret", 1.0),),
        params={"secret": "my secret", "n": 3},
        findings=(Finding("PPF301", "secret", column="secret", evidence="a secret", fix="secret"),),
        failure=Failure(
            "exception",
            "PPF201",
            "E",
            "the secret",
            (Frame("a.py", 1, "f", "x = 'secret'"),),
            traceback="secret",
        ),
        notes=("secret",),
    )
    said = Redactor(["secret"]).redact(outcome)
    assert said.outputs["a"].value == "secret"
    assert "secret" not in str(Outcome("a", 1, **{name: getattr(said, name) for name in SAID}))
    assert said.params == {"***": "my ***", "n": 3}


SAID = ("metrics", "params", "findings", "failure", "notes")


def test_nothing_is_rebuilt_where_nothing_was_said():
    outcome = Outcome("a", 1, outputs={"a": Artifact("value", "d", value="secret")})
    assert Redactor(["secret"]).redact(outcome) is outcome


@given(
    st.lists(st.text("ab'\n", min_size=1, max_size=4), max_size=3), st.text("ab'\n", max_size=30), st.data()
)
def test_a_log_masks_what_comes_in_pieces_as_if_it_came_at_once(tmp_path_factory, secrets, text, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    folder = tmp_path_factory.mktemp("logs")
    log = LogFile(folder / "log", secrets)
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        log.write(text[start:end].encode())
    log.close()
    written = (folder / "log").read_text() if text else ""
    assert not any(secret in written for secret in secrets)


def test_a_path_with_a_secret_is_kept_masked_and_its_result_is_not_taken_again():
    other = Seen("file", "data/orders.csv", "1")
    seen = (
        Redactor([SECRET])
        .redact(Outcome("a", 1, seen=(Seen("presence", f"out/{SECRET}.csv", "2"), other)))
        .seen
    )
    assert seen == (Seen("unseen", "out/***.csv", "never"), other)
    assert barrier_of(seen) == "it used out/***.csv, which cannot be followed"
