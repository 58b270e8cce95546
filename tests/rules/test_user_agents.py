"""Devices by their User-Agent, in words that are ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.rules import user_agents

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


class TestDevice:
    @pytest.mark.parametrize(
        ("text", "device"),
        [
            (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/120.0.0.0 Safari/537.36", "Windows, Chrome"),
            (f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/120.0 Safari/537.36 Edg/120.0", "Windows, Edge"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 Version/17 Safari/605", "macOS, Safari"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17 Safari/604.1", "iOS, Safari"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "Linux, Firefox"),
            (f"Mozilla/5.0 (Linux; Android 14) {WEBKIT} Chrome/120.0 Mobile Safari/537.36", "Android, Chrome"),
            ("MyApp/1 CFNetwork/1490.0.4 Darwin/23.2.0", "Apple, app"),
            ("Boto3/1.40.0 md/Botocore#1.40.0 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.11", "Linux, boto3"),
            ("curl/8.5.0", "curl"),
            ("", "unknown"),
            ("<script>alert(1)</script>", "unknown"),
        ],
    )
    def test_is_named_by_system_and_program(self, text, device):
        assert user_agents.device(text) == device

    @given(st.text(max_size=40))
    def test_is_made_of_our_own_words_alone(self, text):
        known = {word for _, word in (*user_agents._SYSTEMS, *user_agents._PROGRAMS)} | {"unknown"}

        assert set(user_agents.device(text).split(", ")) <= known

    def test_of_a_header_without_end_is_read_in_its_beginning(self):
        assert user_agents.device("x" * 5000 + "Firefox/120.0") == "unknown"
