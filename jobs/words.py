"""Take texts apart into words, in the indexes and in what is searched for."""

import re

from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db.models import F, Func, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Left
from django.utils.deconstruct import deconstructible

MOST_WORDS = 8
# Of a shorter beginning the index would return a tenth of everything.
SHORTEST_BEGINNING = 3
WORD = re.compile(r"[^\W_]+")


@deconstructible(path="jobs.words.Words")
class Words(Func):
    """Hold the words of one or more texts; `CM-DMRU` and `a/b.csv` are two and three."""

    template = "to_tsvector('simple', translate(%(expressions)s, '-_./:@=+~#', '          '))"
    arg_joiner = " || ' ' || "
    output_field = SearchVectorField()


@deconstructible(path="jobs.words.Label")
class Label(Func):
    """Hold the text by which an item is looked up, in the order of bytes, which LIKE needs."""

    template = 'lower(left(%(expressions)s, 100)) COLLATE "C"'
    output_field = TextField()


JOB_TEXTS = ("title", "campaign_id", "external_id", "type", Left("error", 1000))
# Each of these is the expression of an index; a search must use the very same,
JOB_WORDS = Words(*JOB_TEXTS)
ERROR_WORDS = Words(Left("error", 500))
LABEL = Label(KeyTextTransform("label", F("params")))
# unless it is to look at the rows one by one: this is the expression of none.
JOB_WORDS_SCANNED = Words(*JOB_TEXTS, Value(""))


def query_of(text: str) -> SearchQuery | None:
    """Return the search for all words of `text`; None if it has none.

    Of the last one, the beginning will do if that has SHORTEST_BEGINNING characters.
    """
    words = [f"'{word}'" for word in WORD.findall(text)[:MOST_WORDS]]
    if not words:
        return None
    if len(words[-1]) - 2 >= SHORTEST_BEGINNING:
        words[-1] += ":*"
    return SearchQuery(" & ".join(words), config="simple", search_type="raw")
