"""What a process remembers for a short while."""

import threading
import time
from types import SimpleNamespace

import pytest

from chalicelib.settings import Settings
from chalicelib.table import memory
from chalicelib.table.memory import Memory


@pytest.fixture
def lasting(monkeypatch):
    """Sets for how many seconds values are kept."""

    def keep(seconds):
        monkeypatch.setattr(memory, "current", lambda: Settings(cache_seconds=seconds))

    keep(60)
    return keep


class Source:
    """Loads 1, 2, 3 …"""

    def __init__(self):
        self.loads = 0

    def __call__(self):
        self.loads += 1
        return self.loads


@pytest.mark.usefixtures("lasting")
class TestRecall:
    def test_loads_once(self):
        known, source = Memory(), Source()

        assert [known.recall("a", source) for _ in range(3)] == [1, 1, 1]

    def test_keeps_names_apart(self):
        known, source = Memory(), Source()

        assert (known.recall("a", source), known.recall("b", source)) == (1, 2)

    def test_loads_again_when_the_time_is_over(self, lasting):
        lasting(0.05)
        known, source = Memory(), Source()
        known.recall("a", source)

        time.sleep(0.06)

        assert known.recall("a", source) == 2

    def test_keeps_nothing_when_told_to_keep_for_no_time(self, lasting):
        lasting(0)
        known, source = Memory(), Source()

        assert [known.recall("a", source) for _ in range(2)] == [1, 2]

    @pytest.mark.parametrize("passed", [{"time": 61}, {"monotonic": 61}, {"time": -3600, "monotonic": 61}])
    def test_loads_again_when_the_time_is_over_by_either_clock(self, monkeypatch, passed):
        known, source = Memory(), Source()
        known.recall("a", source)

        clocks = {name: lambda name=name: getattr(time, name)() + passed.get(name, 0) for name in ("time", "monotonic")}
        monkeypatch.setattr(memory, "time", SimpleNamespace(**clocks))

        assert known.recall("a", source) == 2

    def test_does_not_remember_what_is_missing(self):
        known = Memory()

        assert known.recall("a", lambda: None) is None
        assert known.recall("a", lambda: 5) == 5

    def test_lets_the_oldest_go_when_it_is_full(self):
        known, source = Memory(most=2), Source()
        for name in "abc":
            known.recall(name, source)

        assert known.recall("c", source) == 3
        assert known.recall("a", source) == 4


@pytest.mark.usefixtures("lasting")
class TestRecallMany:
    def known(self, *names):
        memory, asked = Memory(), []

        def load(unknown):
            asked.append(unknown)
            return {name: name.upper() for name in unknown if name in names}

        return memory, asked, load

    def test_loads_all_that_is_unknown_at_once(self):
        memory, asked, load = self.known("a", "b", "c")
        memory.recall_many(["a"], load)

        assert memory.recall_many(["a", "b", "c"], load) == {"a": "A", "b": "B", "c": "C"}
        assert memory.recall_many(["c", "a"], load) == {"c": "C", "a": "A"}
        assert asked == [["a"], ["b", "c"]]

    def test_leaves_out_what_is_missing_and_asks_for_it_again(self):
        memory, asked, load = self.known("a")

        assert [memory.recall_many(["a", "b"], load) for _ in range(2)] == [{"a": "A"}] * 2
        assert asked == [["a", "b"], ["b"]]

    def test_of_nothing_is_nothing(self):
        memory, asked, load = self.known()

        assert memory.recall_many([], load) == {}
        assert asked == []

    def test_does_not_keep_what_was_read_before_a_change(self):
        memory, _, load = self.known("a")

        def changed_meanwhile(unknown):
            memory.forget("a")
            return dict.fromkeys(unknown, "before")

        assert memory.recall_many(["a"], changed_meanwhile) == {"a": "before"}
        assert memory.recall_many(["a"], load) == {"a": "A"}


@pytest.mark.usefixtures("lasting")
class TestForget:
    def test_loads_again(self):
        known, source = Memory(), Source()
        known.recall("a", source)
        known.recall("b", source)

        known.forget("a")

        assert (known.recall("a", source), known.recall("b", source)) == (3, 2)

    def test_everything(self):
        known, source = Memory(), Source()
        known.recall("a", source)

        known.clear()

        assert known.recall("a", source) == 2

    def test_what_is_unknown_is_no_error(self):
        Memory().forget("a")

    def test_what_was_read_before_a_change_is_not_kept_after_it(self):
        known = Memory()
        reading, changed = threading.Event(), threading.Event()

        def slow():
            reading.set()
            changed.wait(5)
            return "before"

        reader = threading.Thread(target=lambda: known.recall("a", slow))
        reader.start()
        reading.wait(5)
        known.forget("a")
        changed.set()
        reader.join()

        assert known.recall("a", lambda: "after") == "after"
