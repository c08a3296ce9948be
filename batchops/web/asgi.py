"""Serve HTTP and WebSockets from one process."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import WebsocketDenier
from django.core.asgi import get_asgi_application
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "batchops.settings")

# Sets Django up, which the consumer's module needs.
http = get_asgi_application()

from batchops.live.consumers import LiveConsumer  # noqa: E402
from batchops.live.patience import PatientApplication  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": PatientApplication(http),
        "websocket": URLRouter(
            [
                re_path(r"^ws/live/?$", LiveConsumer.as_asgi()),  # type: ignore[list-item, arg-type]
                re_path(r"", WebsocketDenier.as_asgi()),  # type: ignore[list-item, arg-type]
            ]
        ),
    }
)
