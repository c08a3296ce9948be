"""Show before a job is started what it would make: the first recipient's PDF, and how many."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from batchops.errors import InvalidInput
from jobs.archive import safe_file_name
from jobs.reading import GivenFile
from jobs.types.document.drawn import CannotDraw, Drawn
from jobs.types.document.params import draw, fields_named, file_name_of
from jobs.types.document.recipients import Recipient, Recipients, look_at


@dataclass(frozen=True, slots=True)
class Preview:
    """The first document of a job that is not started yet, and who its recipients are."""

    recipients: Recipients
    file_name: str
    drawn: Drawn


def recipients_of(
    params: dict[str, Any], *, items: Sequence[Recipient] | None, file: GivenFile | None
) -> Recipients:
    """Return what is known of the recipients of a checked order.

    :raises UnreadableFile: when the file cannot be used.
    """
    if file is not None:
        return look_at(file, fields_named(params))
    assert items
    columns = dict.fromkeys(name for item in items for name in item["values"])
    return Recipients(len(items), list(columns), items[0])


def preview(params: dict[str, Any], recipients: Recipients, *, title: str) -> Preview:
    """Draw the document of the first recipient.

    :raises InvalidInput: when it cannot be drawn; it names the template.
    """
    number = f"{1:0{len(str(recipients.count))}}"
    try:
        drawn = draw(params, recipients.first, title=title)
    except CannotDraw as error:
        sentence = f"The first recipient: {error}"
        raise InvalidInput(sentence, {"params.template": [sentence]}) from None
    name = safe_file_name(file_name_of(params, recipients.first, number))
    return Preview(recipients, name, drawn)
