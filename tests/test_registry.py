"""What is registered is imported at the first look, by whoever looks first, and once."""

from __future__ import annotations

import threading
from secrets import token_hex

import pytest

from batchops import registry
from batchops.registry import Registry


@pytest.fixture
def name() -> str:
    return f"tests.{token_hex(4)}"


@pytest.fixture
def things(name: str) -> Registry[int]:
    return Registry(name)


class TestFill:
    def test_it_is_called_at_the_first_look_and_not_again(
        self, name: str, things: Registry[int]
    ) -> None:
        called = []

        def fill() -> None:
            called.append(name)
            things["one"] = 1

        registry.fill(name, fill)
        things["two"] = 2

        assert called == []
        assert dict(things) == {"one": 1, "two": 2}
        assert ("one" in things, len(things), things.get("three")) == (True, 2, None)
        assert called == [name]

    def test_one_named_before_its_registry_is_there_is_called_too(self, name: str) -> None:
        def fill() -> None:
            made["one"] = 1

        registry.fill(name, fill)
        made: Registry[int] = Registry(name)

        assert list(made) == ["one"]

    def test_who_comes_meanwhile_waits_for_its_end(self, name: str, things: Registry[int]) -> None:
        began, looked, seen = threading.Event(), threading.Event(), []

        def fill() -> None:
            began.set()
            looked.wait(0.2)  # in vain, for nobody can look by now
            things["one"] = 1

        def look() -> None:
            seen.append(dict(things))
            looked.set()

        registry.fill(name, fill)
        threads = [threading.Thread(target=look) for _ in range(2)]
        threads[0].start()
        assert began.wait(10)
        threads[1].start()
        for thread in threads:
            thread.join()

        assert seen == [{"one": 1}] * 2

    def test_one_that_fails_is_called_again(self, name: str, things: Registry[int]) -> None:
        troubles = [ImportError("not there yet")]

        def fill() -> None:
            if troubles:
                raise troubles.pop()
            things["one"] = 1

        registry.fill(name, fill)

        with pytest.raises(ImportError):
            things.get("one")
        assert things["one"] == 1
