from __future__ import annotations

import json
import socket

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from batchops.access import create_token
from batchops.models import ApiToken
from tests.live.board import notes
from tests.live.conftest import TIMINGS
from tests.people import logged_in

PER_USER = int(TIMINGS["LIVE_SOCKETS_PER_USER"])

pytestmark = [pytest.mark.processes, pytest.mark.django_db]


def close_code(screen) -> int:
    """Read until the server closes, and return the code it gave."""
    while True:
        try:
            screen.text()
        except ConnectionClosed as closed:
            assert closed.rcvd is not None, "The line was cut without a close frame."
            return closed.rcvd.code


class TestWhoMayCome:
    def test_nobody_without_a_login(self, web, open_screen):
        assert close_code(open_screen()) == 4401

    def test_nobody_with_an_unknown_session(self, web, open_screen):
        headers = {"Cookie": "sessionid=madeupmadeupmadeupmadeupmadeup00"}
        assert close_code(open_screen(headers=headers)) == 4401

    def test_nobody_with_a_session_that_no_database_can_hold(self, web, open_screen):
        headers = {"Cookie": r'sessionid="\000madeupmadeupmadeupmadeupmadeup"'}
        assert close_code(open_screen(headers=headers)) == 4401

    def test_nobody_with_an_unknown_token(self, web, open_screen):
        headers = {"Authorization": "Token made-up"}
        assert close_code(open_screen(headers=headers, origin=None)) == 4401

    def test_a_program_with_a_token_and_no_origin(self, watcher, open_screen):
        key = create_token(user=watcher, name="reader")
        screen = open_screen(headers={"Authorization": f"Token {key}"}, origin=None)
        notes.write("token", 1)
        assert screen.watch("note:token")[0]["data"] == {"value": 1}

    def test_an_address_without_a_slash_at_the_end(self, web, browser, open_screen):
        screen = open_screen(browser, address=f"ws://127.0.0.1:{web.port}/ws/live")
        assert screen.watch("board")[0]["topic"] == "board"

    def test_no_other_address(self, web, browser, open_screen):
        before = len(web.log.read_text())
        with pytest.raises(InvalidStatus) as refused:
            open_screen(browser, address=f"ws://127.0.0.1:{web.port}/ws/else/")
        assert refused.value.response.status_code == 403
        assert "Traceback" not in web.log.read_text()[before:]

    def test_nobody_with_more_sockets_than_one_may_have(self, web, browser, open_screen):
        screens = [open_screen(browser) for _ in range(PER_USER)]
        for screen in screens:
            screen.send(ping=1)
            screen.frame()
        assert close_code(open_screen(browser)) == 4429


class TestOrigin:
    @pytest.mark.parametrize(
        "origin",
        [
            "http://evil.example",
            "http://127.0.0.1:1",
            "http://127.0.0.1",
            "http://localhost:{port}",
            "https://127.0.0.1:{port}",
            "http://127.0.0.1:{port}.evil.example",
            "http://127.0.0.1:99999999",
            "null",
            None,
        ],
    )
    def test_it_refuses_any_other_than_the_site(self, origin, web, browser, open_screen):
        before = len(web.log.read_text())
        origin = origin and origin.format(port=web.port)
        with pytest.raises(InvalidStatus) as refused:
            open_screen(browser, origin=origin)
        assert refused.value.response.status_code in {400, 403}
        assert "Traceback" not in web.log.read_text()[before:]

    def test_it_refuses_a_forged_host_with_an_origin_to_match(self, web, browser, open_screen):
        with pytest.raises(InvalidStatus) as refused:
            open_screen(
                browser,
                address=f"ws://evil.example:{web.port}/ws/live/",
                origin=f"http://evil.example:{web.port}",
                sock=socket.create_connection(("127.0.0.1", web.port)),
            )
        assert refused.value.response.status_code == 403

    def test_it_refuses_another_origin_with_a_token_too(self, watcher, open_screen):
        key = create_token(user=watcher, name="reader")
        with pytest.raises(InvalidStatus):
            open_screen(headers={"Authorization": f"Token {key}"}, origin="http://evil.example")


