"""Logs and messages of steps that read personal data are masked; those of other steps are not."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pipeproof as pp
from pipeproof.running.logs import LogFile
from pipeproof.running.redact import Redactor

CODE = """
def main(input_paths, output_paths, environ_vars, job_args):
    row = open(input_paths["people"]).read().splitlines()[1]
    print("read", row, flush=True)
    raise ValueError(row)
"""
PIPELINE = """
sources: {{people: {{path: people.csv{contract}}}}}
workflow:
  name: mail
  steps:
    - name: pick
      type: sql
      config: {{query_template: SELECT * FROM people, output_name: picked}}
    - name: send
      type: script
      config: {{script: send.py, inputs: {{people: picked}}}}
      contract: {{inputs: {{people: {{format: csv, path: people.csv}}}}}}
"""


def _run(folder, header, row, contract=""):
    (folder / "people.csv").write_text(f"{header}\n{row}\n")
    (folder / "send.py").write_text(CODE)
    (folder / "pipeline.yaml").write_text(PIPELINE.format(contract=contract))
    return pp.run(folder / "pipeline.yaml")["send"]


def _said(step) -> str:
    return f"{step.log}\n{step.record.failure.message}\n{step.record.failure.traceback}"


@pytest.mark.parametrize("header", ["email", "x"])
def test_what_came_in_through_a_source_is_masked_further_on(tmp_path, header):
    step = _run(tmp_path, header, "zoe@firm.de")
    assert "zoe@firm.de" not in _said(step)
    assert "read z…@…" in step.log


def test_columns_keep_their_kind_by_name(tmp_path):
    step = _run(tmp_path, "x,y", "zoe@firm.de,5")
    assert step.record.failure.message == "z…@…,5"


def test_data_without_persons_are_shown_as_they_are(tmp_path):
    step = _run(tmp_path, "order", "A-5")
    assert "read A-5" in step.log


def test_a_contract_unmasks_on_purpose(tmp_path):
    contract = ", contract: {columns: {email: {type: string, privacy: none}}}"
    assert "read zoe@firm.de" in _run(tmp_path, "email", "zoe@firm.de", contract).log


@given(st.lists(st.integers(0, 60), max_size=5))
def test_an_address_that_comes_in_pieces_is_masked(tmp_path_factory, cuts):
    text = b"first line\nwrite to zoe.keller@example.org, card 4111 1111 1111 1111\nlast"
    path = tmp_path_factory.mktemp("log") / "log"
    log = LogFile(path, personal=True)
    places = [0, *sorted(cuts), len(text)]
    for start, end in pairwise(places):
        log.write(text[start:end])
    log.close()
    assert path.read_bytes() == "first line\nwrite to z…@…, card #### #### #### ####\nlast".encode()


def test_a_line_without_an_end_is_not_held_for_ever():
    assert Redactor((), personal=True).settled(b"x" * 100_000) == 100_000


def test_bytes_that_are_no_text_stay_as_they_are():
    data = b"\xff\xfe zoe@example.org \xff"
    assert Redactor((), personal=True).mask_bytes(data) == b"\xff\xfe z\xe2\x80\xa6@\xe2\x80\xa6 \xff"
