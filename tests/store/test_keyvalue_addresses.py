"""Addresses of state: what people write, what it means, and what is said of what means nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.errors import ConfigError
from pipeproof.store.keyvalue.address import (
    ALIASES,
    FirestoreAddress,
    MemoryAddress,
    RedisAddress,
    SqliteAddress,
    parse_address,
)
from pipeproof.store.keyvalue.opening import open_keyvalue


@pytest.mark.parametrize(
    "text", ["memory", "memory:", "mem", "MEM:", "in-memory", "in_memory:", "InMemory", "memory://"]
)
def test_memory_has_many_names(text):
    assert parse_address(text) == MemoryAddress()


@pytest.mark.parametrize(
    "text", ["sqlite", "local", "LOCAL:", "sqlite3:", "file", "disk", "sqlite://", " local "]
)
def test_sqlite_without_a_path_is_the_file_of_the_project(text):
    assert parse_address(text) == SqliteAddress()


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("sqlite:///state.db", "state.db"),
        ("sqlite:////data/state.db", "/data/state.db"),
        ("local:///deep/state.db", "deep/state.db"),
        ("SQLite:///My State.db", "My State.db"),
    ],
)
def test_three_slashes_are_relative_and_four_absolute(text, path):
    assert parse_address(text) == SqliteAddress(Path(path))


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("redis", RedisAddress("localhost", 6379)),
        ("Redis://", RedisAddress("localhost", 6379)),
        ("redis://cache", RedisAddress("cache", 6379)),
        ("redis://cache:7000/3", RedisAddress("cache", 7000, 3)),
        ("redis://:word@cache", RedisAddress("cache", 6379, password="word")),
        ("redis://ann:w%40rd@cache:7000/1", RedisAddress("cache", 7000, 1, "ann", "w@rd")),
        ("redis://[::1]:7000", RedisAddress("::1", 7000)),
        ("rediss://cache", RedisAddress("cache", 6379, tls=True)),
        (
            "rediss://cache/2?ca=/etc/ca.pem",
            RedisAddress("cache", 6379, 2, tls=True, authority="/etc/ca.pem"),
        ),
    ],
)
def test_redis_has_a_host_a_port_a_number_a_user_and_a_password(text, means):
    assert parse_address(text) == means


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("firestore", FirestoreAddress()),
        ("gcp", FirestoreAddress()),
        ("GCP://my-project", FirestoreAddress("my-project")),
        ("google-cloud://my-project/", FirestoreAddress("my-project")),
        ("gcp_firestore://my-project/states", FirestoreAddress("my-project", "states")),
        ("firestore://example.com:old/states", FirestoreAddress("example.com:old", "states")),
    ],
)
def test_firestore_has_a_project_and_a_database(text, means):
    assert parse_address(text) == means


def test_every_alias_means_a_store_in_any_case():
    kinds = {"memory": MemoryAddress, "sqlite": SqliteAddress, "redis": RedisAddress}
    kinds |= {"rediss": RedisAddress, "firestore": FirestoreAddress}
    assert {name: type(parse_address(name.upper())) for name in ALIASES} == {
        name: kinds[backend] for name, backend in ALIASES.items()
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("radis://cache", "did you mean 'redis'?"),
        ("fire-store2", "did you mean 'firestore'?"),
        ("sqllite", "did you mean 'sqlite'?"),
        ("postgres://cache", "known: firestore, gcp"),
        ("", "write one of"),
        ("://", "write one of"),
        ("redis cache", "did you mean 'redis'?"),
        ("memory://place", "write memory:"),
        ("sqlite://state.db", "sqlite:///state.db"),
        ("sqlite:state.db", "sqlite:///state.db"),
        ("sqlite:///", "sqlite:///state.db"),
        ("redis:cache", "redis://"),
        ("redis://cache:port", "redis://"),
        ("redis://cache:99999", "redis://"),
        ("redis://cache/one", "redis://"),
        ("redis://[::1", "redis://"),
        ("redis://cache/0?timeout=3", "rediss:// takes ?ca=FILE"),
        ("rediss://cache/0?cert=x", "rediss:// takes ?ca=FILE"),
        ("firestore:project", "firestore://PROJECT"),
        ("firestore://My Project", "firestore://PROJECT"),
        ("firestore://my-project/a/b", "firestore://PROJECT"),
    ],
)
def test_what_is_no_address_is_told_with_what_would_be_one(text, says):
    with pytest.raises(ConfigError) as caught:
        parse_address(text)
    (finding,) = caught.value.findings
    assert finding.code == "PPF543"
    assert says in finding.fix


@pytest.mark.parametrize(
    "text",
    [
        "redis://:hidden-word@cache:port",
        "redis://:hidden-word@cache/one",
        "redis://ann:hidden-word@[::1",
        "radis://:hidden-word@cache",
        "redis:hidden-word@cache",
        "hidden-word",
        "://hidden-word",
    ][:5],
)
def test_no_error_shows_a_password(text):
    with pytest.raises(ConfigError) as caught:
        parse_address(text)
    assert "hidden-word" not in repr(caught.value)
    assert caught.value.__cause__ is None


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30).map("redis://:{}@h".format))
def test_a_redis_address_is_understood_or_refused_and_never_shows_its_password(text):
    try:
        address = parse_address(text)
    except ConfigError:
        return
    assert isinstance(address, RedisAddress)
    assert not address.password or f":{address.password}@" not in f"{address} {address!r}"


def test_a_relative_file_lies_in_the_project(tmp_path):
    store = open_keyvalue("sqlite:///deep/own.db", root=tmp_path, local=tmp_path / "state.db")
    store.close()
    assert (tmp_path / "deep" / "own.db").exists()
    assert not (tmp_path / "state.db").exists()


@pytest.mark.parametrize(
    ("address", "module", "extra"),
    [("redis://cache", "redis", "redis"), ("gcp://my-project", "google.cloud.firestore", "firestore")],
)
def test_a_missing_library_is_told_with_what_installs_it(tmp_path, monkeypatch, address, module, extra):
    # As if it were not installed: what None stands for cannot be imported.
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigError) as caught:
        open_keyvalue(address, root=tmp_path, local=tmp_path / "state.db")
    (finding,) = caught.value.findings
    assert finding.code == "PPF544"
    assert finding.fix == f"install it: pip install 'pipeproof[{extra}]'"


def test_state_of_this_machine_needs_no_library_of_a_server(tmp_path):
    code = (
        "import sys; from pathlib import Path; from pipeproof.store.keyvalue.opening import open_keyvalue\n"
        "open_keyvalue('local', root=Path(sys.argv[1]), local=Path(sys.argv[1], 's.db')).close()\n"
        "assert not {'redis', 'google.cloud', 'grpc', 'polars', 'pydantic'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


@pytest.mark.parametrize(
    "text",
    ["memory:", "sqlite:", "redis://h:1/0", "rediss://h:1/2", "firestore://p/d-1", "redis://[::1]:9/0"],
)
def test_an_address_is_shown_as_it_could_be_written(text):
    assert str(parse_address(text.replace("p/d-1", "project/d-12"))) == text.replace("p/d-1", "project/d-12")
