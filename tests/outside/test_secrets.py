"""Sealing, the key file and KMS, with the attacks on each."""

from __future__ import annotations

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.outside import aws
from chalicelib.outside.secrets import Box, KeyFile, KeyUnavailable, Kms, Unsealable, key_number, wrapper
from chalicelib.settings import Settings
from tests.engines import free_port

DATA_KEY = bytes(range(32))
HERE = "U#pool#sub|.PASSWORD"


class TestBox:
    @pytest.mark.parametrize("plain", [b"", b"x", os.urandom(5000)], ids=["nothing", "a byte", "5,000 bytes"])
    def test_what_is_sealed_opens_again(self, plain):
        box = Box(DATA_KEY)

        sealed = box.seal(plain, HERE)

        assert box.open(sealed, HERE) == plain

    def test_a_sealed_value_has_version_key_number_nonce_and_tag(self):
        sealed = Box(DATA_KEY, 7).seal(b"four", HERE)

        assert sealed[:5] == b"\x01\x00\x00\x00\x07"
        assert len(sealed) == 1 + 4 + 12 + 4 + 16
        assert key_number(sealed) == 7

    def test_the_same_value_is_never_sealed_to_the_same_bytes(self):
        box = Box(DATA_KEY)

        assert len({box.seal(b"same", HERE) for _ in range(100)}) == 100

    def test_a_value_moved_to_another_item_stays_shut(self):
        box = Box(DATA_KEY)
        sealed = box.seal(b"the victim's verifier", HERE)

        with pytest.raises(Unsealable):
            box.open(sealed, "U#pool#attacker|.PASSWORD")

    def test_another_key_does_not_open_it(self):
        sealed = Box(DATA_KEY).seal(b"secret", HERE)

        with pytest.raises(Unsealable):
            Box(os.urandom(32)).open(sealed, HERE)

    def test_the_same_key_under_another_number_does_not_open_it(self):
        sealed = Box(DATA_KEY, 1).seal(b"secret", HERE)

        with pytest.raises(Unsealable):
            Box(DATA_KEY, 2).open(sealed, HERE)

    def test_every_single_changed_bit_is_noticed(self):
        box = Box(DATA_KEY)
        sealed = box.seal(b"secret", HERE)

        for place in range(len(sealed) * 8):
            altered = bytearray(sealed)
            altered[place // 8] ^= 1 << place % 8
            with pytest.raises(Unsealable):
                box.open(bytes(altered), HERE)

    def test_every_cut_and_every_addition_is_noticed(self):
        box = Box(DATA_KEY)
        sealed = box.seal(b"secret", HERE)

        for wrong in [sealed[:end] for end in range(len(sealed))] + [sealed + b"\0", b"\0" + sealed, sealed[1:]]:
            with pytest.raises(Unsealable):
                box.open(wrong, HERE)

    def test_derived_keys_differ_by_purpose_and_by_data_key(self):
        keys = [Box(DATA_KEY).derived("code"), Box(DATA_KEY).derived("refresh"), Box(os.urandom(32)).derived("code")]

        assert len({*keys, DATA_KEY}) == 4
        assert all(len(key) == 32 for key in keys)
        assert Box(DATA_KEY).derived("code") == keys[0]

    @pytest.mark.parametrize("length", [0, 16, 31, 33])
    def test_a_data_key_of_another_length_is_refused(self, length):
        with pytest.raises(ValueError, match="32 bytes"):
            Box(bytes(length))


class TestKeyNumber:
    @pytest.mark.parametrize("sealed", [b"", b"\x01", bytes(32), b"\x02" + bytes(32), b"\xff" * 40])
    def test_what_is_not_in_our_form_is_refused(self, sealed):
        with pytest.raises(Unsealable):
            key_number(sealed)


class TestKeyFile:
    def test_a_missing_file_is_made_for_its_owner_alone(self, tmp_path):
        path = tmp_path / "deep" / "key"

        wrapped = KeyFile(path).wrap(DATA_KEY)

        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.stat().st_size == 32
        assert list(path.parent.iterdir()) == [path]
        assert KeyFile(path).unwrap(wrapped) == DATA_KEY
        assert DATA_KEY not in wrapped

    def test_a_file_that_is_there_is_kept(self, tmp_path):
        path = tmp_path / "key"
        wrapped = KeyFile(path).wrap(DATA_KEY)
        before = path.read_bytes()

        KeyFile(path).wrap(DATA_KEY)

        assert path.read_bytes() == before
        assert KeyFile(path).unwrap(wrapped) == DATA_KEY

    def test_many_makers_at_once_agree_on_one_key(self, tmp_path):
        path = tmp_path / "key"

        with ThreadPoolExecutor(16) as pool:
            wrapped = list(pool.map(lambda _: KeyFile(path).wrap(DATA_KEY), range(16)))

        assert [KeyFile(path).unwrap(blob) for blob in wrapped] == [DATA_KEY] * 16
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o666, 0o610])
    def test_a_file_open_to_others_is_refused_with_the_way_out(self, tmp_path, mode):
        path = tmp_path / "key"
        wrapped = KeyFile(path).wrap(DATA_KEY)
        path.chmod(mode)

        with pytest.raises(KeyUnavailable, match="chmod 600"):
            KeyFile(path).unwrap(wrapped)
        with pytest.raises(KeyUnavailable, match="chmod 600"):
            KeyFile(path).wrap(DATA_KEY)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
    def test_a_file_of_another_account_is_refused_and_one_of_ours_is_not(self, tmp_path):
        path = tmp_path / "key"
        wrapped = KeyFile(path).wrap(DATA_KEY)
        os.chown(path, 12345, 12345)

        with pytest.raises(KeyUnavailable, match="another account"):
            KeyFile(path).unwrap(wrapped)

    @pytest.mark.parametrize("length", [0, 31, 33, 64])
    def test_a_file_of_another_length_is_refused(self, tmp_path, length):
        path = tmp_path / "key"
        path.touch(0o600)
        path.write_bytes(bytes(length))

        with pytest.raises(KeyUnavailable, match="exactly 32 bytes"):
            KeyFile(path).wrap(DATA_KEY)

    def test_opening_never_makes_a_new_file(self, tmp_path):
        path = tmp_path / "key"
        wrapped = KeyFile(path).wrap(DATA_KEY)
        path.unlink()

        with pytest.raises(KeyUnavailable, match="cannot be read"):
            KeyFile(path).unwrap(wrapped)
        assert not path.exists()

    def test_another_key_file_does_not_open_it(self, tmp_path):
        wrapped = KeyFile(tmp_path / "one").wrap(DATA_KEY)
        KeyFile(tmp_path / "two").wrap(DATA_KEY)

        with pytest.raises(KeyUnavailable, match="did not wrap"):
            KeyFile(tmp_path / "two").unwrap(wrapped)

    def test_every_altered_or_cut_byte_is_noticed(self, tmp_path):
        file = KeyFile(tmp_path / "key")
        wrapped = file.wrap(DATA_KEY)
        altered = [wrapped[:i] + bytes([wrapped[i] ^ 1]) + wrapped[i + 1 :] for i in range(len(wrapped))]

        for wrong in altered + [wrapped[:end] for end in range(len(wrapped))]:
            with pytest.raises(KeyUnavailable):
                file.unwrap(wrong)


