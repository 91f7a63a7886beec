"""Replaced values: joins still work, nothing real is left, and another key gives other values."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.contracts.check_digits import is_card, is_iban
from pipeproof.contracts.personal import KINDS
from pipeproof.data import anonymise
from pipeproof.data.privacy.fakes import FAKES
from pipeproof.data.privacy.keyed import Draws, Key, key_in, new_key
from pipeproof.errors import UsageError

KEY, OTHER = b"k" * 32, b"o" * 32
VALUES = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12), max_size=30)
METHODS = st.sampled_from(["fake", "hash"])


def _replaced(table, key=KEY, **columns):
    return anonymise(table, key=key, columns=columns)[0].frame.collect()


@settings(max_examples=40)
@given(VALUES, VALUES, METHODS)
def test_joins_keep_their_cardinalities_and_nothing_real_is_left(left, right, method):
    tables = [
        pl.DataFrame({name: values}, schema={name: pl.String}) for name, values in (("a", left), ("b", right))
    ]
    done = anonymise(tables, key=KEY, columns={"a": method, "b": method})
    one, two = (table.frame.collect() for table in done)
    before = tables[0].join(tables[1], left_on="a", right_on="b", how="inner").height
    assert one.join(two, left_on="a", right_on="b", how="inner").height == before
    assert one["a"].n_unique() == tables[0]["a"].n_unique()
    real = {value for value in (*left, *right) if value.strip()}
    assert not real & {*one["a"], *two["b"]}


@pytest.mark.parametrize("method", ["fake", "hash"])
def test_another_key_gives_other_values_and_the_same_key_the_same(method):
    table = {"email": [f"person{at}@example.org" for at in range(50)]}
    first, again, other = (
        _replaced(table, key, email=method)["email"].to_list() for key in (KEY, KEY, OTHER)
    )
    assert first == again
    assert not set(first) & set(other)


def test_the_order_of_the_rows_changes_no_value():
    emails = [f"person{at}@example.org" for at in range(30)]
    one, two = (
        _replaced({"email": order}, email="fake")["email"].to_list() for order in (emails, emails[::-1])
    )
    assert one == two[::-1]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("phone", "+49 170 1234567"),
        ("phone", "0049-170 99"),
        ("national_id", "123-45-6789"),
        ("card", "4111-1111-1111-1111"),
    ],
)
def test_a_made_number_has_the_shape_of_the_real_one(kind, text):
    made = FAKES[kind](text, Draws(Key(KEY).digest(kind, text)))
    shape = ["#" if one.isdigit() else one for one in text]
    assert ["#" if one.isdigit() else one for one in made] == shape
    assert made != text


def test_check_digits_of_made_cards_and_accounts_hold():
    cards = _replaced({"card_number": ["4111 1111 1111 1111", "5555555555554444"]}, card_number="fake")[
        "card_number"
    ]
    accounts = _replaced({"iban": ["DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19"]}, iban="fake")[
        "iban"
    ]
    assert all(map(is_card, cards))
    assert all(map(is_iban, accounts))


def test_numbers_stay_numbers_of_the_same_length():
    table = pl.DataFrame({"phone": [491701234567, 491709999999, None]})
    made = _replaced(table, phone="fake")["phone"]
    assert (made.dtype, made.null_count()) == (pl.Int64, 1)
    assert {len(str(value)) for value in made.drop_nulls()} == {12}


def test_made_addresses_are_in_domains_that_nobody_can_own():
    made = _replaced({"email": ["a.b@firm.de"]}, email="fake")["email"][0]
    assert made.rpartition("@")[2] in {"example.com", "example.net", "example.org"}


def test_each_kind_has_a_way_without_being_asked():
    table = {
        "email": ["a.b@firm.de"], "dob": [dt.date(1984, 2, 3)], "home_lat": [52.51234], "surname": ["Keller"],
        "amount": [5], "notes": ["please write to zoe.keller@example.org about the bill"],
    }  # fmt: skip
    done = anonymise(table, key=KEY)[0]
    made = done.frame.collect()
    assert {one.column: one.method for one in done.columns} == {
        "email": "fake", "dob": "year", "home_lat": "round", "surname": "fake", "notes": "mask",
    }  # fmt: skip
    assert made.select("dob", "home_lat", "amount", "notes").row(0) == (dt.date(1984, 1, 1), 52.5, 5, "…")


def test_methods_that_need_no_key_need_none():
    table = {
        "email": ["zoe@firm.de", None],
        "dob": ["1984-02-03", "soon"],
        "ip": ["10.1.2.3", ""],
        "text": ["to a@b.org"] * 2,
    }
    made = anonymise(table, columns={"email": "mask", "dob": "year", "ip": "drop", "text": "text"})[
        0
    ].frame.collect()
    assert made.to_dict(as_series=False) == {
        "email": ["z…@…", None],
        "dob": ["1984", "…"],
        "text": ["to a…@…"] * 2,
    }


def test_a_column_can_be_kept_on_purpose():
    assert _replaced({"email": ["zoe@firm.de"]}, email="keep")["email"].to_list() == ["zoe@firm.de"]


def test_texts_of_a_file_that_are_not_replaced_stay_as_they_are(tmp_path):
    (tmp_path / "people.csv").write_text("code,email\n007,zoe@firm.de\n1.50,\n")
    made = anonymise(tmp_path / "people.csv", key=KEY)[0].frame.collect()
    assert made["code"].to_list() == ["007", "1.50"]


def test_all_that_is_wrong_is_said_at_once():
    table = {"dob": [dt.date(1984, 2, 3)], "email": ["zoe@firm.de"]}
    with pytest.raises(UsageError) as error:
        anonymise(table, columns={"dob": "fake", "emial": "drop"})
    assert [finding.code for finding in error.value.findings] == ["PPF342", "PPF340", "PPF341"]


def test_a_method_that_does_not_exist_is_said():
    with pytest.raises(UsageError, match=r"there is no method 'hsah'.*did you mean 'hash'"):
        anonymise({"email": ["zoe@firm.de"]}, columns={"email": "hsah"})


def test_a_key_that_can_be_guessed_is_refused():
    with pytest.raises(UsageError, match="can be guessed"):
        Key(b"short")


def test_a_key_says_nothing_of_itself():
    assert "k" * 4 not in repr(Key(KEY))


def test_a_new_key_is_for_its_owner_alone_and_never_written_over(tmp_path):
    new_key(tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert key_in(str(tmp_path / "key")) is not None
    with pytest.raises(UsageError, match="is there already"):
        new_key(tmp_path / "key")


def test_a_key_comes_from_a_variable(monkeypatch):
    monkeypatch.setenv("A_KEY", "k" * 32)
    assert key_in(variable="A_KEY").pseudonym("x") == Key(KEY).pseudonym("x")
    with pytest.raises(UsageError, match="NO_KEY has no value"):
        key_in(variable="NO_KEY")


def test_every_kind_can_be_made_or_made_coarser():
    assert set(KINDS) - set(FAKES) == {"birth_date", "location"}
