"""Leaked passwords asked for by range: what is told, what is kept, and sources that misbehave on real sockets."""

import time

import pytest

from chalicelib.outside import breach_ranges
from chalicelib.outside.breach_ranges import Ranges, RangeUnavailable
from tests import ranges

LEAKED, OTHER = "Tr0ub4dor&3", "Correct-Horse-9"


class Clock:
    """The time of a trial, moved by hand."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Answers:
    """What a source says, without a network; counts the questions."""

    def __init__(self, *lines):
        self.lines, self.asked, self.is_down = "\r\n".join(lines).encode(), [], False

    def __call__(self, prefix):
        self.asked.append(prefix)
        if self.is_down:
            raise RangeUnavailable("down")
        return self.lines


def line(password, count=1):
    return f"{ranges.digest(password)[5:]}:{count}"


@pytest.fixture
def clock():
    return Clock()


class TestHas:
    def test_a_hash_on_a_line_has_leaked_and_no_other(self, clock):
        found = Ranges(Answers("0" * 35 + ":3", line(LEAKED, 42), "F" * 35 + ":1"), clock)

        assert found.has(ranges.digest(LEAKED))
        assert not found.has(ranges.digest(OTHER))

    @pytest.mark.parametrize("count", ["0", "00", "", " "])
    def test_padding_is_no_leak(self, clock, count):
        assert not Ranges(Answers(line(LEAKED, count)), clock).has(ranges.digest(LEAKED))

    def test_lower_case_is_understood(self, clock):
        assert Ranges(Answers(line(LEAKED).lower()), clock).has(ranges.digest(LEAKED))

    @pytest.mark.parametrize("text", ["", "<html>", ":", "\x00" * 99, ranges.digest(LEAKED)[5:]])
    def test_junk_is_no_leak(self, clock, text):
        assert not Ranges(Answers(text), clock).has(ranges.digest(LEAKED))


class TestKeeping:
    def test_a_range_is_asked_for_once_in_a_while(self, clock):
        answers = Answers(line(LEAKED))
        found = Ranges(answers, clock)

        for _ in range(10):
            clock.now += breach_ranges.FRESH / 11
            assert found.has(ranges.digest(LEAKED))
        assert answers.asked == [ranges.digest(LEAKED)[:5]]
        clock.now += breach_ranges.FRESH
        found.has(ranges.digest(LEAKED))
        assert len(answers.asked) == 2

    def test_what_is_kept_is_bounded(self, clock):
        found = Ranges(Answers(line(LEAKED)), clock)

        for number in range(1000):
            found.has(f"{number:05X}" + "A" * 35)
        assert len(found._kept) == breach_ranges._MOST_KEPT

    def test_a_source_that_fails_is_left_alone_for_a_while(self, clock):
        answers = Answers(line(LEAKED))
        answers.is_down = True
        found = Ranges(answers, clock)

        for _ in range(100):
            with pytest.raises(RangeUnavailable):
                found.has(ranges.digest(LEAKED))
        assert len(answers.asked) == 1
        clock.now += breach_ranges.PAUSE
        answers.is_down = False
        assert found.has(ranges.digest(LEAKED))

    def test_what_is_kept_serves_while_the_source_fails(self, clock):
        answers = Answers(line(LEAKED))
        found = Ranges(answers, clock)
        found.has(ranges.digest(LEAKED))
        answers.is_down = True

        with pytest.raises(RangeUnavailable):
            found.has("00000" + "A" * 35)
        assert found.has(ranges.digest(LEAKED))

    def test_a_failure_is_logged_without_what_was_asked(self, clock, caplog):
        answers = Answers()
        answers.is_down = True

        with pytest.raises(RangeUnavailable):
            Ranges(answers, clock).has(ranges.digest(LEAKED))
        assert "down" in caplog.text
        assert ranges.digest(LEAKED)[:5] not in caplog.text


class TestFetched:
    @pytest.fixture
    def source(self):
        with ranges.serving() as source:
            source.leaked = {LEAKED}
            yield source

    def test_five_digits_are_all_that_is_told(self, source):
        digest = ranges.digest(LEAKED)

        assert f"{digest[5:]}:42".encode() in breach_ranges.fetched(source.url, digest[:5])
        ((path, headers),) = source.asked
        assert path == f"/range/{digest[:5]}"
        assert headers["add-padding"] == "true"
        assert headers["user-agent"] == "latchkey"
        assert digest[5:12] not in repr(source.asked)

    def test_a_slash_at_the_end_makes_no_difference(self, source):
        breach_ranges.fetched(source.url + "/", "ABCDE")

        assert source.asked[0][0] == "/range/ABCDE"

    @pytest.mark.parametrize("status", [204, 301, 302, 404, 429, 500, 503])
    def test_any_other_status_is_no_answer_and_no_redirect_is_followed(self, source, status):
        source.status = status

        with pytest.raises(RangeUnavailable, match=str(status)):
            breach_ranges.fetched(source.url, "ABCDE")
        assert len(source.asked) == 1

    def test_a_slow_source_is_not_waited_for(self, source):
        source.delay = 3.0
        started = time.monotonic()

        with pytest.raises(RangeUnavailable):
            breach_ranges.fetched(source.url, "ABCDE")
        assert time.monotonic() - started < 2.5

    def test_a_flood_is_not_read_to_its_end(self, source):
        source.flood = breach_ranges.LARGEST

        with pytest.raises(RangeUnavailable, match="too large"):
            breach_ranges.fetched(source.url, "ABCDE")

    def test_nobody_at_the_port_is_no_answer(self, source):
        with ranges.serving() as gone:
            url = gone.url

        with pytest.raises(RangeUnavailable, match="no answer"):
            breach_ranges.fetched(url, "ABCDE")

    @pytest.mark.parametrize(
        "url", ["http://ranges.example/range", "ftp://127.0.0.1/range", "127.0.0.1/range", "file:///etc/passwd", ""]
    )
    def test_a_plain_connection_to_elsewhere_is_never_made(self, url):
        with pytest.raises(RangeUnavailable, match="https"):
            breach_ranges.fetched(url, "ABCDE")
