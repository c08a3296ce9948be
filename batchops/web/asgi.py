"""Serve HTTP and WebSockets from one process."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "batchops.settings")

application = get_asgi_application()
