"""The catalogue of finding codes: complete, and its examples really give what they explain."""

import re
from pathlib import Path

import pytest

import pipeproof
from pipeproof.codes import AREAS, CODES
from pipeproof.project import examine

SRC = Path(pipeproof.__file__).parent
RUNNABLE = [code for code in CODES.values() if code.files]


def _used() -> set[str]:
    files = (path for path in SRC.rglob("*.py") if "codes" not in path.relative_to(SRC).parts)
    return {found for path in files for found in re.findall(r"PPF\d{3}", path.read_text("utf-8"))}


def test_every_code_that_the_source_uses_is_explained():
    assert _used() - set(CODES) == set()


def test_every_code_that_is_explained_is_used():
    assert set(CODES) - _used() == set()


@pytest.mark.parametrize("code", CODES.values(), ids=list(CODES))
def test_a_code_says_what_why_an_example_and_what_to_do(code):
    assert code.title
    assert code.why.endswith(".")
    assert code.fix.endswith(".")
    assert code.example or code.files
    assert code.code[3] in AREAS


def test_titles_differ():
    titles = [code.title for code in CODES.values()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("code", RUNNABLE, ids=[code.code for code in RUNNABLE])
def test_the_example_of_a_code_gives_that_code_and_no_other_error(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in code.files.items():
        (tmp_path / name).write_text(text)
    found = examine("pipeline.yaml").findings
    assert code.code in {finding.code for finding in found}
    assert {finding.code for finding in found if finding.severity == "error"} <= {code.code}
