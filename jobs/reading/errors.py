"""Say why a file cannot be read: which file, where in it, which limit, and what to do."""

from typing import Any

from batchops.errors import InvalidInput

FIELD = "file"


class UnreadableFile(InvalidInput):
    """Refuse the content of a file; `extra` holds `file`, and `row`, `column`, `limit` if any."""

    code = "unreadable_file"

    def __init__(self, name: str, sentence: str, **where: Any) -> None:
        super().__init__(f"{name}: {sentence}", {FIELD: [f"{name}: {sentence}"]})
        self.sentence = f"{name}: {sentence}"
        self.extra = {**self.extra, "file": name, **where}

    def of_field(self, field: str) -> InvalidInput:
        """Return the same refusal under the name that the request has for the file."""
        refusal = InvalidInput(self.sentence, {field: [self.sentence]})
        refusal.extra = {**self.extra, "errors": {field: [self.sentence]}}
        return refusal
