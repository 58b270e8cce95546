"""The environment as one object."""

import dataclasses

import pytest

from chalicelib.settings import Settings, current


class TestOf:
    def test_an_empty_environment_gives_the_defaults(self):
        assert Settings.of({}) == Settings()

    def test_names_what_is_different(self):
        found = Settings.of({
            "LATCHKEY_TABLE": "other",
            "AWS_REGION": "eu-central-1",
            "LATCHKEY_BASE_URL": "https://auth.example.com/",
            "LATCHKEY_LOCAL": "1",
            "LATCHKEY_CACHE_SECONDS": "0.5",
            "LATCHKEY_ARGON2_MEMORY_KIB": "65536",
            "LATCHKEY_IMPORT_BUCKET": "uploads-of-ours",
            "LATCHKEY_UPLOADS": "/var/uploads",
            "LATCHKEY_BREACH_RANGE_URL": "https://ranges.example/range",
            "LATCHKEY_TRUSTED_PROXIES": "10.0.0.0/8,192.0.2.1",
        })  # fmt: skip

        assert (found.table, found.region, found.is_local) == ("other", "eu-central-1", True)
        assert found.base_url == "https://auth.example.com"
        assert (found.cache_seconds, found.argon2_memory_kib) == (0.5, 65536)
        assert (found.import_bucket, found.uploads) == ("uploads-of-ours", "/var/uploads")
        assert found.trusted_proxies == ("10.0.0.0/8", "192.0.2.1")
        assert found.breach_range_url == "https://ranges.example/range"

    def test_the_region_is_that_of_the_sdk(self):
        assert Settings.of({"AWS_DEFAULT_REGION": "eu-west-1"}).region == "eu-west-1"
        assert Settings.of({"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-1"}).region == "eu-west-2"

    @pytest.mark.parametrize("text", ["0", "true", "yes", ""])
    def test_only_a_one_makes_a_laptop(self, text):
        assert not Settings.of({"LATCHKEY_LOCAL": text}).is_local

    @pytest.mark.parametrize(
        "name", ["LATCHKEY_CACHE_SECONDS", "LATCHKEY_ARGON2_MEMORY_KIB", "LATCHKEY_ARGON2_ITERATIONS"]
    )
    def test_a_number_that_is_none_is_named(self, name):
        with pytest.raises(ValueError, match=f"{name} must be a number, not 'many'"):
            Settings.of({name: "many"})

    def test_passwords_cost_what_is_recommended_unless_told_otherwise(self):
        found = Settings()

        assert (found.argon2_memory_kib, found.argon2_iterations, found.argon2_parallelism) == (19456, 2, 1)


class TestCurrent:
    def test_is_read_once(self, monkeypatch):
        before = current()
        monkeypatch.setenv("LATCHKEY_TABLE", "changed")

        assert current() is before

    def test_cannot_be_changed(self):
        with pytest.raises(dataclasses.FrozenInstanceError):
            current().table = "other"
