"""The encrypted store: what goes in comes out with the key, and says nothing without it."""

from __future__ import annotations

import io
import os

import pytest

from pipeproof.data.privacy.vault import Vault
from pipeproof.errors import ContractError, UsageError

KEY = b"k" * 32


@pytest.fixture
def vault(tmp_path):
    return Vault(tmp_path / "vault", KEY)


@pytest.mark.parametrize("size", [0, 1, 2**20 - 1, 2**20, 2**20 + 1, 2 * 2**20])
def test_what_goes_in_comes_out(vault, size):
    content = os.urandom(size)
    entry = vault.put("data", content)
    with vault.open("data") as file:
        assert file.read() == content
    assert (entry.size, vault.list()) == (size, [entry])


def test_files_and_streams_go_in_too(vault, tmp_path):
    (tmp_path / "a").write_bytes(b"from a file")
    vault.put("a", tmp_path / "a")
    vault.put("b", io.BytesIO(b"from a stream"))
    with vault.open("a") as one, vault.open("b") as two:
        assert (one.read(), two.read()) == (b"from a file", b"from a stream")


def test_neither_names_nor_content_can_be_seen(vault):
    vault.put("zoe.keller.csv", b"zoe keller " * 100)
    files = list(vault.folder.iterdir())
    assert not any(b"keller" in file.read_bytes() or "keller" in file.name for file in files)


def test_folder_and_files_are_for_their_owner_alone(vault):
    vault.put("data", b"x")
    assert vault.folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in vault.folder.iterdir()} == {0o600}


def test_another_key_opens_nothing_and_sees_nothing(vault):
    vault.put("data", b"x")
    other = Vault(vault.folder, b"o" * 32)
    assert other.list() == []
    with pytest.raises(ContractError, match="can be opened with this key"):
        other.open("data")


@pytest.mark.parametrize("harm", ["flipped", "cut", "cut at a chunk", "swapped"])
def test_what_was_changed_since_is_not_given_out(vault, harm):
    vault.put("data", bytes(3 * 2**20))
    file = next(vault.folder.iterdir())
    data = bytearray(file.read_bytes())
    chunk = 2**20 + 16
    if harm == "flipped":
        data[-100] ^= 1
    elif harm == "cut":
        del data[-100:]
    elif harm == "cut at a chunk":
        del data[-chunk:]
    else:
        data[-2 * chunk :] = data[-chunk:] + data[-2 * chunk : -chunk]
    file.write_bytes(data)
    with pytest.raises(ContractError, match="changed or cut short"):
        vault.open("data")


def test_an_interrupted_write_leaves_nothing_that_can_be_read(vault):
    class Breaking(io.BytesIO):
        def read(self, size=-1):
            if self.tell():
                raise KeyboardInterrupt
            return super().read(size)

    with pytest.raises(KeyboardInterrupt):
        vault.put("data", Breaking(bytes(3 * 2**20)))
    assert list(vault.folder.iterdir()) == []


def test_one_that_was_killed_while_it_wrote_is_purged(vault):
    vault.put("data", b"x")
    (vault.folder / ".unfinished-1").write_bytes(b"PPV1")
    assert (vault.purge(), len(list(vault.folder.iterdir()))) == (1, 1)


def test_what_is_over_is_gone(vault):
    vault.put("old", b"x", keep=0)
    vault.put("new", b"x", keep=1000)
    assert [entry.name for entry in vault.list()] == ["new"]
    assert vault.purge() == 1
    with pytest.raises(UsageError, match="there is no 'old'"):
        vault.open("old")


def test_what_is_over_is_not_opened_and_removed(vault):
    vault.put("old", b"x", keep=0)
    with pytest.raises(UsageError, match="is over"):
        vault.open("old")
    assert list(vault.folder.iterdir()) == []


def test_one_file_is_purged_by_name(vault):
    vault.put("a", b"x")
    assert (vault.purge("a"), vault.purge("a"), vault.list()) == (1, 0, [])


def test_a_name_that_is_not_there_gets_a_hint(vault):
    vault.put("people.parquet", b"x")
    with pytest.raises(UsageError, match=r"did you mean 'people\.parquet'"):
        vault.open("poeple.parquet")


def test_a_key_that_can_be_guessed_is_refused(tmp_path):
    with pytest.raises(UsageError, match="can be guessed"):
        Vault(tmp_path, b"short")
