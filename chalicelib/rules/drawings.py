"""SVG drawings that owners upload: well formed, and nothing but a picture.

An SVG that is opened by its address is a page of that origin: it may run scripts, load from elsewhere and show forms.
So only elements that draw are taken (SVG 2), no handlers, no animation, no reference to anything outside of the file.
What other programs add in namespaces of their own is left alone, for no browser acts on it.
"""

from __future__ import annotations

import re
from typing import Any, Final, NoReturn
from xml.parsers import expat  # nothing is expanded: a document type with declarations of its own is refused

from chalicelib.errors import InvalidParameterException

_SVG: Final = "http://www.w3.org/2000/svg"
_XML: Final = "http://www.w3.org/XML/1998/namespace"
_XLINK: Final = "http://www.w3.org/1999/xlink"
_ACTIVE: Final = frozenset({  # namespaces whose elements a browser acts on
    "http://www.w3.org/1999/xhtml", "http://www.w3.org/1998/Math/MathML", "http://www.w3.org/1999/XSL/Transform",
    "http://www.w3.org/2001/xml-events", "http://www.w3.org/2001/XInclude",
})  # fmt: skip

_ELEMENTS: Final = frozenset({
    "svg", "g", "defs", "symbol", "use", "switch", "view", "title", "desc", "metadata", "style",
    "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "textPath", "image",
    "clipPath", "mask", "pattern", "marker", "linearGradient", "radialGradient", "stop",
    "filter", "feBlend", "feColorMatrix", "feComponentTransfer", "feComposite", "feConvolveMatrix",
    "feDiffuseLighting", "feDisplacementMap", "feDistantLight", "feDropShadow", "feFlood", "feFuncA", "feFuncB",
    "feFuncG", "feFuncR", "feGaussianBlur", "feMerge", "feMergeNode", "feMorphology", "feOffset", "fePointLight",
    "feSpecularLighting", "feSpotLight", "feTile", "feTurbulence",
})  # fmt: skip
_INNER_REFERENCE = re.compile(r"#[^\s]*|data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*", re.ASCII)
_URL = re.compile(r"url\((?!\s*+['\"]?#)", re.IGNORECASE)
_REACHES_OUT = re.compile(r"@import|\\|javascript:|expression\(|(?:image-set|image|src|cross-fade)\(", re.IGNORECASE)
_BETWEEN = " "  # namespace and name of an element, as expat tells them


def refuse_bad(content: bytes) -> None:
    """Raise InvalidParameterException for what is not an SVG drawing, or does more than draw."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidParameterException("The image is not SVG in UTF-8.") from None
    reader = _Reader()
    try:
        reader.parser.Parse(text.encode(), True)
    except expat.ExpatError:
        raise InvalidParameterException("The image is not well-formed SVG.") from None
    reader.refuse_styles()


def _refuse(what: str) -> NoReturn:
    raise InvalidParameterException(f"The SVG image must not contain {what}.")


class _Reader:
    """Reads a drawing from its start to its end and stops at the first thing that it must not have."""

    def __init__(self) -> None:
        self._depth = 0
        self._styles: list[str] = []
        self._in_style = False
        parser: Any = expat.ParserCreate("UTF-8", _BETWEEN)
        parser.buffer_text = True
        parser.StartElementHandler = self._started
        parser.EndElementHandler = self._ended
        parser.CharacterDataHandler = self._read
        parser.StartDoctypeDeclHandler = self._declared_type
        parser.XmlDeclHandler = self._declared_xml
        parser.ProcessingInstructionHandler = lambda *_: _refuse("processing instructions")
        parser.SkippedEntityHandler = lambda *_: _refuse("entities")
        self.parser = parser

    def refuse_styles(self) -> None:
        """Raise for style sheets that reach out; as one text, since comments may cut it anywhere."""
        _refuse_reaching("".join(self._styles))

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(_BETWEEN)
        if self._depth == 0 and (namespace, local) != (_SVG, "svg"):
            raise InvalidParameterException(f"The image is not SVG: its root must be svg of {_SVG}.")
        self._depth += 1
        if namespace in _ACTIVE or (namespace in (_SVG, "") and local not in _ELEMENTS):
            _refuse(f"the element {local}")
        self._in_style = local == "style"
        for attribute, value in attributes.items():
            _refuse_attribute(attribute, value)

    def _ended(self, _name: str) -> None:
        self._depth -= 1
        self._in_style = False

    def _read(self, text: str) -> None:
        if self._in_style:
            self._styles.append(text)

    def _declared_type(self, _name: str, _system: str, _public: str, has_inner: int) -> None:
        if has_inner:  # attack: entities that expand to gigabytes, or to a script
            _refuse("declarations in its document type")

    def _declared_xml(self, _version: str, encoding: str | None, _standalone: int) -> None:
        # Attack: we read UTF-8, and a browser would read the same bytes as something else.
        if encoding is not None and encoding.lower() != "utf-8":
            _refuse("another encoding than UTF-8")


def _refuse_attribute(attribute: str, value: str) -> None:
    namespace, _, local = attribute.rpartition(_BETWEEN)
    if local.lower().startswith("on") and namespace in ("", _SVG):
        _refuse(f"the handler {local}")
    if namespace == _XML and local == "base":
        _refuse("xml:base")
    if local.lower() == "href" and namespace in ("", _SVG, _XLINK):
        if not _INNER_REFERENCE.fullmatch(value.strip()):
            _refuse("references to anything outside of it")
    elif namespace in ("", _SVG):
        _refuse_reaching(value)


def _refuse_reaching(text: str) -> None:
    """Raise for a style that loads something. What a backslash hides from us, a browser would still see."""
    if _URL.search(text) or _REACHES_OUT.search(text):
        _refuse("references to anything outside of it")
