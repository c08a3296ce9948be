"""Where webhooks may go: not to any spelling of an address inside, nor elsewhere a moment later."""

import socket
import ssl
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from alerts.channels import guard, posting
from alerts.errors import NotDelivered
from tests.alerts.certificates import certificate
from tests.alerts.receivers import Receiver, answering, receiving

INSIDE = [
    "127.0.0.1", "127.1", "0x7f000001", "0x7f.1", "2130706433", "017700000001", "0177.0.0.1",
    "0", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.2.1", "198.18.0.1", "224.0.0.1", "224.0.1.1", "240.0.0.1", "255.255.255.255",
    "[::1]", "[::]", "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:8.8.8.8]",
    "[64:ff9b::7f00:1]", "[64:ff9b::8.8.8.8]", "[64:ff9b:1::1]", "[2002:7f00:1::]",
    "[2002:808:808::1]", "[2001::7f00:1]", "[fe80::1]", "[fe80::1%25eth0]", "[fc00::1]",
    "[fec0::1]", "[ff02::1]", "[ff0e::1]", "[2001:db8::1]", "[100::1]",
]  # fmt: skip
MISSPELT = [
    "https://user:pass@example.com/", "https://user@example.com/", "https://example.com@127.0.0.1/",
    "https://example.com./", "https://localhost./", "https://exa mple.com/", "https://ex\tample.com/",
    "https://example.com\\@127.0.0.1/", "https://\uff11\uff12\uff17.0.0.1/", "https://ex%61mple.com/",
    "https://example..com/", "https://-a.example/", "https:///path", "https:example.com",
    "https://[::1/", "https://[v1.x]/", "https://example.com:x/", "https://example.com:99999/",
    "https://example.com/#part", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/",
    "//example.com/", "", "https://example.com/" + "a" * 2_000,
    "https://example.com/\r\nHost: inside",
]  # fmt: skip
WRONG_WAYS = [
    "http://example.com/", "https://example.com:22/", "https://example.com:25/",
    "https://example.com:5432/", "https://example.com:80/", "https://example.com:0/",
]  # fmt: skip
PUBLIC = ["https://8.8.8.8/x", "https://[2606:4700::1111]:8443/x?y=1", "https://a-b.example.com"]


class TestAddress:
    @pytest.mark.parametrize("host", INSIDE)
    def test_no_spelling_of_one_inside_is_taken(self, host: str) -> None:
        with pytest.raises(guard.ForbiddenAddress) as refused:
            guard.parse(f"https://{host}/hook")

        assert refused.value.code == "forbidden_address"
        assert refused.value.status == 400

    @pytest.mark.parametrize("address", MISSPELT + WRONG_WAYS)
    def test_what_is_misspelt_or_goes_another_way_is_refused(self, address: str) -> None:
        with pytest.raises(guard.ForbiddenAddress):
            guard.parse(address)

    @pytest.mark.parametrize("address", PUBLIC)
    def test_the_internet_is_reached(self, address: str) -> None:
        target = guard.parse(address)

        assert address.removeprefix("https://").startswith(target.netloc)
        assert target.port in (443, 8443)


class TestInside:
    @pytest.fixture(autouse=True)
    def allowed(self, settings: Any) -> None:
        settings.WEBHOOK_INSIDE = [ip_network("10.20.0.0/16"), ip_network("fd00:20::/64")]

    @pytest.mark.parametrize(
        "address", ["http://10.20.0.1/", "http://10.20.0.1:8080/", "https://[fd00:20::1]/"]
    )
    def test_what_the_site_allows_is_reached_by_http_too(self, address: str) -> None:
        assert guard.parse(address).host in ("10.20.0.1", "fd00:20::1")

    @pytest.mark.parametrize(
        "address",
        [
            "http://10.21.0.1/", "https://[fd00:21::1]/", "http://10.20.0.1:22/",
            "https://[::ffff:10.20.0.1]/", "http://8.8.8.8/",
        ],
    )  # fmt: skip
    def test_and_nothing_beside_it(self, address: str) -> None:
        with pytest.raises(guard.ForbiddenAddress):
            guard.parse(address)


class Names:
    """Answer look-ups of names, each time with the next addresses."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int, **kwargs: Any) -> list[Any]:
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        kinds = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [
            (kinds[ip_address(a.partition("%")[0]).version], 1, 6, "", (a, port)) for a in answer
        ]


class TestName:
    @pytest.mark.parametrize(
        "answer",
        [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["2606:4700::1111", "64:ff9b::7f00:1"],
         ["fe80::1%eth0"], ["::ffff:10.0.0.1"]],
    )  # fmt: skip
    def test_every_address_it_has_must_be_allowed(
        self, answer: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", Names(answer))

        with pytest.raises(NotDelivered, match="not on the public internet"):
            posting.post("https://hooks.example/x", b"{}", {})

    def test_one_outside_is_not_reached_by_http(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.WEBHOOK_INSIDE = [ip_network("10.20.0.0/16")]
        monkeypatch.setattr(socket, "getaddrinfo", Names(["8.8.8.8"]))

        with pytest.raises(NotDelivered, match="go by https"):
            posting.post("http://hooks.example:8080/x", b"{}", {})

    def test_one_that_has_none_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*args: Any, **kwargs: Any) -> None:
            raise socket.gaierror(-2, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", fail)

        with pytest.raises(NotDelivered, match="cannot be looked up"):
            posting.post("https://hooks.example/x", b"{}", {})


class TestConnection:
    """It goes to the address that was looked at, whatever the name means a moment later."""

    @pytest.fixture
    def secure(self, tmp_path: Path, settings: Any) -> Iterator[Receiver]:
        settings.WEBHOOK_INSIDE = [ip_network("127.0.0.1/32")]
        own, private = certificate(tmp_path, "hooks.example")
        self.authority = own
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own, private)
        self.greeted: list[str] = []
        context.sni_callback = lambda _, name, __: self.greeted.append(name)
        with receiving() as receiver:
            receiver.socket = context.wrap_socket(receiver.socket, server_side=True)
            yield receiver

    def test_the_name_is_looked_up_once_and_kept_for_tls_and_host(
        self, secure: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names = Names(["127.0.0.1"], ["127.0.0.2"])
        monkeypatch.setattr(socket, "getaddrinfo", names)
        monkeypatch.setenv("SSL_CERT_FILE", str(self.authority))
        for proxy in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(proxy, "http://127.0.0.1:9")
        host = f"hooks.example:{secure.server_port}"

        answer = posting.post(f"https://{host}/x?y=1", b"{}", {"webhook-id": "1"})

        assert answer.status == 204
        assert names.asked == 1
        assert self.greeted == ["hooks.example"]
        assert secure.got[0].headers["Host"] == host
        assert secure.got[0].path == "/x?y=1"

    def test_a_certificate_of_another_is_not_trusted(
        self, secure: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", Names(["127.0.0.1"]))
        monkeypatch.setenv("SSL_CERT_FILE", str(self.authority))
        secure.behave = answering(200)

        with pytest.raises(NotDelivered, match=r"certificate of other\.example"):
            posting.post(f"https://other.example:{secure.server_port}/", b"{}", {})

        assert not secure.got
