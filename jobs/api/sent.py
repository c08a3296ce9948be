"""Read what starts a job from a request: JSON, or a form with files beside it."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from rest_framework import exceptions
from rest_framework.request import Request

from batchops.api import read_json
from batchops.errors import InvalidInput
from jobs import registry
from jobs.start import Order, require_files

# Fields of a form whose text is JSON.
JSON_FIELDS = ("params", "items")
FILES = "files"


def body_of(request: Request) -> dict[str, Any]:
    """Return the fields of a request that starts a job, without its files.

    :raises InvalidInput: when a field of a form comes twice, or its JSON cannot be read.
    """
    given = request.data
    if not isinstance(given, QueryDict):
        return dict(given)
    texts = {name: _texts(given.getlist(name)) for name in given}
    fields = {name: _text_of(name, found) for name, found in texts.items() if found}
    return {
        name: _json_of(name, text) if name in JSON_FIELDS else text for name, text in fields.items()
    }


def files_of(request: Request) -> list[UploadedFile[Any]]:
    """Return the files that came with a form, under the name `files`.

    :raises InvalidInput: when others came under another name.
    """
    if not isinstance(request.data, QueryDict):
        return []
    others = sorted(set(request.FILES) - {FILES})
    if others:
        sentence = "No file is taken under this name. Send files as 'files'."
        raise InvalidInput(
            f"Some input cannot be used: {', '.join(others)}.",
            {name[:50]: [sentence] for name in others},
        )
    files: list[UploadedFile[Any]] = request.FILES.getlist(FILES)
    return files


def check_files(order: Order, files: Sequence[UploadedFile[Any]]) -> None:
    """Refuse files that the type takes none or fewer of, before anything of them is stored.

    :raises InvalidInput: it names `files`.
    :raises UnknownType: when nobody registered the type.
    """
    if files:
        require_files(registry.find(order.type), len(order.files) + len(files))


def _texts(found: Sequence[Any]) -> list[str]:
    """Return what is text of what came under one name; the rest are files."""
    return [one for one in found if isinstance(one, str)]


def _text_of(name: str, texts: list[str]) -> Any:
    if name == FILES:
        return texts
    if len(texts) > 1:
        raise InvalidInput(
            f"Some input cannot be used: {name[:50]}.",
            {name[:50]: ["Given more than once. Send it once."]},
        )
    return texts[0]


def _json_of(name: str, text: str) -> Any:
    try:
        return read_json(BytesIO(text.encode("utf-8", "surrogatepass")))
    except exceptions.ParseError as error:
        raise InvalidInput(
            f"Some input cannot be used: {name}.", {name: [str(error.detail)]}
        ) from None
