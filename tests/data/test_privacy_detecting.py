"""Columns with personal data are found, and other columns are not taken for such."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import polars as pl
import pytest

from pipeproof.contracts.check_digits import luhn
from pipeproof.data import scan_privacy
from pipeproof.data.privacy.detecting import scan_table
from pipeproof.data.privacy.masking import private_columns
from pipeproof.model.contract import Column, TableSchema

ROWS = 200
FIRST = ["Anna", "Paul", "Maria", "John", "Laura", "Peter", "Zoe", "Mehmet", "Sofia", "David"]
LAST = ["Keller", "Smith", "Rossi", "Garcia", "Novak", "Dubois", "Jansen", "Yilmaz", "Berg", "Costa"]


def _card(chance: random.Random) -> str:
    front = f"4{chance.randrange(10**14):014}"
    return front + next(digit for digit in "0123456789" if luhn(front + digit))


def _iban(chance: random.Random) -> str:
    account = f"{chance.randrange(10**18):018}"
    return f"DE{98 - int(account + '131400') % 97:02}{account}"


MADE = {
    "email": lambda r: f"{r.choice(FIRST)}.{r.choice(LAST)}{r.randrange(10**4)}@example.org",
    "phone": lambda r: f"+49 {r.randrange(150, 180)} {r.randrange(10**6, 10**7)}",
    "card": _card,
    "bank": _iban,
    "national_id": lambda r: f"{r.randrange(100, 600)}-{r.randrange(10, 99)}-{r.randrange(1000, 9999)}",
    "ip": lambda r: ".".join(str(r.randrange(256)) for _ in range(4)),
    "name": lambda r: f"{r.choice(FIRST)} {r.choice(LAST)}",
    "address": lambda r: f"{r.randrange(1, 99)} {r.choice(LAST)} Street",
    "url": lambda r: f"https://example.org/x?token={r.randrange(10**12):012}",
}
HARMLESS = {
    "id16": lambda r: str(r.randrange(10**15, 10**16)),
    "id11": lambda r: str(r.randrange(10**10, 10**11)),
    "id9": lambda r: str(r.randrange(10**8, 10**9)),
    "epoch": lambda r: str(r.randrange(13 * 10**11, 14 * 10**11)),
    "ean": lambda r: str(r.randrange(4 * 10**12, 5 * 10**12)),
    "sku": lambda r: f"{r.choice('ABC')}{r.choice('XYZ')}-{r.randrange(10**4):04}",
    "tail": lambda r: f"N{r.randrange(100, 999)}{r.choice('AB')}{r.choice('XY')}",
    "day": lambda r: str(dt.date(2020, 1, 1) + dt.timedelta(r.randrange(999))),
    "clock": lambda r: f"{r.randrange(24):02}:{r.randrange(60):02}:{r.randrange(60):02}",
    "mac": lambda r: ":".join(f"{r.randrange(256):02x}" for _ in range(6)),
    "version": lambda r: f"{r.randrange(9)}.{r.randrange(30)}.{r.randrange(30)}",
    "price": lambda r: f"{r.random() * 1000:.2f}",
    "code": lambda r: r.choice(["JFK", "LGA", "EWR", "BOS", "ATL", "SFO"]) + str(r.randrange(99)),
    "hash": lambda r: f"{r.randrange(16**32):032x}",
    "site": lambda r: f"https://example.org/{r.randrange(10**6)}",
    "say": lambda r: " ".join(r.choice(["slow", "red", "late", "full", "wide"]) for _ in range(8)),
}


def _values(make) -> list[str]:
    chance = random.Random(7)
    return [make(chance) for _ in range(ROWS)]


@pytest.mark.parametrize("kind", MADE)
def test_values_tell_the_kind_without_a_name(kind):
    assert [flag.kind for flag in scan_privacy({"column_7": _values(MADE[kind])})] == [kind]


@pytest.mark.parametrize("what", HARMLESS)
def test_other_values_are_not_taken_for_personal_data(what):
    assert scan_privacy({"column_7": _values(HARMLESS[what])}, least=0.0) == ()


@pytest.mark.parametrize("what", ["id16", "id11", "id9", "epoch", "ean"])
def test_ids_as_numbers_are_not_taken_for_cards_or_telephones(what):
    assert scan_privacy({"column_7": list(map(int, _values(HARMLESS[what])))}, least=0.0) == ()


def test_all_kinds_of_a_table_are_found_and_nothing_else():
    table = {f"p_{kind}x": _values(make) for kind, make in MADE.items()}
    table |= {f"h_{what}": _values(make) for what, make in HARMLESS.items()}
    assert {flag.column: flag.kind for flag in scan_privacy(table)} == {f"p_{kind}x": kind for kind in MADE}


def test_cards_as_numbers_are_found():
    flags = scan_privacy({"column_7": list(map(int, _values(MADE["card"])))})
    assert [(flag.kind, flag.found) for flag in flags] == [("card", "content")]


def test_name_and_content_together_are_surer_than_either():
    both = scan_privacy({"iban": _values(MADE["bank"])})[0]
    content = scan_privacy({"x": _values(MADE["bank"])})[0]
    name = scan_privacy({"iban": [None, None]})[0]
    assert both.found == "both"
    assert name.confidence < content.confidence < both.confidence


def test_a_name_that_no_value_bears_out_is_hardly_sure():
    flag = scan_privacy({"email": ["a1b2", "c3d4"]}, least=0.0)[0]
    assert (flag.found, flag.confidence, flag.share) == ("name", 0.4, 0.0)


def test_what_is_shown_of_a_flag_is_masked():
    flag = scan_privacy({"email": ["zoe.keller@example.org"]})[0]
    assert flag.evidence == ("z…@…",)
    assert "keller" not in str(flag.to_dict())


def test_an_address_inside_of_longer_texts_is_found():
    notes = ["the customer called twice about the bill"] * 50 + [
        "please write to zoe.keller@example.org today"
    ]
    flags = scan_privacy({"notes": [f"{note} {at}" for at, note in enumerate(notes)]})
    assert [(flag.kind, flag.evidence) for flag in flags] == [("email", ("…",))]


def test_a_place_is_that_of_a_person_only_in_a_table_about_persons():
    places = {"lat": [52.5, 48.1], "name": ["Tegel", "Riem"]}
    people = {**places, "email": ["a.b@example.org", "c.d@example.org"]}
    assert scan_privacy(places) == ()
    assert [flag.column for flag in scan_privacy(people)] == ["lat", "name", "email"]


def test_a_contract_switches_a_column_off_and_another_on():
    schema = TableSchema((Column("email", privacy="none"), Column("salary", privacy="salary")))
    flags = scan_privacy({"email": ["a.b@example.org"], "salary": [1]}, contract=schema)
    assert [(flag.column, flag.kind, flag.found) for flag in flags] == [("salary", "personal", "contract")]


def test_a_column_that_cannot_hold_what_its_name_says_is_left():
    table = {"email": [True], "phone": [dt.date(2020, 1, 1)], "surname": [1.5]}
    assert scan_privacy(table, least=0.0) == ()


def test_dates_of_birth_are_known_by_name_in_any_type():
    table = {
        "dob": [dt.date(1984, 2, 3)], "born": [dt.datetime(1984, 2, 3, tzinfo=dt.UTC)], "geburtsdatum": ["03.02.1984"],
        "birth_year": [1984],
    }  # fmt: skip
    assert [(flag.column, flag.kind) for flag in scan_privacy(table)] == [
        (name, "birth_date") for name in table
    ]


def test_categories_are_texts():
    addresses = pl.Series(["zoe@example.org"])
    table = pl.DataFrame({"x": addresses.cast(pl.Categorical), "y": addresses.cast(pl.Enum(addresses))})
    assert [flag.column for flag in scan_privacy(table)] == ["x", "y"]


def test_lists_and_structs_are_looked_into():
    flags = scan_privacy(
        {"seen": [["zoe@example.org"], []], "of": [{"n": 1, "mail": "zoe@example.org"}, None]}
    )
    assert [(flag.column, flag.kind) for flag in flags] == [("seen", "email"), ("of", "email")]


def test_an_empty_table_is_told_by_its_names():
    empty = pl.DataFrame(schema={"email": pl.String, "amount": pl.Int64})
    assert [flag.column for flag in scan_privacy(empty)] == ["email"]


def test_a_sample_is_spread_over_the_table_and_said():
    late = pl.DataFrame({"x": [None] * 900 + _values(MADE["email"])[:100]}, schema={"x": pl.String})
    scan = scan_table(late, sample=100)
    assert (scan.rows, scan.looked, [flag.kind for flag in scan.flags]) == (1_000, 100, ["email"])


def test_files_are_scanned(tmp_path: Path):
    pl.DataFrame({"mail": _values(MADE["email"])}).write_csv(tmp_path / "people.csv")
    scan = scan_table(tmp_path / "people.csv")
    assert (scan.table, scan.flags[0].kind, scan.flags[0].found) == ("people", "email", "both")


def test_columns_are_masked_by_contract_name_and_content():
    frame = pl.DataFrame(
        {"surname": ["Keller"], "x": ["a.b@example.org"], "n": [1], "phone": ["+49 170 1234567"]}
    )
    schema = TableSchema((Column("phone", privacy="none"),))
    assert private_columns(schema, frame.columns, frame) == {"surname": "name", "x": "email", "phone": "none"}
    assert private_columns(None, frame.columns) == {"surname": "name", "phone": "phone"}


def test_a_column_is_masked_though_its_values_are_wrong():
    frame = pl.DataFrame({"email": ["not an address"]})
    assert private_columns(None, frame.columns, frame) == {"email": "email"}


def test_addresses_inside_short_texts_are_found():
    frame = pl.DataFrame({"n": range(20), "note": [f"call ann{n}@firm.de" for n in range(20)]})
    (flag,) = scan_privacy(frame)
    assert (flag.column, flag.kind) == ("note", "email")
