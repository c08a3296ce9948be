"""What comes from outside cannot forge a header, a log line or a cell, nor carry a secret out."""

import asyncio
import csv
import io
import logging
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest

from alerts import deliver, lifecycle
from alerts.models import Alert, Channel, Notice
from batchops.log_lines import Lines
from tests.alerts.findings import AT, finding
from tests.alerts.mailbox import Mailbox
from tests.people import client_of

EVIL = "x\r\nBcc: thief@evil.example\n2026-01-01 ERROR forged\x1b[31m\x00\u202e"
SECRETS = [
    ("ORA-28000 for ccb/hunter2@db1:1521/prod", "hunter2"),
    ("cannot read postgres://ccb:hunter2@db1/prod", "hunter2"),
    ("login failed: password=hunter2 for ccb", "hunter2"),
    ('answer {"api_key": "hunter2"}', "hunter2"),
    ("ALTER USER ccb IDENTIFIED BY hunter2", "hunter2"),
    ("sent Authorization: Bearer abcdefghijklmnop.hunter2", "hunter2"),
    ("bill of rahim.uddin@mail.example bounced", "rahim.uddin"),
]


def evil_alert() -> Alert:
    found = finding(
        EVIL,
        message=f"Batch failed {EVIL}",
        batch_code=f"=1+1{EVIL}",
        subject=f"@cmd {EVIL}",
        evidence={"seen": {"last_message": EVIL}},
    )
    lifecycle.reconcile("FAILED", [found], at=AT, actor="system:test")
    return Alert.objects.get()


def unprintable(text: str) -> list[str]:
    return [letter for letter in text if not letter.isprintable()]


@pytest.mark.django_db
class TestAlert:
    def test_it_is_kept_in_one_line_without_control_characters(self) -> None:
        alert = evil_alert()

        told = [alert.key, alert.message, alert.batch_code, alert.subject]
        told.append(alert.evidence["seen"]["last_message"])
        assert [unprintable(text) for text in told] == [[]] * 5

    def test_the_same_finding_is_the_same_alert(self) -> None:
        evil_alert()

        assert evil_alert().events.count() == 1

    def test_a_note_keeps_its_lines_and_nothing_else_unprintable(self) -> None:
        alert = evil_alert()

        lifecycle.comment(alert.pk, at=AT, actor="user:a", note=f"one\r\ntwo{EVIL}")

        assert set(unprintable(alert.events.latest("id").note)) == {"\n"}

    def test_what_is_too_long_is_cut_and_not_refused(self) -> None:
        found = finding("k" * 500, message="m" * 9000, batch_code="b" * 99, subject="s" * 999)

        lifecycle.reconcile("FAILED", [found], at=AT, actor="system:test")

        assert len(Alert.objects.get().message) == 2000

    @pytest.mark.parametrize(("message", "secret"), SECRETS)
    def test_no_secret_gets_into_it(self, message: str, secret: str) -> None:
        found = finding(
            message,
            message=message,
            subject=message,
            batch_code=message,
            evidence={"seen": {"last_message": message}},
        )

        lifecycle.reconcile("FAILED", [found], at=AT, actor="system:test")

        alert = Alert.objects.get()
        told = [alert.message, alert.evidence, alert.subject, alert.key, alert.batch_code]
        assert secret not in str(told)
        assert message.split()[0] in alert.message


@pytest.mark.django_db
class TestNotice:
    @pytest.mark.parametrize(("title", "secret"), SECRETS)
    def test_no_secret_leaves_by_it(self, title: str, secret: str, mail_settings: Any) -> None:
        post(title)

        notice = Notice.objects.get()
        assert secret not in f"{notice.subject} {notice.lines}"

    def test_it_is_lines_and_no_more(self, mailbox: Mailbox) -> None:
        post(EVIL)

        deliver.deliver_due()

        notice, (mail,) = Notice.objects.get(), mailbox.mails
        body = mail.get_body(("plain",))
        assert body is not None
        assert [unprintable(text) for text in (notice.subject, *notice.lines)] == [[]] * 2
        assert not any(line.startswith("Bcc") for line in body.get_content().splitlines())
        assert "thief" not in str(mail["Subject"])

    def test_a_secret_is_masked_before_the_cut(self, mail_settings: Any) -> None:
        post("x" * 185 + " rahim.uddin@mail.example")

        assert "rahim" not in Notice.objects.get().subject


def post(title: str) -> None:
    lifecycle.post_notice(
        key="job 1", subject=title, lines=[f"Title: {title}"], url="/", to=["a@example.com"]
    )


@pytest.mark.django_db(transaction=True)
class TestMail:
    def test_no_header_can_be_added(self, mailbox: Mailbox, channel: Channel) -> None:
        evil_alert()

        deliver.deliver_due()

        (mail,) = mailbox.mails
        assert mail["Bcc"] is None
        assert unprintable(str(mail["Subject"])) == []
        assert mailbox.envelopes == [["ops@example.com", "lead@example.com"]]
        body = mail.get_body(("plain",))
        assert body is not None
        assert not any(line.startswith("Bcc") for line in body.get_content().splitlines())


def body_of(response: Any) -> bytes:
    async def collect() -> bytes:
        return b"".join([part async for part in response])

    return asyncio.run(collect())


@pytest.mark.django_db(transaction=True)
class TestExport:
    def test_a_cell_is_one_cell_and_no_formula(self) -> None:
        alert = evil_alert()
        lifecycle.acknowledge(alert.pk, at=AT, actor="user:a", note="=2+2\n@x")

        text = body_of(client_of("Viewer").get("/admin/alerts/alert/export/csv/"))

        head, row = csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""))
        assert len(head) == len(row)
        assert not [cell for cell in row if cell.startswith(("=", "@", "+"))]
        assert row[head.index("Note")] == "'=2+2\n@x"

    def test_only_what_the_list_shows_is_in_it(self) -> None:
        found = [finding("a", message="disk full"), finding("b", message="no listener")]
        lifecycle.reconcile("FAILED", found, at=AT, actor="system:test")
        client = client_of("Viewer")

        answer = client.get("/admin/alerts/alert/export/xlsx/?q=listener")

        sheet = openpyxl.load_workbook(io.BytesIO(body_of(answer))).active
        assert sheet is not None
        assert [row[3] for row in sheet.iter_rows(min_row=2, values_only=True)] == ["no listener"]
        assert client.get("/admin/alerts/alert/export/odd/").status_code == 404


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(Lines("%(levelname)s %(message)s"))
    logger = logging.getLogger("tests.lines")
    logger.propagate = False
    logger.addHandler(handler)
    yield logger, written
    logger.removeHandler(handler)


class TestLog:
    def test_a_message_stays_on_its_line(self, log: tuple[logging.Logger, io.StringIO]) -> None:
        logger, written = log

        logger.error("Batch %s failed.", EVIL)

        assert written.getvalue().count("\n") == 1
        assert "\\x1b[31m" in written.getvalue()

    def test_the_lines_of_a_trace_cannot_begin_a_record(
        self, log: tuple[logging.Logger, io.StringIO]
    ) -> None:
        logger, written = log

        try:
            raise ValueError(EVIL)
        except ValueError:
            logger.exception("It failed.")

        first, *rest = written.getvalue().splitlines()
        assert first == "ERROR It failed."
        assert rest
        assert all(line.startswith("    ") and line.isprintable() for line in rest)
