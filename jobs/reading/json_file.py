"""Read a JSON array of objects, exactly as the standard has it."""

import json
from typing import IO, Any

from batchops import strict_json
from batchops.inputs import unstorable
from jobs.reading.errors import UnreadableFile

FILE_BYTES = 16 * 1024**2
OBJECTS = 100_000


def read_array(
    file: IO[bytes], *, name: str, most: int = OBJECTS, limit_bytes: int = FILE_BYTES
) -> list[dict[str, Any]]:
    """Return the objects of an array; refused are keys given twice, NaN and what no database takes.

    :raises UnreadableFile: it names the object's number, or the limit.
    """
    found = _parsed(_content(file, name, limit_bytes), name)
    if not isinstance(found, list):
        raise UnreadableFile(name, 'it is no array. Send objects in brackets: [{"name": 1}].')
    if not found:
        raise UnreadableFile(name, "its array is empty. Send at least one object.")
    if len(found) > most:
        raise UnreadableFile(
            name,
            f"it has {len(found):,} objects; {most:,} is the limit. Send several files.",
            limit=most,
        )
    for number, one in enumerate(found, start=1):
        problem = unstorable(one) if isinstance(one, dict) else "It is no object."
        if problem:
            raise UnreadableFile(name, f"object {number}: {problem} Mend it.", row=number)
    return found


def _content(file: IO[bytes], name: str, limit_bytes: int) -> str:
    raw = file.read(limit_bytes + 1)
    if len(raw) > limit_bytes:
        raise UnreadableFile(
            name,
            f"it is larger than {limit_bytes // 1024**2} MB, which is the limit. Send several "
            "files, or CSV.",
            limit=limit_bytes,
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = raw.count(b"\n", 0, error.start) + 1
        raise UnreadableFile(
            name,
            f"row {row}, byte {error.start + 1:,} is no UTF-8. Save it in UTF-8.",
            row=row,
            byte=error.start + 1,
        ) from None


def _parsed(text: str, name: str) -> Any:
    try:
        return strict_json.loads(text)
    except json.JSONDecodeError as error:
        raise UnreadableFile(
            name,
            f"row {error.lineno}, column {error.colno}: {error.msg}. Mend it there.",
            row=error.lineno,
            column=error.colno,
        ) from None
    except RecursionError:
        raise UnreadableFile(name, "it is nested too deep; 20 levels do.", limit=20) from None
    except ValueError as error:
        raise UnreadableFile(name, f"{error}. Mend it.") from None
