"""Make text from outside harmless: no control characters, no secrets, one line where one is due."""

import re

# Without a width but not without a meaning: scripts of South Asia join and part letters by them.
JOINERS = "\u200c\u200d"
MASK = "***"
SECRETS = [
    (re.compile(r"(://[^\s/:@]{1,64}):[^\s@]{1,128}@"), rf"\1:{MASK}@"),
    # Oracle's connect string, user/password@host.
    (re.compile(r"(?<![\w$#./])[\w$#]{1,30}/[^\s/@]{1,128}@"), f"{MASK}/{MASK}@"),
    (re.compile(r"(?i)\b(identified\s+by\s+)\S+"), rf"\1{MASK}"),
    (re.compile(r"(?i)\b(bearer|token)(\s+)[\w.~+/=-]{16,}"), rf"\1\2{MASK}"),
    (
        re.compile(
            r"(?i)\b((?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key)\"?\s*[=:]\s*)"
            r"(\"[^\"]*\"|'[^']*'|[^\s,;]+)"
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), MASK),
]


def plain(text: str) -> str:
    """Return `text` with its line ends as they are and all else that cannot be printed as spaces.

    So it can be stored, cannot drive a terminal, and reads in the order in which it is written.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(_printable(line) for line in lines)


def one_line(text: str, longest: int) -> str:
    """Return `text` as one line of at most `longest` characters, fit for a header or a log."""
    line = " ".join(_printable(text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}\N{HORIZONTAL ELLIPSIS}"


def redacted(text: str) -> str:
    """Return `text` with passwords, tokens and e-mail addresses masked."""
    for pattern, mask in SECRETS:
        text = pattern.sub(mask, text)
    return text


def escaped(text: str) -> str:
    r"""Return `text` with what cannot be printed written out, such as \n and \x1b."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in JOINERS else " " for c in text)
