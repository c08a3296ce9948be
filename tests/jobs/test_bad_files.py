"""Send files whose content is bad: a 4xx that names the place in it, and no trace."""

import io
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.jobs.files import (
    nothing_is_left,
    send,
    start,
    workbook,
    zipped,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("uploading")]

GOOD = b"meter;label\r\n1;a\r\n"


def linked() -> bytes:
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    return zipped((link, b"/etc/passwd"))


def twice() -> bytes:
    with pytest.warns(UserWarning, match="Duplicate"):
        return zipped(("a.csv", b"1"), ("a.csv", b"2"))


def encrypted() -> bytes:
    packed = bytearray(zipped(("a.csv", b"1")))
    packed[6] |= 1
    packed[packed.find(b"PK\x01\x02") + 8] |= 1
    return bytes(packed)


def damaged() -> bytes:
    packed = bytearray(zipped(("a.csv", bytes(range(256)) * 9)))
    packed[60] ^= 255
    return bytes(packed)


def with_a_second_end() -> bytes:
    """Return an archive whose usual end tells of one file, and the end for large ones of 5,000."""
    packed = zipped(("a.csv", b"1"))
    at = packed.find(b"PK\x01\x02")
    size = len(packed) - at - 22
    large = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 5_000, 5_000, size, at)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at + size, 1)
    return packed[:-22] + large + locator + packed[-22:]


def with_entities() -> bytes:
    return repacked(
        "xl/worksheets/sheet1.xml", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x/>'
    )


def in_utf16() -> bytes:
    return repacked("xl/worksheets/sheet1.xml", "<!DOCTYPE x><x/>".encode("utf-16"))


def broken_sheet() -> bytes:
    return repacked("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row")


def repacked(part: str, content: bytes) -> bytes:
    """Return a workbook in which one part is another."""
    with zipfile.ZipFile(io.BytesIO(workbook(("meter",), ("1",)))) as book:
        files = [(name, book.read(name)) for name in book.namelist()]
    return zipped(*((name, content if name == part else found) for name, found in files))


def blank_rows() -> bytes:
    rows = b"".join(b'<row r="%d"/>' % number for number in range(2, 2_000))
    head = b'<row r="1"><c r="A1" t="inlineStr"><is><t>meter</t></is></c></row>'
    space = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return repacked(
        "xl/worksheets/sheet1.xml",
        b"<worksheet %s><sheetData>%s%s</sheetData></worksheet>" % (space, head, rows),
    )


CSV: list[tuple[str, bytes, str]] = [
    ("UTF-16", "meter\n1\n".encode("utf-16"), "row 1, byte 1: it is in UTF-16"),
    ("Latin-1", b"meter\n1\n2\nZ\xfcrich\n", "row 4, byte 12 (0xFC) is no UTF-8"),
    ("unclosed quote", b'meter\n1\n"2\n3\n4\n', "opened in row 3 is not closed"),
    ("unclosed quote, long", b'meter\n1\n"2\n' + b"3\n" * 40_000, "opened in row 3 is not closed"),
    ("text after a quote", b'meter\n"1"2\n', "row 2 cannot be read"),
    ("NUL", b"meter\n1\n" + b"2\n" * 40_000 + b"\x00\n", "row 40003 holds a NUL"),
    ("CR alone", b"meter\r1\r2\r", "ends with CR alone"),
    ("long field", b"meter\n" + b"x" * 200_000, "column 1 has 200,000 characters; 32,768 is"),
    ("100,000 columns", b",".join(b"c%d" % n for n in range(100_000)) + b"\n",
     "row 1 has 100,000 columns; 1,000 is the limit"),
    ("wide row", b"meter\n" + b"," * 10_000 + b"\n", "row 2 has 10,001 columns; 1,000 is"),
    ("ragged rows", b"meter,label\n1,a\n2\n3,b,c\n", "row 3 has 1, row 4 has 3"),
    ("header only", b"meter,label\n", "no row below it"),
    ("missing column", b"metre,label\n1,a\n", "Missing: meter"),
    ("column twice", b"meter,meter\n1,2\n", "more than once: meter"),
    ("column without a name", b"meter,,x\n1,2,3\n", "column 2 has no name"),
    ("line of 5 MB", b"meter\n" + b"x" * 5_000_000 + b"\n", "row 2 is longer than 4 MB"),
]  # fmt: skip
XLSX: list[tuple[str, Callable[[], bytes], str]] = [
    ("entities", with_entities, "declares entities"),
    ("hidden encoding", in_utf16, "no XML in UTF-8"),
    ("broken sheet", broken_sheet, "no workbook that can be read"),
    ("empty rows", blank_rows, "1,000 empty rows"),
    ("wide row", lambda: workbook(("meter",), tuple(range(1_001))), "row 2 has 1,001 columns"),
    ("missing column", lambda: workbook(("metre",), ("1",)), "Missing: meter"),
    ("nothing in it", workbook, "it is empty"),
    ("too wide below", lambda: workbook(("meter",), ("1", "2")), "row 2 has 2"),
]
ZIP: list[tuple[str, Callable[[], bytes], str]] = [
    ("bomb", lambda: zipped(("a.csv", b"\0" * 20_000_000)), "100 times as large"),
    ("path upwards", lambda: zipped(("../../etc/x", b"1")), "file 1 (x) in it is named to land"),
    ("absolute path", lambda: zipped(("/etc/x", b"1")), "named to land in another folder"),
    ("drive", lambda: zipped(("C:\\x", b"1")), "named to land in another folder"),
    ("link", linked, "is a link"),
    ("same name", twice, "file 2 (a.csv) in it has the name of another"),
    ("encrypted", encrypted, "is encrypted"),
    ("archive in it", lambda: zipped(("a.zip", b"x")), "is an archive itself"),
    ("disguised archive", lambda: zipped(("a.csv", zipped(("b", b"1")))), "is an archive itself"),
    ("damaged", damaged, "is damaged"),
    ("101 files", lambda: zipped(*((f"{n}", b"1") for n in range(101))), "100 is the limit"),
    ("second end", with_a_second_end, "it holds 5,000 files or more"),
    ("cut off", lambda: zipped(("a.csv", GOOD))[:-30], "it was cut off"),
    ("empty", zipped, "no file in it"),
]
JSON: list[tuple[str, bytes, str]] = [
    ("no array", b'{"meter": 1}', "it is no array"),
    ("empty array", b"[]", "its array is empty"),
    ("no object", b'[{"meter": 1},\n 5]', "object 2"),
    ("cut off", b'[{"meter": 1},\n', "row 2, column 1"),
    ("key twice", b'[{"a": 1, "a": 2}]', "'a' more than once"),
    ("NaN", b'[{"a": NaN}]', "no finite number"),
    ("infinite", b'[{"a": 1e999}]', "object 1: Numbers must be finite"),
    ("long number", b'[{"a": ' + b"9" * 5_000 + b"}]", "400 is the limit"),
    ("deep", b'[{"a": ' + b"[" * 100_000, "nested too deep"),
    ("nested", b'[{"a": ' + b"[" * 30 + b"]" * 30 + b"}]", "20 levels"),
    ("NUL", b'[{"a": "\\u0000"}]', "NUL"),
    ("half a character", b'[{"a": "\\ud800"}]', "surrogate"),
    ("Latin-1", b'[{"a": "\xfc"}]', "row 1, byte 9"),
]  # fmt: skip
KINDS = [
    ("a program called csv", b"MZ\x90\x00" + b"\0" * 60, "a Windows program"),
    ("a Linux program", b"\x7fELF" + b"\0" * 60, "a Linux program"),
    ("a page called csv", b"<!DOCTYPE html><html><body>a,b</body></html>", "an HTML page"),
    ("gzip", b"\x1f\x8b\x08\0\0\0\0\0", "a gzip archive"),
    ("an old workbook", b"\xd0\xcf\x11\xe0" + b"\0" * 60, "an old Office document"),
    ("a picture", b"\x89PNG\r\n\x1a\n", "an image"),
    ("NULs", b"a\x00b", "binary data"),
    ("XML", b"<?xml version='1.0'?><a/>", "XML"),
]
CASES = [
    *(("meters", "a.csv", what, lambda c=content: c, said) for what, content, said in CSV),
    *(("meters", "a.xlsx", *case) for case in XLSX),
    *(("bundles", "a.zip", *case) for case in ZIP),
    *(("bundles", "a.json", what, lambda c=content: c, said) for what, content, said in JSON),
]


