"""Hand out one stored file: whole, a part of it, or the word that it has not changed."""

import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import IO

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header, parse_etags, quote_etag

from batchops.streamed import Body

BLOCK_BYTES = 64 * 1024
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z")


@dataclass(frozen=True, slots=True)
class Stored:
    """A file to hand out: its name as people see it, and how it is opened for reading.

    `digest` differs when the content does.
    """

    name: str
    size_bytes: int
    digest: str
    content_type: str
    open: Callable[[], IO[bytes]]


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes asked for, from the first to the last."""

    first: int
    last: int

    @property
    def size_bytes(self) -> int:
        return self.last - self.first + 1


def hand_out(stored: Stored, *, method: str, asked: Mapping[str, str]) -> HttpResponseBase:
    """Answer GET or HEAD with the file, by what the headers `asked` for (RFC 9110).

    If-None-Match answers 304. Range answers one part by 206, or 416 when there is none such, and
    only of the content that If-Range names, and only to GET; several parts at once get the whole.

    :raises FileNotFoundError: when it is not in the storage any more.
    """
    if _is_known(stored, asked.get("If-None-Match", "")):
        return _labelled(HttpResponse(status=304), stored)
    whole = Part(0, stored.size_bytes - 1)
    part = (_part_asked_for(stored, asked) if method == "GET" else None) or whole
    if part.first > part.last and part is not whole:
        unsatisfied = HttpResponse(status=416)
        unsatisfied["Content-Range"] = f"bytes */{stored.size_bytes}"
        return _labelled(unsatisfied, stored)
    response = _labelled(_bytes_of(stored, part, method=method), stored)
    response["Content-Length"] = str(part.size_bytes)
    response["Content-Type"] = stored.content_type
    response["Content-Disposition"] = content_disposition_header(True, stored.name) or ""  # noqa: FBT003
    if part is not whole:
        response.status_code = 206
        response["Content-Range"] = f"bytes {part.first}-{part.last}/{stored.size_bytes}"
    return response


def _is_known(stored: Stored, known: str) -> bool:
    etags = [etag.removeprefix("W/") for etag in parse_etags(known)]
    return "*" in etags or quote_etag(stored.digest) in etags


def _part_asked_for(stored: Stored, asked: Mapping[str, str]) -> Part | None:
    """Return the part asked for, one that ends before it begins when there is none such."""
    if_range = asked.get("If-Range", "")
    found = RANGE.match(asked.get("Range", "").strip())
    if found is None or (if_range and if_range != quote_etag(stored.digest)):
        return None
    first, last = found.groups()
    end = stored.size_bytes - 1
    if not first:
        return (
            Part(max(0, stored.size_bytes - int(last)), end if int(last) else -1) if last else None
        )
    if last and int(last) < int(first):
        return None
    return Part(int(first), min(int(last), end) if last else end)


def _labelled(response: HttpResponseBase, stored: Stored) -> HttpResponseBase:
    response["ETag"] = quote_etag(stored.digest)
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, no-cache"
    return response


def _bytes_of(stored: Stored, part: Part, *, method: str) -> HttpResponseBase:
    file = stored.open()
    if method == "HEAD":
        file.close()
        return HttpResponse()
    return StreamingHttpResponse(Body(_read(file, part)))


def _read(file: IO[bytes], part: Part) -> Generator[bytes, None, None]:
    with file:
        file.seek(part.first)
        left = part.size_bytes
        while left > 0 and (block := file.read(min(BLOCK_BYTES, left))):
            left -= len(block)
            yield block
