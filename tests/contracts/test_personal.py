"""What columns with personal data are called, and what is left of values and texts when they are shown."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.contracts.personal import KINDS, hinted_kinds, kind_by_name, kind_of_column, mask_value
from pipeproof.contracts.personal_texts import kind_inside, mask_text, shown
from pipeproof.model.contract import Column, TableSchema


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("e_mail", "email"), ("emailAddress", "email"), ("CUSTOMER_EMAIL", "email"), ("correo", "email"),
        ("telefon", "phone"), ("Phone Number", "phone"), ("tel", "phone"), ("kreditkarte", "card"),
        ("IBAN", "bank"), ("ssn", "national_id"), ("codiceFiscale", "national_id"), ("IPAddress", "ip"),
        ("surname", "name"), ("prénom", "name"), ("customerName", "name"), ("Straße", "address"),
        ("dob", "birth_date"), ("fecha_de_nacimiento", "birth_date"), ("home_lat", "location"),
    ],
)  # fmt: skip
def test_a_name_in_any_style_tells_the_kind(name, kind):
    assert kind_by_name(name) == kind


@pytest.mark.parametrize(
    "name",
    ["tailnum", "carrier", "dest", "origin", "name", "address", "email_count", "phone_type", "has_email", "lat", "hotel", "tip", "latin", "ship_mode", "user_id", "card_id", "model", "manufacturer", "year", "type"],
)  # fmt: skip
def test_a_name_that_other_things_have_too_tells_nothing(name):
    assert kind_by_name(name) is None


def test_a_word_that_other_things_have_too_is_a_hint():
    assert (hinted_kinds("name"), hinted_kinds("zip_code")) == ({"name"}, {"address"})


@pytest.mark.parametrize(
    ("said", "kind"),
    [("email", "email"), ("none", "none"), ("salary", "personal"), ("phone number", "phone")],
)
def test_a_contract_decides_before_the_name(said, kind):
    schema = TableSchema((Column("e_mail", privacy=said),))
    assert kind_of_column("e_mail", schema) == kind


@pytest.mark.parametrize(
    ("value", "kind", "left"),
    [
        ("zoe.keller@example.org", "email", "z…@…"),
        ("zoe.keller.example.org", "email", "…"),
        ("write to zoe@example.org", "email", "…"),
        ("+49 170 123-45", "phone", "+## ### ###-##"),
        (4111111111111111, "card", "################"),
        ("DE89 3704", "bank", "xx## ####"),
        ("1984-02-03", "birth_date", "1984-…"),
        ("03.02.1984", "birth_date", "…"),
        ("Zoe Keller", "name", "…"),
        ("https://a.example/reset?token=abc", "url", "https://…"),
        ("", "name", ""),
        ("as it is", "none", "as it is"),
    ],
)
def test_what_is_left_of_a_value_shows_its_shape_alone(value, kind, left):
    assert mask_value(value, kind) == left


@given(st.text(st.characters(categories=["L", "N"]), min_size=2), st.sampled_from(KINDS))
def test_no_letter_or_digit_of_a_value_is_left(text, kind):
    assert not set(mask_value(text, kind)) - set("#x…")


@given(st.emails())
def test_of_an_address_one_letter_is_left(address):
    assert mask_value(address, "email") == f"{address[0]}…@…"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("KeyError: 'zoe.k@example.co.uk'", "KeyError: 'z…@…'"),
        ("card 4111 1111 1111 1111 refused", "card #### #### #### #### refused"),
        ("to DE89370400440532013000.", "to xx####################."),
        ("at 2013-07-03 12:00:00 run 1372812345678", "at 2013-07-03 12:00:00 run 1372812345678"),
        ("order 4111111111111112 of a@b", "order 4111111111111112 of a@b"),
    ],
)
def test_what_stands_in_a_text_is_masked_when_its_check_digits_hold(text, masked):
    assert mask_text(text) == masked


@given(st.text())
def test_a_masked_text_has_nothing_left_to_mask(text):
    masked = mask_text(text)
    assert (mask_text(masked), kind_inside(masked)) == (masked, None)


@pytest.mark.parametrize(
    ("value", "kind", "says"),
    [
        (None, "email", "missing"),
        ("abc", None, "'abc'"),
        ("zoe@example.org", None, "'z…@…'"),
        ("zoe@example.org", "none", "'zoe@example.org'"),
        ("zoe@example.org", "email", "z…@…"),
        ("x" * 100, None, "'" + "x" * 56 + "..."),
    ],
)
def test_a_value_is_shown_short_quoted_and_masked(value, kind, says):
    assert shown(value, kind) == says


@pytest.mark.parametrize(
    ("value", "text"),
    [(Decimal("-67.24"), "-67.24"), ({"a": None, "b": "ü"}, '{"a": null, "b": "ü"}'), (["x", 1], '["x", 1]')],
)
def test_values_are_shown_as_files_have_them_and_not_as_python_does(value, text):
    assert shown(value) == text
