"""Numbers with check digits: published examples are known, and one wrong digit shows."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.contracts.check_digits import NATIONAL_IDS, is_card, is_iban, with_iban_check

# Examples that the issuers publish, or that are in the public descriptions of the numbers.
CARDS = ["4111 1111 1111 1111", "5555555555554444", "378282246310005", "6011111111111117", "3530111333300000"]
IBANS = [
    "DE89 3704 0044 0532 0130 00",
    "GB29NWBK60161331926819",
    "FR1420041010050500013M02606",
    "NO9386011117947",
]
IDS = {
    "US social security number": "078-05-1120",
    "UK national insurance number": "AB 12 34 56 C",
    "UK NHS number": "943 476 5919",
    "German tax id": "86095742719",
    "French NIR": "2 55 08 14 168 025 38",
    "Spanish DNI or NIE": "12345678Z",
    "Italian fiscal code": "RSSMRA85T10A562S",
    "Dutch BSN": "111222333",
    "Polish PESEL": "44051401359",
    "Brazilian CPF": "111.444.777-35",
    "Indian Aadhaar": "2341 2341 2346",
    "Swedish personal number": "811218-9876",
}


def _is_id(name, text):
    shape, holds = NATIONAL_IDS[name]
    return re.fullmatch(shape, text) is not None and holds(text)


@pytest.mark.parametrize("card", CARDS)
def test_a_card_number_is_known(card):
    assert is_card(card)


@pytest.mark.parametrize(
    "text", ["4111111111111112", "1234567890123452", "4111", "0000000000000000", "hello", ""]
)
def test_what_is_no_card_number_is_not_taken_for_one(text):
    assert not is_card(text)


@pytest.mark.parametrize("iban", IBANS)
def test_an_iban_is_known(iban):
    assert is_iban(iban)


@pytest.mark.parametrize("iban", IBANS)
def test_the_check_digits_of_an_iban_are_found_again(iban):
    assert with_iban_check(f"{iban[:2]}00{iban[4:]}") == iban


@pytest.mark.parametrize(
    "text", ["DE88370400440532013000", "DE8937040044053201300", "XX89370400440532013000", "", "DE"]
)
def test_what_is_no_iban_is_not_taken_for_one(text):
    assert not is_iban(text)


@given(st.sampled_from(["4111111111111111", "5555555555554444"]), st.integers(1, 15), st.integers(1, 9))
def test_one_wrong_digit_of_a_card_shows(card, place, by):
    wrong = str((int(card[place]) + by) % 10)
    assert not is_card(card[:place] + wrong + card[place + 1 :])


def test_each_national_id_has_an_example():
    assert set(IDS) == set(NATIONAL_IDS)


@pytest.mark.parametrize("name", IDS)
def test_a_national_id_is_known(name):
    assert _is_id(name, IDS[name])


@pytest.mark.parametrize(
    "name", sorted(set(IDS) - {"US social security number", "UK national insurance number"})
)
def test_a_national_id_with_one_wrong_digit_is_not(name):
    text = IDS[name]
    place = max(at for at, one in enumerate(text) if one.isdigit())
    wrong = text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :]
    assert not _is_id(name, wrong)


@pytest.mark.parametrize("text", ["000-12-3456", "666-12-3456", "912-12-3456", "123-00-4567", "123-45-0000"])
def test_a_social_security_number_that_was_never_given_out_is_none(text):
    assert not _is_id("US social security number", text)
