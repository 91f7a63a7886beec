"""Codes of stores of state: settings, addresses, servers."""

from __future__ import annotations

from pipeproof.codes.code import Code

STATE = (
    Code(
        "PPF540",
        "a store cannot be reached",
        "The server that pipeproof.yaml names does not answer within five seconds: it is not there, the network is "
        "cut, or it is too slow. What was asked of it may or may not have been done.",
        "Start it, or correct the address. `fallback: local` lets runs go on with state of this machine alone.",
        example="store: {state: redis://localhost:1}     # in pipeproof.yaml, then `pipeproof store check`",
    ),
    Code(
        "PPF541",
        "no name, value or time for state",
        "Namespaces and keys are texts of 1 to 100 and 1 to 1,000 characters, values are bytes, and an item expires "
        "after more than 0 seconds or never, so that what works with one store works with all.",
        "Shorten the name, for example to a digest, or quote it; encode the value.",
        example='project.keyvalue.put("", "key", b"value")',
    ),
    Code(
        "PPF542",
        "a value is too large for state",
        "Values of state are small: at most 1,000,000 bytes, which every store takes. A document of Firestore holds "
        "1 MiB with all its names.",
        "Put what is large into the object store, and keep its digest as state.",
        example='project.keyvalue.put("models", "last", bytes(2_000_000))',
    ),
    Code(
        "PPF543",
        "no address of a store",
        "What stands under `store: state:` names no store that is known, or its parts are wrong.",
        "Write memory:, sqlite:///state.db, redis://host:6379/0 or firestore://project.",
        example="store: {state: radis://localhost}     # in pipeproof.yaml",
    ),
    Code(
        "PPF544",
        "the library of a store is not installed",
        "Libraries of servers are no part of the core installation, which stays small.",
        "Install the extra that the message names.",
        example="store: {state: redis://localhost}     # after `pip install pipeproof` without extras",
    ),
    Code(
        "PPF545",
        "a store gives no access",
        "The server is there and refuses the user, the password or the credentials, or does not permit this to them; "
        "or a file may not be written.",
        "Check the password, for example in the environment variable that pipeproof.yaml names.",
        example="store: {state: 'redis://:wrong@localhost'}     # in pipeproof.yaml",
    ),
    Code(
        "PPF546",
        "a store cannot be used",
        "Something answers and cannot keep state: another kind of server or file, one of a newer version, a full "
        "memory or disk, or a replica that takes no writes.",
        "Do what the message says; state needs a place of its own.",
        example="store: {state: 'sqlite:///data/shop.db'}     # a database of something else",
    ),
    Code(
        "PPF547",
        "a local store stands in for one that cannot be reached",
        "`fallback: local` in pipeproof.yaml lets runs go on with state of this machine alone. Leases hold on "
        "this machine only, and what others keep is not seen.",
        "Repair the store, or write `fallback: none` so that its absence is an error.",
        example="store: {state: redis://localhost:1, fallback: local}     # in pipeproof.yaml",
    ),
    Code(
        "PPF548",
        "a lease has run out",
        "Its owner did not renew it in time, and another may hold it by now. What both write would mix.",
        "Stop what was done under it. Take a longer lease, or renew it more often.",
        example='held = lease(store, "locks", "publish", "me", seconds=1); time.sleep(2); held.renew()',
    ),
)
