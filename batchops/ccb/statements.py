"""Hold the fixed catalogue of statements: the texts in sql/ and nothing else ever run on CC&B."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "sql"
KEYS_A_STATEMENT = 20
_BIND = re.compile(r":([a-z_][a-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Statement:
    """One question: its text without the header, its binds, the tables it reads."""

    name: str
    text: str
    binds: frozenset[str]
    tables: tuple[str, ...]

    @property
    def pyformat(self) -> str:
        """Return the text with psycopg's placeholders."""
        return _BIND.sub(r"%(\1)s", self.text.replace("%", "%%"))


@cache
def statement(name: str) -> Statement:
    """Return the statement of that name.

    :raises KeyError: when the catalogue has no such statement.
    """
    path = FOLDER / f"{name}.sql"
    if name not in names():
        raise KeyError(name)
    lines = path.read_text(encoding="utf-8").splitlines()
    header = dict(line[3:].split(": ", 1) for line in lines if line.startswith("-- "))
    text = "\n".join(line for line in lines if not line.startswith("--"))
    granted = header["grants"].removeprefix("READ on ")
    return Statement(
        name=header["name"],
        text=text,
        binds=frozenset(_BIND.findall(text)),
        tables=() if granted == "none" else tuple(granted.split(", ")),
    )


@cache
def names() -> frozenset[str]:
    """Return the names of all statements."""
    return frozenset(path.stem for path in FOLDER.glob("*.sql"))
