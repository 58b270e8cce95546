"""Tables for a terminal and for docs/performance.md: Markdown, columns aligned."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence

from bench.clocks import Readings
from bench.rounds import Result

Row = Sequence[object]


def say(text: str = "") -> None:
    """A line, at once: a measurement takes a while."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def table(title: str, head: Row, rows: Iterable[Row]) -> None:
    """A table with its title; numbers are set to the right."""
    lines = [[_cell(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    say(f"\n## {title}\n")
    for number, line in enumerate(lines):
        say(_line(line, widths))
        if number == 0:
            say("| " + " | ".join("-" * width for width in widths) + " |")


def stories(results: list[Result]) -> None:
    """The stories in process, and what of their CPU is ours."""
    head = ("story", "calls/s", "p50 ms", "p99 ms", "CPU ms", "crypto", "SDK", "own CPU", "ratio", "noise", "target")
    table("Stories in process, CPU in milliseconds a call", head, (_story(result) for result in results))
    sent = ("story", "trips", "read units", "write units", "SDK ms", "stock SDK ms", "what is sent")
    table("What the stories send to DynamoDB", sent, (_sent(result) for result in results))


def pieces(found: Mapping[str, Readings]) -> None:
    """The cryptography by itself."""
    rows = ((name, readings.cpu_ms, f"{readings.noise:.0%}") for name, readings in found.items())
    table("Floor: the cryptography of this run", ("piece", "CPU ms", "noise"), rows)


def _story(result: Result) -> Row:
    taken = result.taken
    ratio = "-" if result.ratio is None else f"{result.ratio:.2f}"
    return (
        *(result.story.name, f"{taken.per_second:.0f}", taken.wall_ms(0.5), taken.wall_ms(0.99), taken.cpu_ms),
        *(result.floor_ms, result.sdk_ms, result.own_ms, ratio, f"{taken.noise:.0%}", _verdict(result)),
    )


def _verdict(result: Result) -> str:
    """Whether the story's target is met, if it has one."""
    story = result.story
    if story.own_limit is not None:
        return judged(result.own_ms, story.own_limit, f"own < {story.own_limit:g}")
    if story.ratio_limit is not None and result.ratio is not None:
        return judged(result.ratio, story.ratio_limit, f"ratio <= {story.ratio_limit:g}")
    return ""


def judged(value: float, limit: float, words: str) -> str:
    """Whether a target is met, and by how much it is missed."""
    return f"{words}: {'met' if value <= limit else f'MISSED by {value - limit:.2f}'}"


def _sent(result: Result) -> Row:
    sent = result.footprint
    units = (f"{sent.read_units:g}", f"{sent.write_units:g}")
    return (result.story.name, str(len(sent.requests)), *units, result.sdk_ms, result.stock_ms, sent.names)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    pairs = zip(cells, widths, strict=True)
    return "| " + " | ".join(f"{cell:{'>' if _is_number(cell) else '<'}{width}}" for cell, width in pairs) + " |"


def _cell(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _is_number(cell: str) -> bool:
    return cell[:1].isdigit() or cell[:1] == "-"
