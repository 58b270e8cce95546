"""The size and the words of the code: what a reader can hold in mind at once."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE, LONGEST_FUNCTION, MOST_PARAMETERS, LONGEST_DOCSTRING = 300, 35, 4, 10
FORBIDDEN_NAMES = set("utils util helpers helper manager managers service services base common misc".split())  # noqa: SIM905
MARKS = re.compile(r"#.*\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")

PRODUCT = sorted([ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py"), *(ROOT / "scripts" / "lib").rglob("*.py")])
TESTS = sorted((ROOT / "tests").rglob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def scripts() -> list[Path]:
    """The executables that are written in Python or in shell."""
    return sorted(path for path in (ROOT / "scripts").iterdir() if path.is_file())


def python_scripts() -> list[Path]:
    return [path for path in scripts() if "python" in path.read_text("utf-8").partition("\n")[0]]


CODE = PRODUCT + python_scripts()


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, Function):
            yield node


def parameters(function: Function) -> int:
    """How many parameters a caller has to know; `self` and `cls` are not given by hand."""
    given = function.args
    names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len(names[1:] if names[:1] in (["self"], ["cls"]) else names)


def length(function: Function) -> int:
    """Lines of a function without its decorators and its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    is_docstring = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return lines - ((first.end_lineno or 0) - first.lineno + 1 if is_docstring else 0)


class TestFiles:
    @pytest.mark.parametrize("path", CODE, ids=name_of)
    def test_are_not_longer_than_a_reader_follows(self, path: Path) -> None:
        assert len(path.read_text("utf-8").splitlines()) <= LONGEST_FILE

    @pytest.mark.parametrize("path", PRODUCT, ids=name_of)
    def test_say_in_few_lines_what_they_own(self, path: Path) -> None:
        text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""

        assert text
        assert path.parts[-2:] == ("chalicelib", "__init__.py") or len(text.splitlines()) <= LONGEST_DOCSTRING

    @pytest.mark.parametrize("path", PRODUCT, ids=name_of)
    def test_are_named_after_things(self, path: Path) -> None:
        words = set(path.stem.split("_")) | set(path.parent.name.split("_"))

        assert words & FORBIDDEN_NAMES == set()


class TestFunctions:
    @pytest.mark.parametrize("path", CODE, ids=name_of)
    def test_are_short(self, path: Path) -> None:
        long = {one.name: length(one) for one in functions(path) if length(one) > LONGEST_FUNCTION}

        assert long == {}

    @pytest.mark.parametrize("path", CODE, ids=name_of)
    def test_take_few_parameters(self, path: Path) -> None:
        many = {one.name: parameters(one) for one in functions(path) if parameters(one) > MOST_PARAMETERS}

        assert many == {}


class TestMarks:
    @pytest.mark.parametrize("path", PRODUCT + TESTS + scripts(), ids=name_of)
    def test_nothing_is_left_for_later_in_a_comment(self, path: Path) -> None:
        found = [line for line in path.read_text("utf-8").splitlines() if MARKS.search(line)]

        assert found == []
