"""The data keys of a table: their first making, what is sealed under them, and what callers try with sealed texts."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from secrets import token_bytes
from threading import Barrier

import pytest

from chalicelib import settings
from chalicelib.flows import vault
from chalicelib.flows.vault import Expired, Unsealable
from chalicelib.outside import aws
from chalicelib.outside.secrets import KeyUnavailable, wrapper
from chalicelib.table import store
from chalicelib.table.items import DataKey
from tests import engines
from tests.outside import ministack

NOW = 1_800_000_000.0
HERE = "U#pool#sub|.PASSWORD"


@pytest.fixture(scope="module")
def engine():
    if reason := engines.missing("dynoxide"):
        pytest.skip(reason)
    with engines.running("dynoxide") as found, engines.in_use(found):
        yield found


@pytest.fixture
def table(engine, monkeypatch, tmp_path):
    """A table without data keys, and a key file of its own."""
    monkeypatch.delenv("LATCHKEY_KMS_KEY", raising=False)
    monkeypatch.setenv("LATCHKEY_KEY_FILE", str(tmp_path / "key"))
    started_anew()
    yield engine
    monkeypatch.undo()
    started_anew()
    store.remove_all([DataKey.at(id=str(number)) for number in (1, 2, 3)])


def started_anew():
    """What a new process begins with."""
    settings.current.cache_clear()
    aws.forget()
    vault.forget()


def add_key(number):
    wrapped = wrapper(settings.current()).wrap(token_bytes(32))
    store.save(DataKey.new({"id": str(number)}, wrapped=wrapped, created_at=NOW), "data key")


class TestFirstUse:
    def test_a_data_key_is_made_and_stored_only_wrapped(self, table):
        sealed = vault.seal(b"secret", HERE)

        item = store.get(DataKey, id="1")
        assert item is not None
        assert wrapper(settings.current()).unwrap(item.wrapped) not in item.wrapped
        assert vault.open(sealed, HERE) == b"secret"

    def test_what_was_sealed_for_one_item_does_not_open_for_another(self, table):
        """The attack: the secret of one client copied into the item of another."""
        one, other = DataKey.new({"id": "8"}), DataKey.new({"id": "9"})

        sealed = vault.seal_for(one, b"secret")

        assert vault.open_for(one, sealed) == vault.open(sealed, f"{one.pk}|{one.sk}") == b"secret"
        with pytest.raises(Unsealable):
            vault.open_for(other, sealed)

    def test_a_later_process_opens_what_an_earlier_one_sealed(self, table):
        sealed, digest = vault.seal(b"secret", HERE), vault.mac("code", b"123456")

        started_anew()

        assert vault.open(sealed, HERE) == b"secret"
        assert vault.mac("code", b"123456") == digest

    def test_many_makers_at_once_agree_on_one_key(self, table):
        rings = [vault._Ring() for _ in range(8)]
        start = Barrier(len(rings))

        def sealed_by(ring):
            start.wait()
            return ring.newest().seal(b"secret", HERE)

        with ThreadPoolExecutor(len(rings)) as pool:
            sealed = list(pool.map(sealed_by, rings))

        assert [vault.open(value, HERE) for value in sealed] == [b"secret"] * len(rings)

    def test_processes_started_at_once_agree_on_one_key(self, table):
        program = "from chalicelib.flows import vault; print(vault.mac('code', b'123456').hex())"
        command = [sys.executable, "-c", program]
        started = [
            subprocess.Popen(command, cwd=engines.ROOT, env=os.environ, stdout=subprocess.PIPE) for _ in range(3)
        ]

        digests = {process.communicate(timeout=60)[0].strip() for process in started}

        assert digests == {vault.mac("code", b"123456").hex().encode()}

    def test_another_key_file_does_not_open_the_table(self, table, monkeypatch, tmp_path):
        vault.seal(b"secret", HERE)
        monkeypatch.setenv("LATCHKEY_KEY_FILE", str(tmp_path / "other"))
        started_anew()

        with pytest.raises(KeyUnavailable):
            vault.seal(b"secret", HERE)

    def test_without_any_key_nothing_is_sealed(self, table, monkeypatch):
        monkeypatch.delenv("LATCHKEY_KEY_FILE")
        started_anew()

        with pytest.raises(ValueError, match="LATCHKEY_KEY_FILE"):
            vault.seal(b"secret", HERE)
        assert store.get(DataKey, id="1") is None

    def test_warm_calls_read_nothing(self, table):
        vault.opened_text("session", vault.sealed_text("session", {}, NOW, 60), NOW)
        vault.mac("code", b"")

        with store.counted() as trips:
            vault.open(vault.seal(b"secret", HERE), HERE)
            vault.opened_text("session", vault.sealed_text("session", {}, NOW, 60), NOW)
            vault.mac("code", b"123456")

        assert trips.calls == []


class TestKmsCalls:
    @pytest.fixture
    def kms_calls(self, table, monkeypatch, tmp_path_factory):
        """The names of the KMS operations that are called, as they are called."""
        if reason := ministack.missing():
            pytest.skip(reason)
        with ministack.running(tmp_path_factory.mktemp("ministack")) as emulator:
            for name, value in emulator.environment.items():
                monkeypatch.setenv(name, value)
            client = aws.client("kms", settings.current().region)
            monkeypatch.setenv("LATCHKEY_KMS_KEY", client.create_key()["KeyMetadata"]["KeyId"])
            settings.current.cache_clear()
            calls = []
            client.meta.events.register("before-send.kms", lambda request, **_: calls.append(target(request)))
            yield calls

    def test_a_cold_burst_asks_kms_once_to_wrap_and_once_to_unwrap(self, kms_calls):
        start = Barrier(16)

        def seal(_):
            start.wait()
            return vault.seal(b"secret", HERE)

        with ThreadPoolExecutor(16) as pool:
            sealed = list(pool.map(seal, range(16)))

        assert kms_calls == ["Encrypt", "Decrypt"]
        assert {vault.open(value, HERE) for value in sealed} == {b"secret"}
        assert len(kms_calls) == 2


def target(request):
    value = request.headers["X-Amz-Target"]
    return (value.decode() if isinstance(value, bytes) else value).partition(".")[2]


class TestSeal:
    def test_a_value_moved_to_another_item_stays_shut(self, table):
        sealed = vault.seal(b"secret", HERE)

        with pytest.raises(Unsealable):
            vault.open(sealed, "U#pool#attacker|.PASSWORD")

    def test_a_sealed_text_is_no_sealed_value(self, table):
        with pytest.raises(Unsealable):
            vault.open(vault.sealed_bytes("session", {}, NOW, 60), "session")

    @pytest.mark.parametrize("sealed", [b"", b"\x01\x00\x00\x00\x01", bytes(64), b"\x01\x00\x00\x00\x00" + bytes(28)])
    def test_what_was_never_sealed_is_refused(self, table, sealed):
        with pytest.raises(Unsealable):
            vault.open(sealed, HERE)


class TestMac:
    def test_it_is_a_keyed_digest_of_its_purpose(self, table):
        digests = [vault.mac("code", b"1"), vault.mac("code", b"2"), vault.mac("refresh", b"1")]

        assert len(set(digests)) == 3
        assert all(len(digest) == 32 for digest in digests)
        assert vault.mac("code", b"1") == digests[0]

    def test_it_outlives_a_new_data_key(self, table):
        before = vault.mac("code", b"123456")
        add_key(2)
        vault.forget()
        vault._ring.box(2)

        assert vault.mac("code", b"123456") == before


class TestNewDataKey:
    def test_old_values_still_open_and_new_ones_are_under_the_new_key(self, table):
        old = vault.seal(b"old", HERE), vault.sealed_text("session", {"n": 1}, NOW, 60)
        add_key(2)
        other = vault._Ring()
        other.box(2)
        new = other.newest().seal(b"new", HERE)

        assert new[4] == 2
        assert vault.open(new, HERE) == b"new"
        assert vault.seal(b"newer", HERE)[4] == 2
        assert vault.open(old[0], HERE) == b"old"
        assert vault.opened_text("session", old[1], NOW) == {"n": 1}

    def test_invented_key_numbers_do_not_buy_a_read_each(self, table):
        sealed = vault.seal(b"secret", HERE)
        inventions = [b"\x01" + number.to_bytes(4, "big") + sealed[5:] for number in (2, 3, 9, 2**31, 2**32 - 1)] * 20

        with store.counted() as trips:
            for invented in inventions:
                with pytest.raises(Unsealable):
                    vault.open(invented, HERE)

        assert len(trips.calls) <= 2

    def test_a_key_made_a_moment_after_it_was_asked_for_is_found(self, table, monkeypatch):
        monkeypatch.setattr(vault, "_PAUSE", 0.0)
        vault.seal(b"secret", HERE)
        with pytest.raises(Unsealable):
            vault._ring.box(2)

        add_key(2)

        assert vault._ring.box(2) is vault._ring.newest()


VALUES = [
    {},
    {"challenge": "PASSWORD_VERIFIER", "user": "ann", "tries": 0, "nested": {"list": [1, 2.5, None, True]}},
    {"username": "żółć 🙂", "lone surrogate": "\ud800"},
]


class TestSealedText:
    @pytest.mark.parametrize("value", VALUES)
    def test_what_is_sealed_opens_again(self, table, value):
        text = vault.sealed_text("session", value, NOW, 180)

        assert vault.opened_text("session", text, NOW + 179.9) == value
        assert 20 <= len(text) <= 4096
        assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

    @pytest.mark.parametrize("value", VALUES)
    def test_bytes_are_sealed_alike(self, table, value):
        sealed = vault.sealed_bytes("secret block", value, NOW, 180)

        assert vault.opened_bytes("secret block", sealed, NOW) == value

    @pytest.mark.parametrize("late", [180, 180.001, 10_000])
    def test_it_ends_with_its_lifetime(self, table, late):
        text = vault.sealed_text("session", {}, NOW, 180)

        with pytest.raises(Expired):
            vault.opened_text("session", text, NOW + late)

    def test_one_from_a_clock_far_ahead_is_refused(self, table):
        text = vault.sealed_text("session", {}, NOW + 3600, 180)

        with pytest.raises(Expired):
            vault.opened_text("session", text, NOW)

    def test_one_from_a_clock_a_little_ahead_is_taken(self, table):
        text = vault.sealed_text("session", {"n": 1}, NOW + 60, 180)

        assert vault.opened_text("session", text, NOW) == {"n": 1}

    def test_one_purpose_does_not_stand_in_for_another(self, table):
        text = vault.sealed_text("session", {"challenge": "NEW_PASSWORD_REQUIRED"}, NOW, 180)
        block = vault.sealed_bytes("secret block", {}, NOW, 180)

        with pytest.raises(Unsealable):
            vault.opened_text("secret block", text, NOW)
        with pytest.raises(Unsealable):
            vault.opened_bytes("session", block, NOW)

    def test_every_changed_character_is_noticed(self, table):
        text = vault.sealed_text("session", {"n": 1}, NOW, 180)

        for place, character in enumerate(text):
            altered = text[:place] + ("A" if character != "A" else "B") + text[place + 1 :]
            with pytest.raises(Unsealable):
                vault.opened_text("session", altered, NOW)

    def test_another_spelling_of_the_same_bytes_is_refused(self, table):
        """A mark against replay is kept by the text: each further spelling would be one more use."""
        texts = [vault.sealed_text("session", {"n": "x" * length}, NOW, 180) for length in range(3)]
        longer = next(text for text in texts if len(text) % 4 == 2)
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        respelled = longer[:-1] + alphabet[alphabet.index(longer[-1]) + 1]
        assert base64.urlsafe_b64decode(respelled + "==") == base64.urlsafe_b64decode(longer + "==")

        others = [longer + "==", longer + "\n", " " + longer, longer[:8] + "." + longer[8:]]
        standard = longer.replace("-", "+").replace("_", "/")
        for other in [respelled, *others, *({standard} - {longer})]:
            with pytest.raises(Unsealable):
                vault.opened_text("session", other, NOW)

    @pytest.mark.parametrize("text", ["", "x" * 20, "A" * 4096, "é" * 30, "x" * 10**6, "\ud800" * 20, "=" * 24])
    def test_an_invented_text_is_refused(self, table, text):
        with pytest.raises(Unsealable) as refusal:
            vault.opened_text("session", text, NOW)
        assert not isinstance(refusal.value, Expired)

    def test_what_would_not_fit_into_a_session_is_never_given_out(self, table):
        with pytest.raises(ValueError, match="4096"):
            vault.sealed_text("session", {"n": "x" * 4000}, NOW, 180)
