"""Leases: one holder at a time, tokens that only grow, and an end without anybody's help."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.errors import StoreError
from pipeproof.ports import KeyValue
from pipeproof.store.keyvalue.checked import CheckedStore
from pipeproof.store.keyvalue.lease import Lease, holder, lease
from pipeproof.store.keyvalue.memory import MemoryBackend
from pipeproof.store.keyvalue.opening import open_keyvalue


@pytest.fixture(
    params=[
        "memory",
        "sqlite",
        pytest.param("redis", marks=pytest.mark.slow),
        pytest.param("firestore", marks=pytest.mark.slow),
    ]
)
def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[KeyValue]:
    address = request.param
    if address == "redis":
        address = f"redis://127.0.0.1:{request.getfixturevalue('redis').port}/1"
    if address == "firestore":
        emulator = request.getfixturevalue("firestore")
        if not emulator.strict:
            pytest.skip("this emulator of Firestore holds no conditions on writes")
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator.host)
        address = "firestore://demo-leases"
    opened = open_keyvalue(address, root=tmp_path, local=tmp_path / "state.db")
    yield opened
    opened.close()


@pytest.fixture
def ns(request: pytest.FixtureRequest) -> str:
    return request.node.name[:100]


class Clock:
    """A time that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_lease_has_one_holder_until_it_is_given_back(store, ns):
    first = lease(store, ns, "publish", "ann", 1000)
    assert lease(store, ns, "publish", "bob", 1000) is None
    assert lease(store, ns, "publish", "ann", 1000) is None
    assert holder(store, ns, "publish") == "ann"
    assert first.release()
    assert holder(store, ns, "publish") is None
    second = lease(store, ns, "publish", "bob", 1000)
    assert (second.owner, second.token > first.token) == ("bob", True)


def test_leases_on_other_names_are_other_leases(store, ns):
    assert lease(store, ns, "a", "ann", 1000)
    assert lease(store, ns, "b", "bob", 1000)
    assert lease(store, ns, "a" * 990, "bob", 1000)


def test_the_lease_of_a_crashed_owner_runs_out(store, ns):
    crashed = lease(store, ns, "publish", "ann", 0.05)
    until = time.monotonic() + 30
    while (taken := lease(store, ns, "publish", "bob", 1000)) is None:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert taken.token > crashed.token
    with pytest.raises(StoreError) as caught:
        crashed.renew()
    assert caught.value.findings[0].code == "PPF548"
    assert not crashed.release()
    assert holder(store, ns, "publish") == "bob"


def test_a_lease_that_is_renewed_lasts():
    clock = Clock()
    store = CheckedStore(MemoryBackend(clock), "memory:")
    held = lease(store, "n", "publish", "ann", 10)
    for _ in range(5):
        clock.now += 9
        held.renew()
    clock.now += 9
    assert lease(store, "n", "publish", "bob", 10) is None
    clock.now += 1
    assert lease(store, "n", "publish", "bob", 10) is not None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ann", "bob", "eve"]),
            st.sampled_from(["take", "renew", "release", "wait"]),
            st.floats(0.1, 20),
        ),
        max_size=30,
    )
)
def test_at_any_time_one_holds_it_and_tokens_grow(moves):
    clock = Clock()
    store = CheckedStore(MemoryBackend(clock), "memory:")
    held: dict[str, tuple[Lease, float]] = {}
    tokens: list[int] = []
    for owner, move, seconds in moves:
        valid = [name for name, (_, ends) in held.items() if ends > clock.now]
        assert len(valid) <= 1
        assert holder(store, "n", "x") == (valid[0] if valid else None)
        if move == "wait":
            clock.now += seconds
        elif move == "take":
            taken = lease(store, "n", "x", owner, seconds)
            assert (taken is not None) == (not valid)
            if taken is not None:
                held[owner] = (taken, clock.now + seconds)
                tokens.append(taken.token)
        elif owner in held and move == "renew":
            mine, _ = held[owner]
            if owner in valid:
                mine.renew()
                held[owner] = (mine, clock.now + mine.seconds)
            else:
                with pytest.raises(StoreError):
                    mine.renew()
        elif owner in held:
            assert held.pop(owner)[0].release() == (owner in valid)
    assert tokens == sorted(set(tokens))


def test_of_many_threads_one_works_at_a_time(store, ns):
    inside: list[str] = []
    tokens: list[int] = []
    overlaps: list[list[str]] = []

    def work(owner: str) -> None:
        for _ in range(5):
            while (mine := lease(store, ns, "x", owner, 1000)) is None:
                time.sleep(0.0005)
            inside.append(owner)
            tokens.append(mine.token)
            if len(inside) > 1:
                overlaps.append(list(inside))
            time.sleep(0.0005)
            inside.remove(owner)
            assert mine.release()

    threads = [threading.Thread(target=work, args=(f"owner {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert overlaps == []
    assert len(tokens) == 20
    assert tokens == sorted(set(tokens)), "each holder has a greater token than all before it"
