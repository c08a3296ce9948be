"""Take a site's own question to CC&B only if it can do nothing but read; no Django in here.

Such a text lies in a file of the site, never in a request. It runs under an account that may only
read, in a transaction that is read-only; that it is one SELECT of harmless words and functions is
held here before, so that a slip is found when the site starts and not by CC&B.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from batchops.ccb.statements import Statement

_TOKEN = re.compile(
    r"(?P<text>'[^']*')|(?P<bind>:[a-z_][a-z0-9_]*)|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<number>\d+(?:\.\d+)?)|(?P<space>[ \t\r\n]+)|(?P<sign>[(),.=<>!+*/|-])"
)
FIRST = {"SELECT", "WITH"}
NEVER = re.compile(
    r"INSERT|UPDATE|DELETE|MERGE|INTO|CREATE|ALTER|DROP|TRUNCATE|GRANT|REVOKE|CALL|"
    r"EXEC|EXECUTE|BEGIN|DECLARE|COMMIT|ROLLBACK|SAVEPOINT|SET|LOCK|FOR|COPY|DO|"
    r"RETURNING|NEXTVAL|CURRVAL|FUNCTION|PROCEDURE|ANALYZE|VACUUM|EXPLAIN|LISTEN|"
    r"NOTIFY"
)
PACKAGES = ("DBMS_", "UTL_", "PG_", "LO_")
FUNCTIONS = re.compile(
    r"ABS|AVG|CAST|COALESCE|CONCAT|COUNT|DENSE_RANK|EXTRACT|FLOOR|GREATEST|LAG|"
    r"LEAD|LEAST|LENGTH|LOWER|LTRIM|MAX|MIN|MOD|NULLIF|RANK|REPLACE|ROUND|"
    r"ROW_NUMBER|RTRIM|SUBSTR|SUM|TO_CHAR|TRIM|TRUNC|UPPER"
)
TYPES = re.compile(r"CHAR|VARCHAR|VARCHAR2|NUMBER|NUMERIC|DECIMAL|TIMESTAMP")
# What may stand before a parenthesis that calls nothing.
BEFORE_PARENTHESIS = re.compile(
    r"ALL|AND|ANY|AS|BY|ELSE|EXCEPT|EXISTS|FROM|HAVING|IN|INTERSECT|JOIN|MINUS|"
    r"NOT|ON|OR|OVER|SELECT|THEN|UNION|WHEN|WHERE"
)
HEADERS = ("name", "label", "columns", "grants")
COLUMNS_MOST = 30


class NotAQuestion(ValueError):
    """Say what in the file of a question cannot be used."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the site: what it is called, what it answers, and from what.

    `sources` names for each bind the fields that may hold its value, the first that does wins.
    """

    name: str
    label: str
    columns: tuple[str, ...]
    sources: dict[str, tuple[str, ...]]
    statement: Statement


def parse_question(written: str) -> Question:
    """Return the question of a file: a header of `-- name: value` lines, then one SELECT.

    :raises NotAQuestion: when a line of the header is missing, or the text may do more than read.
    """
    lines = written.splitlines()
    header = dict(_header_line(line) for line in lines if line.startswith("--"))
    missing = [name for name in HEADERS if not header.get(name)]
    if missing:
        raise NotAQuestion(f"its header has no line '-- {missing[0]}: ...'")
    text = "\n".join(line for line in lines if not line.startswith("--")).strip()
    require_read_only(text)
    sources = {
        name.removeprefix("bind "): _listed(value, ",")
        for name, value in header.items()
        if name.startswith("bind ")
    }
    columns = _listed(header["columns"], ";")
    if len(set(columns)) != len(columns) or len(columns) > COLUMNS_MOST:
        raise NotAQuestion(f"a column is named twice, or there are more than {COLUMNS_MOST}")
    statement = Statement(
        name=header["name"],
        text=text,
        binds=frozenset(binds_of(text)),
        tables=_listed(header["grants"].removeprefix("READ on "), ","),
    )
    if set(sources) != statement.binds or not sources:
        raise NotAQuestion("each bind of the text needs one line '-- bind <it>: <fields>'")
    return Question(header["name"], header["label"], columns, sources, statement)


def _header_line(line: str) -> tuple[str, str]:
    name, colon, value = line.removeprefix("--").partition(":")
    if not colon:
        raise NotAQuestion(f"the line '{line[:60]}' is not '-- name: value'")
    return name.strip(), value.strip()


def _listed(value: str, separator: str) -> tuple[str, ...]:
    return tuple(one for one in map(str.strip, value.split(separator)) if one)


def binds_of(text: str) -> list[str]:
    """Return the named binds of a text, without their colon."""
    return [found[1:] for kind, found in _tokens(text) if kind == "bind"]


def require_read_only(text: str) -> None:
    """Pass when a text is one SELECT that can do nothing but read.

    Refused are comments, quoted names, semicolons, database links, words that write, and every
    function that is not known to be harmless.

    :raises NotAQuestion: it names the word or character.
    """
    words = [(kind, found) for kind, found in _tokens(text) if kind != "space"]
    if not words or words[0][1].upper() not in FIRST:
        raise NotAQuestion("it does not begin with SELECT")
    signs = ["", *(found for _, found in words), ""]
    for (kind, found), before, after in zip(words, signs, signs[2:], strict=False):
        if kind == "word":
            _require_harmless(found.upper(), called=after == "(", owned=before == ".")


def _require_harmless(word: str, *, called: bool, owned: bool) -> None:
    if NEVER.fullmatch(word) or word.startswith(PACKAGES):
        raise NotAQuestion(f"it has the word {word}, which a question may not")
    known = (FUNCTIONS, TYPES, BEFORE_PARENTHESIS)
    # One of a package or schema may do anything, whatever it is called.
    if called and (owned or not any(kind.fullmatch(word) for kind in known)):
        raise NotAQuestion(f"it calls {word}(), which is not known to be harmless")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, before = 0, ""
    while at < len(text):
        found = _TOKEN.match(text, at)
        twice = text[at : at + 2]
        if found is None or twice in {"--", "/*", "::"}:
            raise NotAQuestion(f"it has {twice[:1] if found is None else twice!r} in it")
        kind = str(found.lastgroup)
        if kind == "text" and before == "word":  # q'..', e'..': other rules for what is inside
            raise NotAQuestion("a letter stands right before a quote")
        yield kind, found.group()
        at, before = found.end(), kind
