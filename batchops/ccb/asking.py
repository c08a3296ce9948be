"""Ask CC&B the site's own questions, for many items in one reading."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from functools import cache
from pathlib import Path

from django.conf import settings

from batchops.ccb.client import read_lines
from batchops.ccb.errors import CcbBroken, CcbError
from batchops.ccb.rows import Line
from batchops.ccb.selects import NotAQuestion, Question, parse_question
from batchops.ccb.source import parse_source

Answers = list[dict[str, str | None]]


def questions() -> dict[str, Question]:
    """Return the site's questions by name, in the order of their files.

    :raises NotAQuestion: when a file cannot be used; it names the file.
    """
    return {one.name: one for one, _ in _read(_folder()).values()}


def _folder() -> Path:
    return Path(settings.BASE_DIR, settings.ENRICH_QUERIES_DIR)


@cache
def _read(folder: Path) -> dict[str, tuple[Question, str]]:
    found: dict[str, tuple[Question, str]] = {}
    for path in sorted(folder.glob("*.sql")):
        written = path.read_text(encoding="utf-8")
        try:
            question = parse_question(written)
        except NotAQuestion as error:
            raise NotAQuestion(f"{path.name}: {error}.") from error
        if question.name in found:
            raise NotAQuestion(f"{path.name}: another file has the name '{question.name}' too.")
        found[question.name] = (question, written)
    return found


def ask(
    name: str,
    binds: Sequence[Mapping[str, str]],
    *,
    deadline: timedelta | None = None,
    url: str | None = None,
) -> list[Answers | CcbError]:
    """Return for each set of binds what a question answers: at most 20 rows, or why it could not.

    All of it is read in one process and as of one moment, within `deadline`
    (settings.CCB_DEADLINE unless given); `url` is settings.CCB_URL unless given.

    :raises CcbError: when CC&B cannot be reached or read at all.
    :raises KeyError: when the site has no such question.
    """
    question, written = _read(_folder())[name]
    source = parse_source(settings.CCB_URL if url is None else url)
    request = {"task": "ask", "question": written, "binds": [dict(one) for one in binds]}
    found: list[Answers | CcbError] = [[] for _ in binds]
    with closing(read_lines(source, request, deadline=deadline)) as lines:
        for line in lines:
            _take(question, found, line)
    return found


def _take(question: Question, found: list[Answers | CcbError], line: Line) -> None:
    kind, number, *cells = line
    if kind == "refused":
        found[number] = CcbError(cells[1], code=cells[0])
        return
    if len(cells) != len(question.columns):
        raise CcbBroken(
            f"The question '{question.name}' answered {len(cells)} columns and its header names "
            f"{len(question.columns)}. Correct the line '-- columns' of its file."
        )
    answers = found[number]
    if isinstance(answers, list):
        answers.append(dict(zip(question.columns, cells, strict=True)))
