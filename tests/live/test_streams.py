from __future__ import annotations

import csv
import http.client
import io
import json
import socket
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from jobs.models import Job
from tests.people import logged_in
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.django_db]

ROWS = 3_000
ADDRESS = "/api/batch-jobs/export"


@pytest.fixture(scope="module")
def history(django_db_setup, django_db_blocker):
    """Many jobs that have ended: more of a file than the buffers between two processes hold."""
    now = timezone.now()
    with django_db_blocker.unblock():
        Job.objects.bulk_create(
            Job(
                type="drill",
                title="Long answers",
                campaign_id="streams",
                created_by="user:tester",
                state="completed",
                finished_at=now,
                expanded_at=now,
                items_total=0,
                error="x" * 5_000,
            )
            for _ in range(ROWS)
        )


@pytest.fixture
def headers(watcher):
    watcher.groups.add(Group.objects.get(name="Viewer"))
    return {"Cookie": f"sessionid={logged_in(watcher).cookies['sessionid'].value}"}


@pytest.fixture
def ask(web, headers):
    """Send a request and return the connection and the answer, whose body is still to be read."""
    opened = []

    def ask_once(address=ADDRESS, method="GET"):
        line = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
        line.connect()
        line.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        opened.append(line)
        line.request(method, address, headers=headers)
        return line, line.getresponse()

    yield ask_once
    for line in opened:
        line.close()


def memory_bytes(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


class TestLongAnswers:
    def test_they_are_sent_at_the_readers_pace_two_at_once(self, web, history, ask):
        assert ask()[1].read()
        before = memory_bytes(web.pid)
        first, second = ask(), ask()
        assert first[1].read(100).startswith(b"\xef\xbb\xbfId,")
        assert second[1].status == 200

        refused = ask(f"{ADDRESS}?format=xlsx")[1]
        assert refused.status == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert json.loads(refused.read())["error"] == "too_many_exports"
        assert ask("/api/batch-jobs?limit=1")[1].status == 200

        second[0].close()
        _, third = wait_for(lambda: granted(ask), 10, "the place of the one who left")
        rows = list(csv.reader(io.StringIO(third.read().decode("utf-8-sig")), strict=True))
        assert len(rows) == ROWS + 1
        assert memory_bytes(web.pid) - before < 30 * 1024 * 1024

    def test_one_whose_session_is_lost_ends_visibly_cut_off(self, history, ask):
        _, answer = ask()
        answer.read(100)
        wait_for(end_idle_transactions, 5, "the export to wait for its reader")
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answer.read()

    def test_a_head_has_no_body_however_long_the_page(self, ask):
        line, answer = ask("/admin/login/", "HEAD")
        assert answer.read() == b""
        line.request("GET", "/admin/login/")
        assert line.getresponse().status == 200


def granted(ask):
    line, answer = ask()
    return (line, answer) if answer.status == 200 else None


def end_idle_transactions():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            " AND state = 'idle in transaction'"
        )
        return cursor.fetchone()[0]
