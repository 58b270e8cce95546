"""How large our own records may grow."""

import pytest

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import limits


class TestRefuseTooLarge:
    def test_lets_a_record_pass_that_can_be_stored(self):
        limits.refuse_too_large({"EmailMessage": "x" * (limits.MOST_BYTES - 100)})

    def test_counts_bytes_as_they_are_stored(self):
        with pytest.raises(InvalidParameterException, match="too large"):
            limits.refuse_too_large({"EmailMessage": "ü" * (limits.MOST_BYTES // 6)})
