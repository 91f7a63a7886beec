"""YAML text to nodes: YAML 1.2 scalars, places, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.errors import ConfigError, Finding
from pipeproof.loading.node import Node
from pipeproof.loading.text import parse, read, resolve


def refused(text: str) -> Finding:
    with pytest.raises(ConfigError) as caught:
        parse(text, "f.yaml")
    return caught.value.findings[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("2013-07-03", "2013-07-03"),
        ("12:30:00", "12:30:00"),
        ("1_000", "1_000"),
        ("0o17", 15),
        ("0x1F", 31),
        ("007", 7),
        ("-3", -3),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-.inf", -math.inf),
        ("~", None),
        ("", None),
        ("TRUE", True),
        ("False", False),
        ("1e999", "1e999"),
        ("9" * 500, "9" * 500),
        ("=", "="),
    ],
)
def test_a_plain_scalar_is_what_yaml_1_2_says(text: str, value: object) -> None:
    assert parse(f"a: {text}\n", "f.yaml").plain == {"a": value}


def test_not_a_number_is_a_float() -> None:
    assert math.isnan(resolve(".nan"))


@pytest.mark.parametrize("text", ['"5"', "'5'", "!!str 5"])
def test_a_quoted_or_tagged_scalar_stays_text(text: str) -> None:
    assert parse(f"a: {text}\n", "f.yaml").plain == {"a": "5"}


@given(
    st.dictionaries(st.text(min_size=1), st.integers() | st.booleans() | st.text() | st.none(), min_size=1)
)
def test_what_a_yaml_writer_writes_is_read_back(data: dict[str, object]) -> None:
    text = yaml.safe_dump(data, default_style='"', allow_unicode=False)
    assert parse(text, "f.yaml").plain.keys() == data.keys()


@given(st.recursive(st.integers(), lambda inner: st.lists(inner, max_size=4), max_leaves=20))
def test_nested_lists_are_read_as_they_are_written(data: object) -> None:
    assert parse(yaml.safe_dump({"a": data}), "f.yaml").plain == {"a": data}


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_finding(text: str) -> None:
    def attempt() -> tuple[Finding, ...]:
        try:
            parse(text, "f.yaml")
        except ConfigError as error:
            return error.findings
        return ()

    assert all(finding.where is not None and finding.fix for finding in attempt())


def test_each_value_and_key_knows_its_place() -> None:
    node = parse("a:\n  b: [1, x]\n", "f.yaml")
    assert str(node.locate(("a", "b", 1))) == "f.yaml:2:10"
    assert str(node.locate_key(("a", "b"))) == "f.yaml:2:3"


def test_a_mapping_is_shown_at_its_key_and_a_value_at_itself() -> None:
    node = parse("step:\n  timeout: soon\n", "f.yaml")
    assert str(node.locate(("step",))) == "f.yaml:1:1"
    assert str(node.locate(("step", "timeout"))) == "f.yaml:2:12"


def test_a_missing_key_is_shown_at_what_should_hold_it() -> None:
    assert str(parse("a:\n  b: {c: 1}\n", "f.yaml").locate(("a", "b", "d"))) == "f.yaml:2:3"


@pytest.mark.parametrize(
    ("text", "line", "column", "place"),
    [
        ("q: |\n  one\n    two\n", 2, 3, "f.yaml:3:5"),
        ("q: |\n\n  one\n", 2, 1, "f.yaml:3:3"),
        ("q: |2\n    one\n", 1, 3, "f.yaml:2:5"),
        ("q: one two\n", 1, 5, "f.yaml:1:8"),
        ("q: 'one two'\n", 1, 5, "f.yaml:1:9"),
        ("q: >\n  one\n  two\n", 2, 1, "f.yaml:1:4"),
    ],
)
def test_a_place_inside_a_text_is_found_in_the_file(text: str, line: int, column: int, place: str) -> None:
    held = parse(text, "f.yaml").get(("q",))
    assert held is not None
    assert str(held.inside(line, column)) == place


def test_a_file_with_a_byte_order_mark_and_windows_line_ends_is_read(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: |\r\n  x\r\n  y\r\n")
    assert read(path, "f.yaml").plain == {"a": 1, "b": "x\ny\n"}


def test_anchors_aliases_and_merge_keys_are_followed() -> None:
    node = parse("a: &a {k: 1, l: 2}\nb: *a\nc: {<<: *a, k: 3}\nd: {<<: [*a, {m: 4}]}\n", "f.yaml")
    assert node.plain["b"] == {"k": 1, "l": 2}
    assert node.plain["c"] == {"k": 3, "l": 2}
    assert node.plain["d"] == {"k": 1, "l": 2, "m": 4}


def test_an_alias_is_a_value_of_its_own() -> None:
    node = parse("a: &a {k: x}\nb: *a\n", "f.yaml")
    first = node.get(("a", "k"))
    assert isinstance(first, Node)
    first.value = "changed"
    assert node.plain["b"] == {"k": "x"}


def test_every_repeated_key_is_reported() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("a: 1\nb: {c: 1, c: 2}\na: 3\n", "f.yaml")
    assert [str(finding.where) for finding in caught.value.findings] == ["f.yaml:2:11", "f.yaml:3:1"]


@pytest.mark.parametrize(
    "text",
    ["a: " + "[" * 50_000, "- " * 50_000 + "x", "? " * 50_000, "a: " + "{b: " * 50_000, "a: &a [*a]\n"],
)
def test_deep_nesting_is_refused_before_it_can_end_the_process(text: str) -> None:
    assert refused(text).code in {"PPF101", "PPF107"}


def test_a_long_line_that_is_not_deep_is_read() -> None:
    assert len(parse(f"a: [{'1, ' * 3000}1]\n", "f.yaml").plain["a"]) == 3001


@pytest.mark.parametrize("tag", ["!!python/object:os.system", "!!set", "!!binary", "!mine", "!!omap"])
@pytest.mark.parametrize("value", ["x", "[x]", "{x: 1}"])
def test_a_tag_is_refused_on_any_value(tag: str, value: str) -> None:
    finding = refused(f"a: {tag} {value}\n")
    assert (finding.code, str(finding.where)) == ("PPF101", "f.yaml:1:4")


def test_a_control_character_is_shown_where_it_is() -> None:
    assert str(refused("a: 1\nb: x\x07\n").where) == "f.yaml:2:5"
