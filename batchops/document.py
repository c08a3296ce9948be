"""Say how the API's document is made, and what its parts are called (drf-spectacular)."""

DOCUMENT = {
    "TITLE": "BatchOps API",
    "DESCRIPTION": "Batch jobs, CC&B's workflow and alerts. Addresses answer with and without a "
    "trailing slash; every refusal says in a sentence what to do.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/",
    "SERVE_PERMISSIONS": ["batchops.api.HasPermission"],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "displayRequestDuration": True},
    "COMPONENT_SPLIT_REQUEST": True,
    "PREPROCESSING_HOOKS": ["batchops.openapi.without_last_slash"],
    "POSTPROCESSING_HOOKS": ["batchops.openapi.add_shapes"],
    "TAGS": [
        {"name": "batch-jobs", "description": "Jobs: start, watch, do, cancel, retry, export."},
        {"name": "uploads", "description": "Large files, which come in parts and wait for a job."},
        {"name": "documents", "description": "PDFs for many, looked at before they are made."},
        {"name": "batches", "description": "A job as a batch of files, as older consoles read it."},
        {
            "name": "crp-cpc",
            "description": "Bill stop: its runs, and what the last one found.",
        },
        {"name": "schedules", "description": "Jobs that start by themselves."},
        {"name": "ami-operational", "description": "CC&B's workflow, as older consoles read it."},
        {"name": "alerts", "description": "What went wrong, who has it, and how it ended."},
    ],
}
