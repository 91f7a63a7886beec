"""What is said when a store of state does not answer, refuses, or is something else."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeproof.errors import Finding, PipeproofError
from pipeproof.ports import KeyValue
from pipeproof.store.keyvalue.opening import open_keyvalue, open_or_fall_back
from servers import answering, delaying, free_port, redis_server, silence

LIMIT = 5.0  # what is promised, not how quick it is: each wait of ours is bounded


def opening(address: str, folder: Path = Path("/nonexistent")) -> KeyValue:
    return open_keyvalue(address, root=folder, local=folder / "state.db")


def refused(call: Callable[[], object]) -> Finding:
    with pytest.raises(PipeproofError) as caught:
        call()
    (finding,) = caught.value.findings
    assert finding.fix
    assert caught.value.__cause__ is None, "the cause could show what was sent"
    return finding


@pytest.fixture
def address(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], str]:
    """Return the function that makes an address of a port."""

    def of(port: int) -> str:
        if request.param == "redis":
            return f"redis://:hidden-word@127.0.0.1:{port}/0"
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{port}")
        return "firestore://demo-tests"

    return of


servers = pytest.mark.parametrize("address", ["redis", "firestore"], indirect=True)


@servers
def test_nobody_at_the_port_is_told(address):
    finding = refused(lambda: opening(address(free_port())))
    assert finding.code == "PPF540"
    assert "refused" in finding.what
    assert "hidden-word" not in str(finding)


@servers
@pytest.mark.slow
def test_a_server_that_takes_the_connection_and_never_answers_is_left_in_time(address):
    with silence() as port:
        start = time.monotonic()
        finding = refused(lambda: opening(address(port)))
        assert time.monotonic() - start < LIMIT
    assert (finding.code, "no answer in time" in finding.what) == ("PPF540", True)


def test_what_answers_and_is_no_redis_is_told():
    with answering(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") as port:
        finding = refused(lambda: opening(f"redis://127.0.0.1:{port}"))
    assert finding.code == "PPF546"
    assert "it is no Redis" in finding.what


@pytest.mark.slow
def test_a_redis_is_no_firestore(monkeypatch, redis):
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{redis.port}")
    assert refused(lambda: opening("firestore://demo-tests")).code == "PPF540"


@pytest.mark.slow
def test_a_wrong_password_is_told_and_not_shown():
    with redis_server("--requirepass", "right-word") as server:
        for address in (f"redis://:wrong-word@127.0.0.1:{server.port}", f"redis://127.0.0.1:{server.port}"):
            finding = refused(lambda address=address: opening(address))
            assert finding.code == "PPF545"
            assert "wrong-word" not in repr(finding)
        store = opening(f"redis://:right-word@127.0.0.1:{server.port}")
        assert "right-word" not in store.address
        store.put("n", "k", b"1")
        assert store.get("n", "k") == b"1"
        store.close()


def certificate_for(host: str, folder: Path) -> tuple[Path, Path]:
    """Return the files of a certificate that signs itself, and of its key."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(pem, *plain))
    return folder / "cert.pem", folder / "key.pem"


@pytest.mark.slow
def test_over_tls_only_a_certificate_that_is_trusted_will_do(tmp_path):
    certificate, key = certificate_for("localhost", tmp_path)
    port = free_port()
    tls = ["--tls-port", str(port), "--tls-cert-file", str(certificate), "--tls-key-file", str(key)]
    with redis_server(*tls, "--tls-auth-clients", "no"):
        store = opening(f"rediss://localhost:{port}/0?ca={certificate}")
        store.put("n", "k", b"1")
        assert store.get("n", "k") == b"1"
        store.close()
        finding = refused(lambda: opening(f"rediss://localhost:{port}"))
    assert (finding.code, "certificate" in finding.what) == ("PPF540", True)


@pytest.mark.slow
def test_a_password_holds_any_characters_when_they_are_quoted():
    with redis_server("--requirepass", "p@ss/w:rd%#") as server:
        store = opening(f"redis://:p%40ss%2Fw%3Ard%25%23@127.0.0.1:{server.port}/3")
        store.put("n", "k", b"1")
        assert store.get("n", "k") == b"1"
        store.close()


@pytest.mark.slow
def test_a_database_that_the_server_does_not_have_is_told(redis):
    assert refused(lambda: opening(f"redis://127.0.0.1:{redis.port}/999")).code == "PPF546"


@pytest.mark.slow
def test_a_user_without_permission_is_told_and_may_do_what_is_permitted():
    with redis_server(*["--user", "ann", "on", ">word", "~*", "+@read", "+@connection"]) as server:
        store = opening(f"redis://ann:word@127.0.0.1:{server.port}")
        assert store.get("n", "k") is None
        assert refused(lambda: store.put("n", "k", b"1")).code == "PPF545"
        store.close()


@pytest.mark.slow
def test_a_server_without_memory_left_is_told():
    with redis_server("--maxmemory", "1") as server:
        store = opening(f"redis://127.0.0.1:{server.port}")
        finding = refused(lambda: store.put("n", "k", b"1"))
        assert (finding.code, "maxmemory" in finding.what) == ("PPF546", True)
        store.close()


@pytest.mark.slow
def test_a_replica_that_takes_no_writes_is_told():
    with redis_server("--replicaof", "127.0.0.1", str(free_port())) as server:
        store = opening(f"redis://127.0.0.1:{server.port}")
        assert store.get("n", "k") is None
        assert refused(lambda: store.put("n", "k", b"1")).code == "PPF546"
        store.close()


