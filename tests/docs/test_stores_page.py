"""The Python that the page on stores shows does what its comments say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "stores.md"
COMMENTED = re.compile(r"(?P<call>.+?)\s+# (?P<value>True|None|\d+$|b\"[^\"]*\"|\{.*\})")


def test_what_the_page_shows_of_state_and_leases_is_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    published: list[int] = []

    def publish(token: int) -> None:
        published.append(token)

    names = {"publish": publish}
    of_state, of_leases = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    said = {line: COMMENTED.match(line) for line in of_state.splitlines()}
    for line, match in said.items():
        if match is None:
            exec(line, names)
        else:
            assert eval(match["call"], names) == eval(match["value"]), line
    exec(of_leases, names)
    names["state"].close()
    assert len([match for match in said.values() if match]) == 4
    assert len(published) == 1


@pytest.mark.parametrize("name", ["memory", "local", "redis", "firestore"])
def test_each_store_has_a_row(name):
    assert f"| `{name}" in PAGE.read_text()
