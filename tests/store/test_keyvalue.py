"""What holds for state wherever it is kept: one suite for memory, SQLite, Redis and Firestore."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeproof.errors import StoreError
from pipeproof.ports import KeyValue
from pipeproof.store.keyvalue.checked import LONGEST_KEY, LONGEST_NAMESPACE, MOST_BYTES
from pipeproof.store.keyvalue.opening import open_keyvalue

ODD = [
    "/",
    "a/b",
    ".",
    "..",
    "__name__",
    "a:b",
    "a%3Ab",
    "*",
    "?",
    "[a]",
    "\\",
    "%",
    "_",
    " ",
    "\n",
    "\0",
    "'; DROP TABLE items; --",
    "ä",
    "a\u0308",
    "\U0001d518",
    "\uffff",
    "\U0010ffff",
]


@dataclass(frozen=True)
class Place:
    """A store of one kind.

    `open` opens it, each time by a handle of its own where it has handles; `strict` says whether its server
    holds conditions on writes; `examples` is how many of Hypothesis's are worth their time.
    """

    open: Callable[[], KeyValue]
    strict: bool = True
    examples: int = 50


@pytest.fixture(
    params=[
        "memory",
        "sqlite",
        pytest.param("redis", marks=pytest.mark.slow),
        pytest.param("firestore", marks=pytest.mark.slow),
    ]
)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    opened: list[KeyValue] = []

    def opening(address: str) -> Callable[[], KeyValue]:
        def at() -> KeyValue:
            if address != "memory:" or not opened:
                opened.append(open_keyvalue(address, root=tmp_path, local=tmp_path / "state.db"))
            return opened[-1]

        return at

    if request.param == "redis":
        port = request.getfixturevalue("redis").port
        yield Place(opening(f"redis://127.0.0.1:{port}/0"), examples=25)
    elif request.param == "firestore":
        emulator = request.getfixturevalue("firestore")
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator.host)
        yield Place(opening("firestore://demo-tests"), emulator.strict, examples=5)
    else:
        yield Place(opening(f"{request.param}:"))
    for store in opened:
        store.close()


@pytest.fixture
def store(place: Place) -> KeyValue:
    return place.open()


@pytest.fixture
def ns() -> str:
    """Return a namespace that no other test uses, as servers outlive tests."""
    return uuid.uuid4().hex


def fails(code: str, call: Callable[[], object]) -> StoreError:
    with pytest.raises(StoreError) as caught:
        call()
    assert {finding.code for finding in caught.value.findings} == {code}
    return caught.value


def wait_until_gone(store: KeyValue, ns: str, key: str) -> None:
    until = time.monotonic() + 30
    while store.get(ns, key) is not None:
        assert time.monotonic() < until, f"{key} did not expire"
        time.sleep(0.01)


keys = st.one_of(
    st.sampled_from(ODD),
    st.text(st.sampled_from("ab:/*é"), min_size=1, max_size=3),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5),
)
values = st.binary(max_size=20)
maybe = st.one_of(st.none(), st.sampled_from([b"", b"1", b"2"]))
operations = st.one_of(
    st.tuples(st.just("put_many"), st.dictionaries(keys, values, max_size=3)),
    st.tuples(st.just("put"), st.sampled_from("abc"), st.sampled_from([b"", b"1", b"2"])),
    st.tuples(st.just("swap"), st.sampled_from("abc"), maybe, maybe),
    st.tuples(st.just("delete"), st.lists(keys, max_size=3)),
    st.tuples(st.just("keys"), st.one_of(st.just(""), keys)),
)


def apply(store: KeyValue, ns: str, operation: tuple[object, ...]) -> object:
    match operation:
        case ("put_many", items):
            return store.put_many(ns, items)
        case ("put", key, value):
            return store.put(ns, key, value)
        case ("swap", key, old, new):
            return store.swap(ns, key, old, new)
        case ("delete", some):
            return store.delete(ns, *some)
        case ("keys", prefix):
            return sorted(store.keys(ns, prefix))
    raise AssertionError(operation)


def apply_to_dict(state: dict[str, bytes], operation: tuple[object, ...]) -> object:
    match operation:
        case ("put_many", items):
            state.update(items)
        case ("put", key, value):
            state[key] = value
        case ("swap", key, old, new):
            if state.get(key) != old:
                return False
            state.pop(key, None)
            state.update({} if new is None else {key: new})
            return True
        case ("delete", some):
            return len([state.pop(key) for key in set(some) if key in state])
        case ("keys", prefix):
            return sorted(key for key in state if key.startswith(prefix))
    return None


def test_a_store_does_what_a_dictionary_does(place):
    store = place.open()

    @settings(max_examples=place.examples, suppress_health_check=list(HealthCheck))
    @given(st.lists(operations, max_size=8))
    def law(some):
        ns, state = uuid.uuid4().hex, {}
        for operation in some:
            assert apply(store, ns, operation) == apply_to_dict(state, operation)
        assert store.get_many(ns, [*state, "absent"]) == state
        assert sorted(store.keys(ns)) == sorted(state)

    law()


def test_any_key_and_any_bytes_come_back_as_they_were(store, ns):
    items = {key: key.encode() + bytes(range(256)) for key in ODD}
    for key, value in items.items():
        store.put(ns, key, value)
    assert {key: store.get(ns, key) for key in ODD} == items
    assert sorted(store.keys(ns)) == sorted(ODD)


def test_keys_of_a_thousand_characters_are_told_apart_by_the_last(store, ns):
    longest = ["\U0001d518" * (LONGEST_KEY - 1) + last for last in ("x", "y", "\U0001d518")]
    store.put_many(ns, {key: key[-1].encode() for key in longest})
    assert [store.get(ns, key) for key in longest] == [b"x", b"y", "\U0001d518".encode()]
    assert sorted(store.keys(ns, longest[0][:-1])) == sorted(longest)
    assert list(store.keys(ns, longest[1])) == [longest[1]]


def test_namespaces_never_mix(store, ns):
    spaces = [ns, f"{ns}:a", f"{ns}%3Aa", f"{ns}/keys/a", f"{ns}*", f"__{ns}__", f"{ns}." + "é" * 60]
    for number, space in enumerate(spaces):
        store.put_many(space, {"k": str(number).encode(), "a:k": b"other"})
    assert [store.get(space, "k") for space in spaces] == [str(n).encode() for n in range(len(spaces))]
    assert store.delete(spaces[0], "k", "a:k") == 2
    assert [sorted(store.keys(space)) for space in spaces[1:]] == [["a:k", "k"]] * (len(spaces) - 1)


def test_namespaces_called_like_folders_are_only_names(store):
    for space in (".", "..", "/", "x" * LONGEST_NAMESPACE):
        key = uuid.uuid4().hex
        store.put(space, key, b"1")
        assert store.get(space, key) == b"1"


def test_more_keys_than_a_page_are_each_told_once(place, ns):
    if not place.strict:
        pytest.skip("this emulator of Firestore takes seconds for a page")
    store = place.open()
    items = {f"{group}/{number:04}": b"1" for group in "ab" for number in range(1100)}
    store.put_many(ns, items)
    assert sorted(store.keys(ns, "a/")) == sorted(key for key in items if key < "b")
    assert len(list(store.keys(ns))) == 2200
    assert store.get_many(ns, [*items, "absent"]) == items
    assert store.delete(ns, *items) == 2200
    assert list(store.keys(ns)) == []


def test_a_value_has_at_most_a_million_bytes(store, ns):
    largest = bytes(range(250)) * (MOST_BYTES // 250)
    store.put(ns, "k" * LONGEST_KEY, largest)
    assert store.get(ns, "k" * LONGEST_KEY) == largest
    assert store.swap(ns, "k" * LONGEST_KEY, largest, largest[:-1] + b"x")
    fails("PPF542", lambda: store.put(ns, "k", largest + b"x"))
    fails("PPF542", lambda: store.swap(ns, "k", None, largest + b"x"))
    assert store.get(ns, "k") is None


def test_many_large_values_go_together(store, ns):
    items = {f"k{number}": bytes([number]) * 950_000 for number in range(12)}
    store.put_many(ns, items)
    assert store.get_many(ns, items) == items


@pytest.mark.parametrize(
    ("namespace", "key"),
    [
        ("", "k"),
        ("n", ""),
        ("n" * (LONGEST_NAMESPACE + 1), "k"),
        ("n", "k" * (LONGEST_KEY + 1)),
        ("n", "\udcff"),
    ],
    ids=["no namespace", "no key", "long namespace", "long key", "half a character"],
)
def test_names_that_no_store_takes_are_refused_by_each_method(store, namespace, key):
    fails("PPF541", lambda: store.get(namespace, key))
    fails("PPF541", lambda: store.get_many(namespace, [key]))
    fails("PPF541", lambda: store.put(namespace, key, b""))
    fails("PPF541", lambda: store.put_many(namespace, {key: b""}))
    fails("PPF541", lambda: store.swap(namespace, key, None, b""))
    fails("PPF541", lambda: store.delete(namespace, key))


@pytest.mark.parametrize("value", ["text", 5, None, {"a": 1}, bytearray(b"1")])
def test_a_value_is_bytes(store, ns, value):
    fails("PPF541", lambda: store.put(ns, "k", value))
    if value is not None:
        fails("PPF541", lambda: store.swap(ns, "k", None, value))
        fails("PPF541", lambda: store.swap(ns, "k", value, b"1"))


def test_a_key_is_a_text(store, ns):
    fails("PPF541", lambda: store.get(ns, 5))
    fails("PPF541", lambda: store.get(None, "k"))


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_written(store, ns):
    error = fails("PPF541", lambda: store.put_many(ns, {"fine": b"1", "": b"2", "x" * 1001: b"3"}, expires=0))
    assert len(error.findings) == 3
    assert all(finding.fix for finding in error.findings)
    assert store.get(ns, "fine") is None


@pytest.mark.parametrize("expires", [0, -1, float("nan"), float("inf"), 1e12])
def test_an_expiry_is_a_time_that_comes(store, ns, expires):
    fails("PPF541", lambda: store.put(ns, "k", b"1", expires=expires))
    fails("PPF541", lambda: store.swap(ns, "k", None, b"1", expires=expires))


def test_nothing_asked_is_nothing_done(store, ns):
    store.put_many(ns, {})
    assert store.get_many(ns, []) == {}
    assert store.delete(ns) == 0
    assert store.get(ns, "k") is None
    assert list(store.keys(ns)) == []


def test_an_item_that_expired_is_gone_for_every_method(store, ns):
    store.put_many(ns, {"a": b"1", "b": b"1", "c": b"1"}, expires=0.05)
    store.put(ns, "stays", b"2", expires=1000)
    for key in "abc":
        wait_until_gone(store, ns, key)
    assert store.get_many(ns, ["a", "b", "stays"]) == {"stays": b"2"}
    assert list(store.keys(ns)) == ["stays"]
    assert store.delete(ns, "a") == 0
    assert not store.swap(ns, "b", b"1", b"2")
    assert store.swap(ns, "b", None, b"3")
    assert store.swap(ns, "c", None, None)
    assert store.get_many(ns, ["a", "b", "c"]) == {"b": b"3"}


def test_an_expiry_goes_with_the_value_that_had_it(store, ns):
    store.put(ns, "put", b"1", expires=0.3)
    store.put(ns, "put", b"2")
    store.put(ns, "swapped", b"1", expires=0.3)
    store.swap(ns, "swapped", b"1", b"2")
    store.put(ns, "mark", b"1", expires=0.35)
    wait_until_gone(store, ns, "mark")
    assert store.get_many(ns, ["put", "swapped"]) == {"put": b"2", "swapped": b"2"}


def test_what_is_swapped_in_may_expire(store, ns):
    assert store.swap(ns, "k", None, b"1", expires=1000)
    assert store.swap(ns, "k", b"1", b"1", expires=0.05)
    wait_until_gone(store, ns, "k")


@pytest.mark.parametrize(
    ("before", "old", "new", "swapped"),
    [
        (None, None, b"n", True),
        (None, b"o", b"n", False),
        (None, None, None, True),
        (None, b"o", None, False),
        (b"o", b"o", b"n", True),
        (b"o", b"x", b"n", False),
        (b"o", None, b"n", False),
        (b"o", b"o", None, True),
        (b"o", b"x", None, False),
        (b"o", None, None, False),
        (b"o", b"o", b"o", True),
        (b"", None, b"n", False),
        (b"", b"", b"n", True),
        (None, b"", b"n", False),
        (b"o", b"o", b"", True),
    ],
)
def test_a_swap_changes_only_what_is_as_it_was(store, ns, before, old, new, swapped):
    if before is not None:
        store.put(ns, "k", before)
    assert store.swap(ns, "k", old, new) is swapped
    assert store.get(ns, "k") == (new if swapped else before)


def test_no_swap_of_many_threads_is_lost(place, ns):
    if not place.strict:
        pytest.skip("this emulator of Firestore holds no conditions on writes")

    def count(store: KeyValue) -> None:
        for _ in range(15):
            while True:
                before = store.get(ns, "n")
                if store.swap(ns, "n", before, str(1 + int(before or 0)).encode()):
                    break

    store = place.open()
    threads = [threading.Thread(target=count, args=(handle,)) for handle in (store, store, place.open())]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get(ns, "n") == b"45"


def test_one_handle_sees_what_another_wrote(place, ns):
    one, other = place.open(), place.open()
    one.put(ns, "k", b"1")
    assert other.swap(ns, "k", b"1", b"2")
    assert one.get(ns, "k") == b"2"


def test_a_store_may_be_closed_twice_and_is_not_used_after(place, ns):
    store = place.open()
    store.close()
    store.close()
    fails("PPF546", lambda: store.get(ns, "k"))
    fails("PPF546", lambda: store.put(ns, "k", b"1"))


def test_a_store_says_where_it_is(store):
    assert ":" in store.address
