"""Name static files by their content, also inside ES modules, and serve them under ASGI."""

from contextlib import closing
from typing import Any

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile


class ModuleManifestStorage(ManifestStaticFilesStorage):
    """Rewrite `import` lines of our ES modules too; they must end with a semicolon for that.

    Nobody else's scripts are ES modules, and to look through their megabytes takes a second.
    """

    support_js_module_import_aggregation = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _, patterns = self._js_module_import_aggregation_patterns  # type: ignore[has-type]
        self._js_module_import_aggregation_patterns = ("batchops/*.js", patterns)
        super().__init__(*args, **kwargs)


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """Serve the collected files whole: they are small, and a file iterated under ASGI is read
    whole all the same, with a warning for each.
    """

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        body = b""
        if found.file is not None:
            with closing(found.file):
                body = found.file.read()
        response = HttpResponse(body, status=int(found.status))
        del response["Content-Type"]
        for name, value in found.headers:
            response[name] = value
        return response
