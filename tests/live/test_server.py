from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from batchops.models import WebProcess
from tests.waiting import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.django_db]

OVER_THE_LIMIT = 16 * 1024 * 1024 + 1


def post(web, body, content_type="application/octet-stream"):
    request = urllib.request.Request(f"{web.origin}/api/batch-jobs", data=body, method="POST")
    request.add_header("Content-Type", content_type)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, refused.read()


class TestAMachineOfItsOwn:
    def test_it_has_the_static_files_without_a_release(self, web):
        with urllib.request.urlopen(f"{web.origin}/admin/login/", timeout=10) as page:
            [style, *_] = re.findall(r'href="(/static/[^"]+\.css)"', page.read().decode())

        with urllib.request.urlopen(web.origin + style, timeout=10) as file:
            assert file.status == 200


class TestPresence:
    def test_others_see_it_with_its_sockets_until_it_parts_with_them(self, web, screen):
        mine = WebProcess.objects.filter(pid=web.pid)

        wait_for(lambda: mine.filter(sockets__gte=1).exists(), 10, "the socket to be counted")

        screen.connection.close()
        wait_for(lambda: mine.filter(sockets=0).exists(), 10, "the socket to be forgotten")


class TestBodies:
    def test_it_refuses_one_that_announces_more_than_16_mb(self, web):
        status, headers, body = post(web, b"x" * OVER_THE_LIMIT)
        assert status == 413
        assert headers["Content-Type"] == "application/json"
        assert json.loads(body)["error"] == "body_too_large"
        assert "16 MB" in json.loads(body)["message"]

    def test_it_refuses_one_that_turns_out_larger(self, web):
        parts = (b"x" * 65536 for _ in range(OVER_THE_LIMIT // 65536 + 1))
        assert post(web, parts)[0] == 413

    def test_it_takes_one_below(self, web):
        assert post(web, b"x" * (OVER_THE_LIMIT - 2))[0] == 401

    def test_forms_are_not_read_before_it_is_known_who_asks(self, web):
        """Multiparts within multiparts would keep the thread that serves all for seconds."""
        parts = [
            b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (n, n + 1)
            for n in range(200)
        ]
        body = b"".join(parts) + b"--b200\r\n\r\n" + b"\n" * 3_000_000
        asked = threading.Thread(target=post, args=(web, body, "multipart/form-data; boundary=b0"))
        asked.start()
        while asked.is_alive():
            with urllib.request.urlopen(f"{web.origin}/healthz", timeout=5) as answer:
                assert answer.status == 200
        assert post(web, b"x", "multipart/form-data")[0] == 401


class TestSlowPages:
    def test_one_gives_up_after_5_s_in_words(self, web, browser):
        request = urllib.request.Request(f"{web.origin}/board/slow/")
        request.add_header("Cookie", f"sessionid={browser.cookies['sessionid'].value}")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=15)
        assert refused.value.code == 503
        assert "took too long" in refused.value.read().decode()


class TestServer:
    def test_it_hides_what_it_is(self, web):
        with urllib.request.urlopen(f"{web.origin}/admin/login/", timeout=10) as response:
            assert "Server" not in response.headers

    def test_it_says_when_the_port_is_taken(self, web):
        second = subprocess.run(
            [sys.executable, "manage.py", "web", "--port", str(web.port)],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert second.returncode == 1
        assert f"port {web.port}: Address already in use" in second.stderr
        assert "--port" in second.stderr
        assert "Traceback" not in second.stderr
