"""What counts as one client address, and when windows end."""

import pytest

from chalicelib.rules import source_limits


class TestSource:
    @pytest.mark.parametrize(
        ("address", "source"),
        [
            ("192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
            ("2001:0DB8:0001:0002::", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("::ffff:c000:207", "192.0.2.7"),
            ("fe80::1%eth0", "fe80::/64"),
        ],
    )
    def test_an_address_of_four_bytes_is_one_and_a_network_of_64_bits_is_one(self, address, source):
        assert source_limits.source(address) == source

    @pytest.mark.parametrize("text", ["", "test-invoke-source-ip", "192.0.2.7, 10.0.0.1", "192.0.2", "1#2", "x" * 9999])
    def test_what_is_no_address_counts_nowhere(self, text):
        assert source_limits.source(text) == ""

    def test_all_addresses_of_a_home_are_one_source(self):
        found = {source_limits.source(f"2001:db8::{part:x}:{part:x}") for part in range(1, 2000)}

        assert found == {"2001:db8::/64"}


class TestWindowEnd:
    def test_windows_begin_at_multiples_of_their_length(self):
        assert source_limits.window_end(0, 600) == 600
        assert source_limits.window_end(599.999, 600) == 600
        assert source_limits.window_end(600, 600) == 1200

    def test_the_end_is_ahead_and_no_further_than_the_length(self):
        for now in (1_900_000_000.0, 1_900_000_123.4, 1_900_003_599.9):
            for seconds in (60, 600, 3600):
                assert now < source_limits.window_end(now, seconds) <= now + seconds