class TestSubscribe:
    def test_it_answers_each_topic_with_a_snapshot(self, screen):
        notes.write("a", 1)
        answers = {answer["topic"]: answer for answer in screen.watch("note:a", "board")}
        assert answers["note:a"]["data"] == {"value": 1}
        assert answers["board"]["data"]["notes"]["a"] == 1
        assert answers["board"].keys() == {"topic", "revision", "at", "data"}

    @pytest.mark.parametrize(
        "address",
        ["nothing", "note", "note:", "board:a", "note:gone", "note:a b", "note:\ud800", ""],
    )
    def test_it_names_what_does_not_exist(self, address, screen):
        assert screen.watch(address) == [{"topic": address, "error": "unknown"}]

    def test_it_refuses_what_the_role_does_not_permit(self, screen):
        assert screen.watch("vault") == [{"topic": "vault", "error": "forbidden"}]

    def test_it_stops_on_unsubscribe(self, screen):
        notes.write("stop", 1)
        screen.watch("note:stop")
        screen.send(unsubscribe=["note:stop"])
        screen.send(ping=1)
        assert screen.frame()["pong"] == 1
        notes.write("stop", 2)
        notes.write("other", 1)
        assert screen.watch("note:other")[0]["topic"] == "note:other"

    def test_it_says_when_what_is_watched_goes_away(self, screen):
        notes.write("going", 1)
        screen.watch("note:going")
        notes.erase("going")
        assert screen.frame() == {"topic": "note:going", "error": "unknown"}

    def test_it_answers_pings(self, screen):
        screen.send(ping=7)
        answer = screen.frame()
        assert answer["pong"] == 7
        assert answer["at"].endswith("+00:00")


class TestMisuse:
    @pytest.mark.parametrize(
        "text",
        [
            "not json",
            "[]",
            "{}",
            "[" * 4000,
            '{"subscribe": "board"}',
            '{"subscribe": [1]}',
            '{"unsubscribe": {}}',
            '{"ping": "x"}',
            '{"ping": 1e400}',
            '{"ping": NaN}',
            '{"ping": 99999999999999999999}',
            json.dumps({"subscribe": [f"note:{n}" for n in range(51)]}),
            json.dumps({"ping": 1, "padding": "x" * 5000}),
        ],
    )
    def test_it_says_what_is_wrong_and_closes(self, text, screen):
        screen.connection.send(text)
        assert screen.frame()["error"] == "bad_message"
        assert close_code(screen) == 4400

    def test_it_closes_on_bytes(self, screen):
        screen.connection.send(b"\x00")
        assert close_code(screen) == 4400

    def test_it_closes_on_a_51st_topic_asked_for_later(self, screen):
        notes.write("n0", 0)
        screen.watch(*[f"note:n{n}" for n in range(30)])
        screen.send(subscribe=[f"note:m{n}" for n in range(50)])
        assert close_code(screen) == 4400

    def test_it_closes_on_a_flood(self, screen):
        with pytest.raises(ConnectionClosed):
            for number in range(2000):
                screen.send(ping=number)
            close = close_code(screen)
            assert close == 4400
            screen.send(ping=1)


class TestRightsLost:
    """Within 10 s as promised, with the tests' interval within 5."""

    def test_after_a_logout(self, browser, screen):
        screen.watch("board")
        browser.logout()
        assert close_code(screen) == 4403

    def test_after_deactivation(self, watcher, screen):
        screen.watch("board")
        watcher.is_active = False
        watcher.save(update_fields=["is_active"])
        assert close_code(screen) == 4403

    def test_after_the_role_is_taken(self, watcher, screen):
        screen.watch("board")
        watcher.groups.clear()
        assert close_code(screen) == 4403

    def test_after_a_new_password(self, watcher, screen):
        screen.watch("board")
        watcher.set_password("a new long password")
        watcher.save(update_fields=["password"])
        assert close_code(screen) == 4403

    def test_after_the_token_is_revoked(self, watcher, open_screen):
        key = create_token(user=watcher, name="reader")
        screen = open_screen(headers={"Authorization": f"Token {key}"}, origin=None)
        screen.watch("board")
        ApiToken.objects.filter(user=watcher).update(revoked_at="2026-01-01T00:00Z")
        assert close_code(screen) == 4403

    def test_it_leaves_everybody_else_alone(self, new_watcher, open_screen):
        leaver, stayer = new_watcher(), new_watcher()
        left, stays = (open_screen(logged_in(person)) for person in (leaver, stayer))
        left.watch("board")
        stays.watch("board")
        leaver.delete()
        assert close_code(left) == 4403
        stays.send(ping=3)
        assert stays.frame()["pong"] == 3
