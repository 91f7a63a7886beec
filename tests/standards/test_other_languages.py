"""A contract written in another language says the same there, or what is lost is told."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.model.contract import TableSchema
from pipeproof.standards.languages import LANGUAGES
from pipeproof.standards.losing import rules_of, rules_of_table
from pipeproof.standards.notes import Notes

TEXTS = ["dbt", "frictionless", "jsonschema", "pandera"]


def _there_and_back(language, schema, folder):
    content, lost = LANGUAGES[language].function("write")({"t": schema})
    notes = Notes()
    if language == "arrow":
        path = folder / "t.arrow"
        path.write_bytes(content)
        content = path
    found = LANGUAGES[language].function("read")(content, "t", notes)
    assert notes.problems == []
    return found["t"], lost


def _all_rules(schema):
    """Return every rule of a table with what it says, by column."""

    def of_column(column, name):
        yield from (
            ((name, rule), says) for rule, says in rules_of(column) if rule not in {"items", "fields"}
        )
        for inner in column.fields:
            yield from of_column(inner, f"{name}.{inner.name}")
        if column.items is not None:
            yield from of_column(column.items, f"{name}[]")

    found = dict(item for column in schema.columns for item in of_column(column, column.name))
    found |= {("", rule): says for rule, says in rules_of_table(schema)}
    found |= {(one.column, one.name): (one.minimum, one.maximum) for one in schema.statistics}
    return found


def _silent(language, schema, folder):
    """Return the rules that came back otherwise and were not told."""
    back, lost = _there_and_back(language, schema, folder)
    known, told = _all_rules(back), {(one.column, one.rule) for one in lost}
    covered = {column for column, rule in told if rule in {"items", "fields"}}
    return {
        (key, says, known.get(key))
        for key, says in _all_rules(schema).items()
        if key not in told and known.get(key) != says and not any(key[0].startswith(one) for one in covered)
    }


def _invented(language, schema, folder):
    """Return the rules that came back and had never been said; a physical type tells dbt the logical one."""
    back, _ = _there_and_back(language, schema, folder)
    known = {*_all_rules(schema), *((column.name, "type") for column in schema.columns if column.physical)}
    return {(key, says) for key, says in _all_rules(back).items() if key not in known}


@pytest.mark.parametrize("language", [*TEXTS, "arrow"])
@settings(max_examples=20, deadline=None)
@given(schema=st.from_type(TableSchema))
def test_no_rule_is_lost_without_a_word(language, schema, tmp_path_factory):
    folder = tmp_path_factory.mktemp("t") if language == "arrow" else None
    assert _silent(language, schema, folder) == set()


@pytest.mark.parametrize("language", [*TEXTS, "arrow"])
@settings(max_examples=12, deadline=None)
@given(schema=st.from_type(TableSchema))
def test_no_rule_is_invented(language, schema, tmp_path_factory):
    folder = tmp_path_factory.mktemp("t") if language == "arrow" else None
    assert _invented(language, schema, folder) == set()
