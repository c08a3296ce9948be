"""Those who come at the same time are looked up together."""

from __future__ import annotations

import asyncio

import pytest

from batchops.live.callers import Caller
from batchops.live.door import Door

WATCH = frozenset({"jobs.view_job"})


class Book:
    """Stands for the database: knows who may come in, and how often it was asked."""

    def __init__(self):
        self.asked = []
        self.is_away = False
        self.opened = asyncio.Event()

    async def look_up(self, callers):
        self.asked.append(set(callers))
        self.opened.set()
        await asyncio.sleep(0)
        if self.is_away:
            raise ConnectionError("away")
        return {caller: WATCH for caller in callers if caller.user_id % 2}


class TestDoor:
    async def test_it_asks_once_for_all_who_wait(self):
        book = Book()
        door = Door(book.look_up)
        callers = [Caller(number) for number in range(1_000)]
        found = await asyncio.gather(*(door.permissions_of(each) for each in callers))
        assert found == [WATCH if number % 2 else None for number in range(1_000)]
        assert len(book.asked) == 1

    async def test_an_answer_is_never_older_than_the_question(self):
        book = Book()
        door = Door(book.look_up)
        first = asyncio.create_task(door.permissions_of(Caller(1)))
        await book.opened.wait()
        await asyncio.gather(first, door.permissions_of(Caller(1)))
        assert len(book.asked) == 2

    async def test_who_leaves_meanwhile_takes_nothing_from_the_others(self):
        door = Door(Book().look_up)
        gone, stays = (asyncio.create_task(door.permissions_of(Caller(1))) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        assert await stays == WATCH

    async def test_it_goes_on_after_a_lookup_that_failed(self):
        book = Book()
        door = Door(book.look_up)
        book.is_away = True
        with pytest.raises(ConnectionError):
            await door.permissions_of(Caller(1))
        book.is_away = False
        assert await door.permissions_of(Caller(1)) == WATCH