@pytest.mark.slow
def test_a_server_killed_in_the_middle_is_an_error_and_the_same_store_goes_on_after_its_restart():
    with redis_server() as server:
        store = opening(f"redis://127.0.0.1:{server.port}")
        store.put("n", "k", b"1")
        put = store.swap("n", "k", b"1", b"2")
        server.kill()
        assert put
        for call in (
            lambda: store.put("n", "k", b"1"),
            lambda: store.get("n", "k"),
            lambda: store.swap("n", "k", None, b"1"),
            lambda: store.delete("n", "k"),
            lambda: list(store.keys("n")),
        ):
            assert refused(call).code == "PPF540"
        server.start()
        store.put("n", "k", b"3")
        assert store.get("n", "k") == b"3"
        store.close()


@pytest.mark.slow
def test_puts_that_run_while_the_server_is_killed_end_in_one_clear_error():
    with redis_server() as server:
        store = opening(f"redis://127.0.0.1:{server.port}")
        done: list[str] = []

        def put_for_ever() -> None:
            for number in range(10**9):
                store.put("n", f"{number}", b"x" * 100)
                done.append(f"{number}")
                if number == 200:
                    threading.Thread(target=server.kill).start()

        assert refused(put_for_ever).code == "PPF540"
        assert len(done) > 200
        store.close()


@pytest.mark.slow
def test_a_connection_that_breaks_between_two_questions_is_made_anew():
    with redis_server() as server:
        store = opening(f"redis://127.0.0.1:{server.port}")
        store.put("n", "k", b"1")
        server.kill()
        server.start()
        assert store.swap("n", "k", None, b"2"), "though a swap is never asked twice"
        assert store.get("n", "k") == b"2"
        store.close()


@pytest.mark.slow
def test_a_slow_server_is_slow_and_right(redis):
    with delaying(redis.port, 0.05) as port:
        store = opening(f"redis://127.0.0.1:{port}")
        items = {f"{number}": b"x" * 1000 for number in range(300)}
        store.put_many("slow", items)
        assert store.get_many("slow", items) == items
        store.close()


@pytest.mark.slow
def test_a_server_that_becomes_too_slow_is_left_in_time(redis):
    with delaying(redis.port, 20.0) as port:
        start = time.monotonic()
        assert refused(lambda: opening(f"redis://127.0.0.1:{port}")).code == "PPF540"
        assert time.monotonic() - start < LIMIT


CREDENTIALS = """
import time
from pathlib import Path
from pipeproof.errors import StoreError
from pipeproof.store.keyvalue.opening import open_keyvalue
start = time.monotonic()
try:
    open_keyvalue("gcp://my-project", root=Path(), local=Path())
except StoreError as error:
    print(error.findings[0].code, time.monotonic() - start)
"""


@pytest.mark.slow
def test_missing_credentials_are_told_in_time_though_a_network_swallows_questions(tmp_path):
    with silence() as port:
        host = f"127.0.0.1:{port}"
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GCE_METADATA_IP": host}
        done = subprocess.run(
            [sys.executable, "-c", CREDENTIALS],
            env={**environment, "GCE_METADATA_HOST": host},
            capture_output=True,
            text=True,
            check=True,
        )
    code, seconds = done.stdout.split()
    assert code == "PPF545"
    assert float(seconds) < LIMIT


@pytest.mark.slow
def test_a_firestore_that_goes_away_and_comes_back_is_used_again(firestore, monkeypatch):
    with delaying(firestore.server.port, 0.0) as port:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{port}")
        store = opening("firestore://demo-tests")
        store.put("away", "k", b"1")
    assert refused(lambda: store.get("away", "k")).code == "PPF540"
    assert refused(lambda: store.swap("away", "k", b"1", b"2")).code == "PPF540"
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore.host)
    assert store.get("away", "k") == b"1"
    store.close()


def test_a_fallback_stands_in_only_when_it_is_allowed_and_says_so(tmp_path):
    address = f"redis://:hidden-word@127.0.0.1:{free_port()}"
    local = tmp_path / "state.db"
    opened = open_or_fall_back(address, root=tmp_path, local=local, fallback="local")
    opened.store.put("n", "k", b"1")
    opened.store.close()
    assert local.exists()
    assert opened.fell_back is not None
    assert (opened.fell_back.code, opened.fell_back.severity) == ("PPF547", "warning")
    assert "hidden-word" not in str(opened.fell_back)
    refusal = refused(lambda: open_or_fall_back(address, root=tmp_path, local=local, fallback="none"))
    assert refusal.code == "PPF540"


@pytest.mark.slow
def test_a_fallback_hides_no_wrong_password(tmp_path):
    with redis_server("--requirepass", "right-word") as server:
        address = f"redis://:wrong-word@127.0.0.1:{server.port}"
        finding = refused(
            lambda: open_or_fall_back(address, root=tmp_path, local=tmp_path / "s.db", fallback="local")
        )
    assert finding.code == "PPF545"
    assert not (tmp_path / "s.db").exists()


def test_nothing_is_said_of_a_fallback_that_was_not_needed(tmp_path):
    opened = open_or_fall_back("local", root=tmp_path, local=tmp_path / "state.db", fallback="local")
    opened.store.close()
    assert opened.fell_back is None
