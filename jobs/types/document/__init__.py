"""Make a PDF for each recipient out of one template (docs/job-types.md)."""

from jobs.types.document.batch import DocumentBatch
from jobs.types.document.kept import register_ticks
from jobs.types.document.packing import made_for
from jobs.types.document.params import draw, fields_named
from jobs.types.document.preview import Preview, preview, recipients_of
from jobs.types.document.recipients import Recipients, lacking_fields

__all__ = [
    "DocumentBatch",
    "Preview",
    "Recipients",
    "draw",
    "fields_named",
    "lacking_fields",
    "made_for",
    "preview",
    "recipients_of",
    "register_ticks",
]
