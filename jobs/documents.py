"""Look at an order of documents before it is started, checked as if it were."""

from dataclasses import replace

from batchops.db import give_connection_back
from jobs import uploads
from jobs.errors import UploadNotFound
from jobs.lifecycle import NewJob
from jobs.reading import GivenFile, UnreadableFile
from jobs.start import Order, checked
from jobs.types import document
from jobs.types.document import Preview, Recipients

# Of which nothing is asked, for whoever wants to know the recipients first.
NO_TEMPLATE = {"template": "-"}


def look_at(order: Order) -> Recipients:
    """Return who the recipients of an order are, whatever its template; all of them are read.

    :raises InvalidInput: when they cannot be used; it names each field.
    """
    return _recipients_of(order, checked(replace(order, params=NO_TEMPLATE), actor=""))


def preview_of(order: Order, *, actor: str) -> Preview:
    """Return the first document of an order, and who its recipients are.

    :raises InvalidInput: when the order cannot be started, or the document cannot be drawn.
    """
    new = checked(order, actor=actor)
    return document.preview(new.params, _recipients_of(order, new), title=new.title)


def _recipients_of(order: Order, new: NewJob) -> Recipients:
    file = _file_of(order)
    give_connection_back()  # reading may take long
    try:
        return document.recipients_of(new.params, items=new.items, file=file)
    except UnreadableFile as error:
        raise error.of_field("files[0]") from error


def _file_of(order: Order) -> GivenFile | None:
    if order.files_of is None or not order.files:
        return None
    found = uploads.given_files(order.files, owner=order.files_of)
    if not found:
        raise UploadNotFound("The file was taken by a job or removed just now. Send it again.")
    return found[order.files[0]]