class TestContent:
    @pytest.mark.parametrize(
        ("job_type", "name", "what", "make", "said"), CASES, ids=[f"{c[1]} {c[2]}" for c in CASES]
    )
    def test_is_refused_with_the_place_in_it(
        self, client: Client, settings: Any, job_type: str, name: str, what: str,
        make: Callable[[], bytes], said: str,
    ) -> None:  # fmt: skip
        settings.UPLOAD_PART_BYTES = 1024**2
        body = {"type": job_type, "files": SimpleUploadedFile(name, make())}

        answer = client.post("/api/batch-jobs", body)

        assert answer.status_code == 400, answer.content[:500]
        (sentence,) = answer.json()["errors"]["files[0]"]
        assert said in sentence
        assert sentence.startswith(f"{name}: ")
        assert nothing_is_left()

    @pytest.mark.parametrize(("what", "content", "said"), KINDS, ids=[k[0] for k in KINDS])
    def test_of_another_kind_is_refused_by_what_it_is(
        self, client: Client, what: str, content: bytes, said: str
    ) -> None:
        answer = send(client, content)

        assert (answer.status_code, answer.json()["error"]) == (415, "kind_refused")
        assert said in answer.json()["message"]
        assert nothing_is_left()

    @pytest.mark.parametrize(
        ("content", "name", "said"),
        [
            (workbook(("meter",), ("1",)), "a.csv", "a.csv is an Excel workbook"),
            (b"%PDF-1.7 a", "a.csv", "a.csv is a PDF document"),
            (b'[{"meter": 1}]', "a.json", "a.json is JSON"),
        ],
    )
    def test_that_the_type_does_not_take_is_refused_at_the_start(
        self, client: Client, settings: Any, content: bytes, name: str, said: str
    ) -> None:
        settings.UPLOAD_PART_BYTES = 1024**2
        upload_id = send(client, content, name).json()["data"]["id"]
        refused = "bundles" if name == "a.csv" else "meters"

        answer = start(client, upload_id, job_type=refused)

        assert answer.status_code == 400
        assert said in answer.json()["errors"]["files[0]"][0]

    def test_that_a_spreadsheet_would_run_stays_text(self, client: Client) -> None:
        answer = client.post(
            "/api/batch-jobs",
            {
                "type": "meters",
                "files": SimpleUploadedFile("=1.csv", b"meter\n=cmd|'/C calc'!A0\n"),
            },
        )

        assert answer.status_code == 201

    @pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
    @pytest.mark.parametrize("divider", [b",", b";", b"\t"])
    def test_that_other_programs_write_is_taken(
        self, client: Client, ends: bytes, mark: bytes, divider: bytes
    ) -> None:
        table = mark + divider.join([b"meter", b'"the\nlabel"']) + ends
        table += divider.join([b"1", b'"a ""b"" ,;\t c"']) + ends

        body = {"type": "meters", "files": SimpleUploadedFile("a.csv", table)}

        assert client.post("/api/batch-jobs", body).status_code == 201
