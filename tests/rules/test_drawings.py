"""SVG drawings: what only draws is taken, what does more is refused."""

import time
from contextlib import suppress

import pytest

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import drawings

SVG = "http://www.w3.org/2000/svg"


def svg(inner="", attributes=""):
    return (
        f'<svg xmlns="{SVG}" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 1 1" {attributes}>{inner}</svg>'
    ).encode()


GOOD = {
    "shapes": svg('<g fill="#fff" transform="rotate(4)"><path d="M0 0L1 1z"/><circle r="1"/></g>'),
    "gradient": svg(
        '<defs><linearGradient id="a"><stop offset="0" stop-color="red"/></linearGradient></defs>'
        '<rect fill="url(#a)" style="mask: url(\'#b\'); clip-path:url( &quot;#c&quot; )"/>'
    ),
    "style": svg("<style>.a { fill: url(#a); }</style><style><![CDATA[.b>.c{fill:red}]]></style>"),
    "reuse": svg('<symbol id="s"><rect/></symbol><use href="#s"/><use xlink:href="#s"/>'),
    "picture": svg('<image href="data:image/png;base64,iVBORw0KGgo="/>'),
    "text": svg("<title>Logo &amp; name</title><text>on load</text>"),
    "declaration": b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>' + svg(),
    "document type": b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd">' + svg(),
    "byte order mark": b"\xef\xbb\xbf" + svg(),
    "prefix": f'<s:svg xmlns:s="{SVG}"><s:rect/></s:svg>'.encode(),
    "comment": b"<!-- made by hand -->" + svg("<!-- <script> -->"),
    "editor": svg(
        '<metadata><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></metadata>'
        '<i:view xmlns:i="http://example.com/editor" i:path="C:\\logo" i:onset="1"/>'
    ),
}
BAD = {
    "nothing": b"",
    "text": b"logo",
    "cut off": svg()[:-3],
    "other root": b"<html/>",
    "no namespace": b"<svg/>",
    "html root": b'<html xmlns="http://www.w3.org/1999/xhtml"/>',
    "script": svg("<script>alert(1)</script>"),
    "script of a prefix": f'<s:svg xmlns:s="{SVG}"><s:script/></s:svg>'.encode(),
    "script in capitals": svg("<SCRIPT>alert(1)</SCRIPT>"),
    "script of html": svg('<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>'),
    "script of no namespace": svg('<script xmlns="">alert(1)</script>'),
    "foreign object": svg("<foreignObject><body/></foreignObject>"),
    "link": svg('<a href="#x"><rect/></a>'),
    "animated reference": svg('<use href="#x"><set attributeName="href" to="javascript:alert(1)"/></use>'),
    "animation": svg('<rect><animate attributeName="x" from="0" to="1"/></rect>'),
    "image filter": svg('<filter><feImage href="#x"/></filter>'),
    "handler": svg(attributes='onload="alert(1)"'),
    "handler in capitals": svg('<rect OnClick="alert(1)"/>'),
    "reference": svg('<use href="https://evil.example/x.svg#a"/>'),
    "older reference": svg('<image xlink:href="https://evil.example/x.png"/>'),
    "reference to script": svg('<use href=" javascript:alert(1)"/>'),
    "drawing in a drawing": svg('<image href="data:image/svg+xml;base64,PHN2Zy8+"/>'),
    "page in a drawing": svg('<image href="data:text/html;base64,PHN2Zy8+"/>'),
    "base": svg('<g xml:base="https://evil.example/"/>'),
    "fill from elsewhere": svg('<rect fill="url(https://evil.example/x#a)"/>'),
    "style from elsewhere": svg("<rect style=\"fill: URL( '//evil.example/x#a')\"/>"),
    "sheet from elsewhere": svg("<style>.a{fill:url(//evil.example)}</style>"),
    "sheet cut by a comment": svg("<style>.a{fill:u<!-- -->rl(//evil.example)}</style>"),
    "import": svg("<style>@import '//evil.example';</style>"),
    "escape": svg("<style>.a{fill:\\75rl(//evil.example)}</style>"),
    "image set": svg("<rect style=\"mask-image: image-set('//evil.example' 1x)\"/>"),
    "entities": b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + svg("&b;"),
    "attribute defaults": f'<!DOCTYPE svg [<!ATTLIST svg onload CDATA "alert(1)">]><svg xmlns="{SVG}"/>'.encode(),
    "entity of elsewhere": b'<!DOCTYPE svg SYSTEM "http://evil.example/x.dtd">' + svg("&xx;"),
    "style sheet instruction": b'<?xml-stylesheet href="//evil.example"?>' + svg(),
    "other encoding": svg().decode().encode("utf-16"),
    "declared encoding": b'<?xml version="1.0" encoding="UTF-7"?>' + svg(),
    "no text": b"\xff\xfe\x00",
}


class TestRefuseBad:
    @pytest.mark.parametrize("name", sorted(GOOD))
    def test_takes_what_only_draws(self, name):
        drawings.refuse_bad(GOOD[name])

    @pytest.mark.parametrize("name", sorted(BAD))
    def test_refuses_what_does_more(self, name):
        with pytest.raises(InvalidParameterException) as refusal:
            drawings.refuse_bad(BAD[name])

        assert "evil" not in refusal.value.message

    @pytest.mark.parametrize(
        "hostile",
        [
            svg("<style>" + "url(" + " " * 900_000 + "</style>"),
            svg("<g>" * 150_000 + "</g>" * 150_000),
            svg("<!--" * 9),
        ],
        ids=["blanks", "depth", "comments"],
    )
    def test_is_done_soon_whatever_it_reads(self, hostile):
        began = time.perf_counter()
        with suppress(InvalidParameterException):
            drawings.refuse_bad(hostile)

        assert time.perf_counter() - began < 5
