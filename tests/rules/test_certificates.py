"""Certificates for signed SAML requests."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from chalicelib.rules import certificates, jwt

NOW = 1_800_000_000.5


@pytest.fixture(scope="module")
def key():
    return jwt.new_private_key("RS256")


class TestSelfSigned:
    def test_is_good_for_ten_years_and_for_signatures_alone(self, key):
        read = x509.load_der_x509_certificate(certificates.self_signed(key, "us-east-1_x", NOW))

        read.verify_directly_issued_by(read)
        assert read.public_key() == key.public_key()
        assert read.subject.rfc4514_string() == "CN=us-east-1_x"
        assert read.not_valid_before_utc < datetime.fromtimestamp(NOW, UTC)
        assert read.not_valid_after_utc == datetime.fromtimestamp(1_800_000_000, UTC) + timedelta(days=3652.5)
        usage = read.extensions.get_extension_for_class(x509.KeyUsage).value
        assert usage.digital_signature
        assert not usage.key_cert_sign
        assert read.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False

    def test_has_a_number_of_its_own(self, key):
        numbers = {
            x509.load_der_x509_certificate(certificates.self_signed(key, "x", NOW)).serial_number for _ in range(2)
        }

        assert len(numbers) == 2


class TestIsDue:
    @pytest.mark.parametrize(("years", "due"), [(0, False), (8.9, False), (9, True), (11, True)])
    def test_in_the_last_year(self, years, due):
        assert certificates.is_due(NOW, NOW + years * certificates.YEAR) is due
