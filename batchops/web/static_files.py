"""Name static files by their content, also inside ES modules."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class ModuleManifestStorage(ManifestStaticFilesStorage):
    """Rewrite `import` lines of ES modules too; they must end with a semicolon for that."""

    support_js_module_import_aggregation = True
