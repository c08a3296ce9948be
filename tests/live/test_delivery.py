from __future__ import annotations

import asyncio
import base64
import os
import socket
import threading
import time
from contextlib import suppress
from itertools import pairwise

import pytest
from django.db import connection

from batchops.live.outbox import Outbox
from tests.live.board import notes
from tests.live.conftest import TIMINGS
from tests.people import logged_in
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.django_db]


def value_is(value):
    return lambda frame: frame["data"]["value"] == value


class TestFrames:
    def test_it_sends_one_at_each_change(self, screen):
        notes.write("each", 1)
        first = screen.watch("note:each")[0]
        for value in range(2, 6):
            notes.write("each", value)
            frame = screen.frame()
            assert frame["data"] == {"value": value}
            assert frame["revision"] > first["revision"]
            first = frame

    def test_it_sends_everybody_the_same_text(self, new_watcher, open_screen):
        notes.write("same", 1)
        screens = [open_screen(logged_in(new_watcher())) for _ in range(3)]
        for screen in screens:
            screen.watch("note:same")
        notes.write("same", 2)
        texts = {screen.text() for screen in screens}
        assert len(texts) == 1

    def test_it_sends_nothing_about_what_rolled_back(self, screen):
        notes.write("rolled", 1)
        screen.watch("note:rolled")
        with pytest.raises(ZeroDivisionError):
            roll_back()
        notes.write("rolled", 3)
        assert screen.frame()["data"] == {"value": 3}

    def test_it_gathers_what_follows_and_never_misses_the_last(self, screen):
        notes.write("busy", 0)
        screen.watch("note:busy")
        began_at = time.monotonic()
        for value in range(1, 401):
            notes.write("busy", value)
        lasted_s = time.monotonic() - began_at
        frames = screen.frames_until(value_is(400))
        values = [frame["data"]["value"] for frame in frames]
        revisions = [frame["revision"] for frame in frames]
        assert values == sorted(values)
        assert revisions == sorted(revisions)
        assert len(frames) <= 2 + lasted_s / 0.25

    def test_it_never_goes_backwards_under_many_writers(self, screen):
        notes.write("race", 0)
        screen.watch("note:race")
        writers = [threading.Thread(target=count_up, args=("race", 50)) for _ in range(4)]
        for writer in writers:
            writer.start()
        frames = screen.frames_until(value_is(200))
        for writer in writers:
            writer.join()
        values = [frame["data"]["value"] for frame in frames]
        assert values == sorted(values)
        assert all(a["revision"] < b["revision"] for a, b in pairwise(frames))

    def test_it_survives_a_topic_that_cannot_be_read(self, screen, log):
        notes.write("fragile", 1)
        screen.watch("note:fragile")
        notes.write("fragile", notes.UNREADABLE)
        wait_for(lambda: "'note:fragile' cannot be read" in log.read_text(), 5, "the log line")
        assert screen.watch("board")[0]["topic"] == "board"
        with connection.cursor() as cursor:  # nobody publishes this repair
            cursor.execute("UPDATE board_note SET value = 5 WHERE key = 'fragile'")
        screen.frames_until(lambda frame: frame["data"] == {"value": 5})


class TestListener:
    def test_it_catches_up_within_10_s_when_its_connection_is_killed(self, screen):
        notes.write("heal", 1)
        screen.watch("note:heal")
        for value in range(2, 5):
            assert kill_listeners()
            notes.write("heal", value)
            screen.frames_until(value_is(value))


class TestSlowClients:
    def test_it_lets_one_that_is_sent_away_answer_late(self, web, browser):
        with silent_line(web, browser) as line:
            line.settimeout(2)
            line.sendall(masked(b"\x81", b"not json"))
            came = b""
            with pytest.raises(TimeoutError):
                while piece := line.recv(4096):
                    came += piece
            assert came.endswith((4400).to_bytes(2, "big"))

    def test_it_drops_one_that_never_answers(self, web, browser):
        with silent_line(web, browser) as line:
            line.settimeout(float(TIMINGS["LIVE_SILENCE_S"]) + 4)
            with suppress(ConnectionResetError):
                while line.recv(65536):
                    pass

    async def test_it_keeps_only_the_newest_frame_of_each_topic_for_one_that_reads_slowly(self):
        reading, sent, done = asyncio.Event(), [], asyncio.Event()

        async def send(text):
            await reading.wait()
            sent.append(text)
            if len(sent) == 3:
                done.set()

        outbox = Outbox(send)
        for number in range(100):
            outbox.put("a", f"a{number}")
            outbox.put("b", f"b{number}")
            await asyncio.sleep(0)
        reading.set()
        await asyncio.wait_for(done.wait(), 5)
        outbox.close()
        assert sent == ["a0", "b99", "a99"]


def roll_back():
    from django.db import transaction

    with transaction.atomic():
        notes.write("rolled", 2)
        raise ZeroDivisionError


def count_up(key, times):
    from batchops.live.publish import publish

    try:
        for _ in range(times):
            with connection.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute("UPDATE board_note SET value = value + 1 WHERE key = %s", [key])
                publish(f"note:{key}")
                cursor.execute("COMMIT")
    finally:
        connection.close()


def kill_listeners() -> int:
    """Cut off every web server of this database; other tests' may still run beside ours."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name = 'batchops live' AND datname = current_database()"
        )
        killed: int = cursor.fetchone()[0]
    return killed


def silent_line(web, browser) -> socket.socket:
    """Open a WebSocket by hand, which then answers nothing, not even pings."""
    line = socket.create_connection(("127.0.0.1", web.port))
    key = base64.b64encode(os.urandom(16)).decode()
    line.sendall(
        f"GET /ws/live/ HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nOrigin: {web.origin}\r\n"
        f"Cookie: sessionid={browser.cookies['sessionid'].value}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    assert b"101" in line.recv(4096)
    return line


def masked(kind: bytes, payload: bytes) -> bytes:
    """Write a frame as a browser must: masked, here with zeros, which change nothing."""
    return kind + bytes([0x80 | len(payload)]) + bytes(4) + payload
