"""Fill pieces of HTML as Django's format_html does, in less than half its time: for long tables."""

from collections.abc import Iterable
from html import escape

from django.utils.safestring import SafeString


def filled(form: str, *args: object, **values: object) -> SafeString:
    """Return `form` with the values in their places, each escaped but what is safe already."""
    named = {name: _safe(value) for name, value in values.items()}
    return SafeString(form.format(*map(_safe, args), **named))


def worded(form: str, **words: str) -> str:
    """Return `form` with the words in single brackets, those in double ones still to be filled."""
    named = {name: _safe(word) for name, word in words.items()}
    return form.format(**{n: w.replace("{", "{{").replace("}", "}}") for n, w in named.items()})


def joined(drawn: Iterable[SafeString]) -> SafeString:
    """Return one piece of HTML after the other."""
    return SafeString("".join(drawn))


def _safe(value: object) -> str:
    return value if isinstance(value, SafeString) else escape(str(value))
