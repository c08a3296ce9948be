"""Say what a job of documents is started with, and what follows from it for each recipient."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from batchops.inputs import StrictSerializer, unstorable
from jobs.types.document import fonts
from jobs.types.document.drawn import Drawn
from jobs.types.document.recipients import LIMITS, Recipient, recipient_of
from jobs.types.document.template import (
    Piece,
    TemplateFault,
    fields_of,
    read_line,
    read_template,
)

NAME = "document"
NUMBER = "#"
PAPERS = ("A4", "Letter")
NAME_LENGTH = 90
TEMPLATE_HELP = _(
    "A field such as {name} is a column of the recipients; {name?} may be empty. A blank line "
    "begins a paragraph. # and ## begin headings, - a list, 1. a numbered one; **bold**, *italic*. "
    "[page break] alone in a line begins a page. A backslash before a mark makes it plain."
)
NAME_HELP = _(
    "Such as Letter {account}; {#} is the recipient's number. Left empty: number and first column."
)


class DocumentParams(StrictSerializer):
    template = serializers.CharField(
        label=_("Template"),
        max_length=20_000,
        style={"base_template": "textarea.html", "rows": 16},
        help_text=TEMPLATE_HELP,
    )
    fileName = serializers.CharField(  # noqa: N815
        label=_("Name of each PDF"),
        max_length=100,
        allow_blank=True,
        default="",
        help_text=NAME_HELP,
    )
    paper = serializers.ChoiceField(label=_("Paper"), choices=PAPERS, default="A4")

    def validate_template(self, text: str) -> str:
        try:
            template = read_template(text)
            for block in template.blocks:
                for piece in block.pieces:
                    fonts.check_drawable("" if piece.is_field else piece.text)
        except (TemplateFault, fonts.Undrawable) as error:
            raise serializers.ValidationError(str(error)) from None
        return text

    def validate_fileName(self, text: str) -> str:  # noqa: N802
        try:
            read_line(text)
        except TemplateFault as error:
            raise serializers.ValidationError(str(error)) from None
        return text


class RecipientItem(StrictSerializer):
    """Take a recipient as any object of texts and numbers, by the names of the fields."""

    def to_internal_value(self, data: Any) -> Any:
        problem = _problem_of(data)
        if problem:
            raise serializers.ValidationError({"non_field_errors": [problem]})
        return recipient_of({name: _text_of(value) for name, value in data.items()})


def draw(params: dict[str, Any], recipient: Recipient, *, title: str) -> Drawn:
    """Draw the document of a recipient by the params of a job.

    :raises CannotDraw: it says why, and what to do.
    """
    # Here, because it takes a while, and few processes ever draw.
    from jobs.types.document import pdf

    template = read_template(params["template"])
    return pdf.draw(template, recipient["values"], paper=params["paper"], title=title)


def fields_named(params: dict[str, Any]) -> list[str]:
    """Return the names of all fields that a job's recipients must have."""
    own = [name for name in fields_of(read_line(params["fileName"])) if name != NUMBER]
    return list(dict.fromkeys([*read_template(params["template"]).fields, *own]))


def file_name_of(params: dict[str, Any], recipient: Recipient, number: str) -> str:
    """Return how the PDF of a recipient is called; whoever packs it makes that safe and unique."""
    pieces: Sequence[Piece] = read_line(params["fileName"])
    values = {**recipient["values"], NUMBER: number}
    name = "".join(values.get(p.text, "") if p.is_field else p.text for p in pieces).strip()
    name = name or f"{number} {recipient['label']}".strip()
    # No folders, whatever the values hold.
    return name.replace("/", "_").replace("\\", "_").removesuffix(".pdf")[:NAME_LENGTH] + ".pdf"


def _problem_of(data: Any) -> str:
    if not isinstance(data, dict) or not data:
        return 'Must be an object with the values of the fields, such as {"name": "Ada"}.'
    if len(data) > LIMITS.columns:
        return f"Has {len(data):,} values; {LIMITS.columns} is the limit."
    return unstorable(data) or next(filter(None, map(_problem_of_value, data.items())), "")


def _problem_of_value(named: tuple[str, Any]) -> str:
    name, value = named
    if isinstance(value, list | dict):
        return f"'{name[:50]}' must be text or a number."
    if len(str(value)) > LIMITS.field:
        return f"'{name[:50]}' has {len(str(value)):,} characters; {LIMITS.field:,} is the limit."
    return ""


def _text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return "" if value is None else str(value)
