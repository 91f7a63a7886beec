"""The documents that Pipeproof writes say what they are, all in one way."""

import re
from pathlib import Path

import pipeproof

SRC = Path(pipeproof.__file__).parent


def test_the_schema_of_a_document_is_its_words_with_hyphens_and_a_version():
    texts = "".join(path.read_text("utf-8") for path in SRC.rglob("*.py"))
    ids = set(re.findall(r'"(pipeproof\.[^"\s]*/\d+)"', texts))
    assert len(ids) > 20
    assert {one for one in ids if not re.fullmatch(r"pipeproof\.[a-z]+(-[a-z]+)*/1", one)} == set()
