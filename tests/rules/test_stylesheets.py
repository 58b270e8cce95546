"""The style sheet of the classic pages: plain rules over the known classes, nothing that a browser reads otherwise."""

import time
from contextlib import suppress

import pytest

from chalicelib.errors import InvalidParameterException
from chalicelib.rules import stylesheets

GOOD = {
    "empty": "",
    "blanks": " \r\n\t\f",
    "template": """
        .logo-customizable { max-width: 60%; max-height: 30%; }
        .banner-customizable { padding: 25px 0px 25px 10px; background-color: lightgray; }
        .submitButton-customizable:hover { color: #fff; background-color: #286090; }
        .inputField-customizable:focus { outline: 0; border-color: rgb(102, 175, 233) !important; }
        .passwordCheck-notValid-customizable { color: #DF3312; }
    """,
    "no last semicolon": ".label-customizable{font-weight:400}",
    "no declaration": ".label-customizable{}",
    "several": ".label-customizable, .legalText-customizable{color:red}",
    "fonts": ".label-customizable{font: 12px/1.5 'Helvetica Neue', \"Noto Sans, JP\", メイリオ}",
    "functions": ".banner-customizable{background:linear-gradient(1deg, rgba(0,0,0,.5), RED);top:calc((1px + 2%)*3)}",
    "comments": "/* url(x) @import } */.label-customizable/**/{/* * **/color:/**/red}/* Größe */",
    "vendor": ".label-customizable{-webkit-box-shadow: inset 0 1px 1px rgba(0,0,0,.075)}",
}
BAD = {
    "other class": ".evil{}",
    "similar class": ".xlogo-customizable{}",
    "no dot": "logo-customizable{}",
    "element": "body{}",
    "descendant": ".logo-customizable input{}",
    "attribute": ".inputField-customizable[value^=a]{}",
    "universal": "*{}",
    "state": ".logo-customizable:visited{}",
    "state without name": ".logo-customizable:{}",
    "before": ".logo-customizable::before{}",
    "empty selector": ".logo-customizable,{}",
    "no selector": "{}",
    "url": ".logo-customizable{background:url(https://evil.example)}",
    "url in capitals": ".logo-customizable{background:URL(x)}",
    "url with a comment": ".logo-customizable{background:url(/**/x)}",
    "image set": ".logo-customizable{background:image-set('//evil.example' 1x)}",
    "expression": ".logo-customizable{width:expression(alert(1))}",
    "attr": ".inputField-customizable{width:attr(value)}",
    "variable": ".logo-customizable{--x:1}",
    "behavior": ".logo-customizable{behavior:x}",
    "binding": ".logo-customizable{-moz-binding:x}",
    "import": "@import 'x';",
    "media": "@media print{.logo-customizable{}}",
    "charset": '@charset "utf-8";',
    "at inside": ".logo-customizable{color:red;@x}",
    "end of style": ".logo-customizable{color:red}</style><script>",
    "end of style in a comment": "/*</style><script>alert(1)</script>*/",
    "end of style in a string": ".logo-customizable{font-family:'</style>'}",
    "escape": ".logo-customizable{background:\\75rl(x)}",
    "zero": ".logo-customizable{color:\x00red}",
    "open rule": ".logo-customizable{color:red",
    "closed twice": ".logo-customizable{}}",
    "rule in a rule": ".logo-customizable{.label-customizable{}}",
    "open comment": ".logo-customizable{}/*",
    "closed comment": ".logo-customizable{color:red*/}",
    "open string": ".logo-customizable{font-family:'x}",
    "string over lines": ".logo-customizable{font-family:'x\ny'}",
    "brace in a string": ".logo-customizable{font-family:'}'}",
    "comment in a string": ".logo-customizable{font-family:'/*';background:url(//evil.example);x:'*/'}",
    "string in a comment": "/* ' */.logo-customizable{background:url(//evil.example)}/* ' */",
    "no value": ".logo-customizable{color}",
    "property": ".logo-customizable{color 1:red}",
    "too large": "/*" + "ä" * 60_000 + "*/",
}


class TestRefuseBad:
    @pytest.mark.parametrize("name", sorted(GOOD))
    def test_takes_plain_rules(self, name):
        stylesheets.refuse_bad(GOOD[name])

    @pytest.mark.parametrize("name", sorted(stylesheets.CLASSES))
    def test_takes_every_class_of_the_service(self, name):
        stylesheets.refuse_bad(f".{name} {{ color: red; }}")

    @pytest.mark.parametrize("name", sorted(BAD))
    def test_refuses_all_else(self, name):
        with pytest.raises(InvalidParameterException):
            stylesheets.refuse_bad(BAD[name])

    @pytest.mark.parametrize(
        "hostile",
        [
            " " * 131_072,
            "a" * 131_072,
            "/*" * 65_000,
            "'" * 131_072,
            ".logo-customizable{color:" + "a" * 131_000 + "}",
            ".logo-customizable{color:" + "(" * 131_000 + "}",
            ".logo-customizable{color:" + "' " * 65_000 + "}",
            "}" * 131_072,
        ],
        ids=["blanks", "word", "comments", "quotes", "value", "brackets", "strings", "braces"],
    )
    def test_is_done_soon_whatever_it_reads(self, hostile):
        began = time.perf_counter()
        with suppress(InvalidParameterException):
            stylesheets.refuse_bad(hostile)

        assert time.perf_counter() - began < 2
