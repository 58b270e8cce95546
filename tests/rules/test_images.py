"""Images that owners upload."""

import pytest

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import images

SAMPLES = {
    "PNG": b"\x89PNG\r\n\x1a\nrest",
    "JPEG": b"\xff\xd8\xff\xe0rest",
    "WEBP": b"RIFF\x04\x00\x00\x00WEBPrest",
    "ICO": b"\x00\x00\x01\x00rest",
}
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


class TestKind:
    @pytest.mark.parametrize("name", sorted(SAMPLES))
    def test_tells_formats_by_their_first_bytes(self, name):
        assert images.kind(SAMPLES[name]) == name

    @pytest.mark.parametrize("content", [b"", b"\x89PN", b"GIF89a", b"RIFF\x04\x00\x00\x00WAVE", b"<html>", SVG])
    def test_knows_no_others(self, content):
        assert images.kind(content) is None


class TestRefuseUnlike:
    def test_takes_what_is_what_it_says(self):
        for name, content in {**SAMPLES, "SVG": SVG}.items():
            images.refuse_unlike(content, [name])
        images.refuse_unlike(SAMPLES["JPEG"], ["PNG", "JPEG"])

    @pytest.mark.parametrize("wanted", ["PNG", "SVG"])
    def test_refuses_what_is_something_else(self, wanted):
        with pytest.raises(InvalidParameterException):
            images.refuse_unlike(SAMPLES["ICO"], [wanted])

    def test_refuses_a_page_in_place_of_an_image(self):
        with pytest.raises(InvalidParameterException, match="not PNG or JPEG"):
            images.refuse_unlike(b"<html><script>alert(1)</script>", ["PNG", "JPEG"])

    def test_knows_the_media_type_of_every_format(self):
        assert set(images.MEDIA_TYPES) == {*SAMPLES, "SVG"}
