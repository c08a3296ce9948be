"""Describe in OpenAPI what a route answers that hands out an export."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from batchops.exports.stream import CONTENT_TYPES

# A media type alone, without the parameters that the answer's header adds to it.
FILES = {(200, kind.partition(";")[0]): OpenApiTypes.BINARY for kind in CONTENT_TYPES.values()}
HEADERS = [
    OpenApiParameter(name, str, OpenApiParameter.HEADER, response=[200], description=said)
    for name, said in (
        ("Content-Disposition", "The name of the file."),
        ("X-Formula-Guard", "How text is kept from running as a formula."),
    )
]