class TestWrapper:
    def test_without_any_key_nothing_can_be_sealed(self):
        with pytest.raises(ValueError, match=r"LATCHKEY_KMS_KEY .* LATCHKEY_KEY_FILE"):
            wrapper(Settings())

    def test_a_key_file_is_taken_when_it_is_named(self, tmp_path):
        assert isinstance(wrapper(Settings(key_file=str(tmp_path / "key"))), KeyFile)

    def test_kms_comes_before_a_key_file(self, tmp_path):
        assert isinstance(wrapper(Settings(kms_key="alias/latchkey", key_file=str(tmp_path / "key"))), Kms)


@pytest.fixture
def kms_key(in_aws):
    return aws.client("kms", "us-east-1").create_key(Description="latchkey")["KeyMetadata"]["KeyId"]


class TestKms:
    def test_what_is_wrapped_unwraps_again(self, kms_key):
        kms = Kms(kms_key, "latchkey", "us-east-1")

        wrapped = kms.wrap(DATA_KEY)

        assert DATA_KEY not in wrapped
        assert kms.unwrap(wrapped) == DATA_KEY

    def test_a_data_key_copied_to_another_table_stays_shut(self, kms_key):
        wrapped = Kms(kms_key, "latchkey", "us-east-1").wrap(DATA_KEY)

        with pytest.raises(KeyUnavailable, match="InvalidCiphertext"):
            Kms(kms_key, "other", "us-east-1").unwrap(wrapped)

    def test_every_call_names_key_and_table_so_that_kms_refuses_a_planted_data_key(self, kms_key):
        """KMS itself compares the key; the emulator does not, so what is sent to it is looked at."""
        sent = []
        events = aws.client("kms", "us-east-1").meta.events
        events.register("before-send.kms", lambda request, **_: sent.append(json.loads(request.body)))
        kms = Kms(kms_key, "latchkey", "us-east-1")

        kms.unwrap(kms.wrap(DATA_KEY))

        assert [call["KeyId"] for call in sent] == [kms_key, kms_key]
        assert [call["EncryptionContext"] for call in sent] == [{"latchkey:table": "latchkey"}] * 2

    def test_what_kms_never_made_is_refused(self, kms_key):
        with pytest.raises(KeyUnavailable, match="InvalidCiphertext"):
            Kms(kms_key, "latchkey", "us-east-1").unwrap(os.urandom(96))

    def test_a_key_that_does_not_exist_is_named_by_the_errors_code_alone(self, in_aws):
        with pytest.raises(KeyUnavailable, match=r"^KMS encrypt was refused: NotFoundException\.$"):
            Kms("00000000-0000-0000-0000-000000000000", "latchkey", "us-east-1").wrap(DATA_KEY)

    def test_kms_out_of_reach_is_an_error_and_never_a_key(self, configured):
        configured(
            AWS_ENDPOINT_URL_KMS=f"http://127.0.0.1:{free_port()}", AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x"
        )

        with pytest.raises(KeyUnavailable, match="EndpointConnectionError"):
            Kms("alias/latchkey", "latchkey", "us-east-1").wrap(DATA_KEY)
