"""One run of the bench: the parts in order, each measured and printed before the next begins."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench import cold, growth, place, report, rounds, traffic
from bench.callers import Ask, Caller, InProcess
from bench.growth import Point
from bench.rounds import Sizes
from bench.stories import BY_PASSWORD, World
from chalicelib.flows import operators
from tests import engines
from tests.engines import Engine

_CROWDS, _QUICK_CROWDS = [1000, 100_000], [100, 1000]


def run(options: argparse.Namespace, outbox: Path) -> None:
    """Measure and print everything that the options ask for."""
    sizes = _sizes(options)
    with engines.running(options.engine) as engine, engines.in_use(engine):
        for line in place.description(engine.name):
            report.say(line)
        caller = Caller(InProcess(), operators.ensure_root())
        if options.users is None:
            _stories(World(caller, outbox), options)
        _growth(World(caller, outbox, 0, BY_PASSWORD), options, (engine, sizes.calls))
    if options.http:
        _traffic(sizes.calls * (2 if options.quick else 4))


def _stories(world: World, options: argparse.Namespace) -> None:
    results, floors = rounds.measured(world, _sizes(options))
    report.stories(results)
    report.pieces(floors)
    _cold(world, 3 if options.quick else 7)


def _sizes(options: argparse.Namespace) -> Sizes:
    if options.calls:
        return Sizes(2, options.calls, options.calls)
    return Sizes(2, 10, 4) if options.quick else Sizes(6, 50, 12)


def _cold(world: World, times: int) -> None:
    named = {
        "JWKS": Ask(f"/{world.pool}/.well-known/jwks.json", headers={"Host": world.caller.door.host}),
        "GetUser": world.caller.ask("GetUser", AccessToken=world.tokens(world.client)["AccessToken"]),
    }
    loaded, *answered = cold.measured(list(named.values()), times)
    rows = [("import app", loaded), *zip([f"then {name}" for name in named], answered, strict=True)]
    report.table("Cold start, CPU of a fresh process", ("step", "CPU ms"), rows)
    report.table("Who takes the import (wall, with the overhead of telling)", ("package", "ms"), cold.importers(10))


def _growth(world: World, options: argparse.Namespace, where: tuple[Engine, int]) -> None:
    sizes = options.users or (_QUICK_CROWDS if options.quick else _CROWDS)
    engine, number = where
    points = []
    for found in growth.measured(world, sizes, engine.process.pid, number):
        if isinstance(found, str):
            report.say(f"\n{found}")
        else:
            points.append(found)
    by_call = sorted(points, key=lambda point: list(growth.CALLS).index(point.name))
    if points:
        head = ("call", "users", "p50 ms", "growth", "CPU ms", "engine CPU ms", "trips", "read units", "target")
        report.table("Cost by the number of users in the pool", head, [_point(point, points) for point in by_call])


def _point(point: Point, points: list[Point]) -> report.Row:
    least = next(other for other in points if other.name == point.name)
    growth_of_p50 = point.taken.wall_ms(0.5) / least.taken.wall_ms(0.5)
    engine = "-" if point.engine_ms is None else point.engine_ms
    sent = point.sent
    words = f"growth <= {growth.MOST_GROWTH:g}"
    verdict = "" if point is least else report.judged(growth_of_p50, growth.MOST_GROWTH, words)
    cells = (f"{growth_of_p50:.2f}x", point.taken.cpu_ms, engine, len(sent.requests), f"{sent.read_units:g}", verdict)
    return (point.name, point.users, point.taken.wall_ms(0.5), *cells)


def _traffic(number: int) -> None:
    with traffic.server() as (url, folder):
        loads = list(traffic.measured(url, folder, number))
    rows = [
        (load.story, load.clients, f"{load.per_second:.0f}", load.times.wall_ms(0.5), load.times.wall_ms(0.99),
         "-" if load.server_cpu_ms is None else load.server_cpu_ms)
        for load in loads
    ]  # fmt: skip
    head = ("story", "clients", "calls/s", "p50 ms", "p99 ms", "server CPU ms")
    report.table("Over HTTP, scripts/dev, connections kept open", head, rows)
