from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from batchops.pages import page
from tests.live.board.notes import all_notes


@page("batchops.view_health")
def board(request: HttpRequest) -> HttpResponse:
    notes = all_notes()
    known = {f"notes.{key}": value for key, value in notes if key == "kind"}
    return render(request, "board.html", {"notes": notes, "known": known})


@page("batchops.view_health")
def fragment(request: HttpRequest) -> HttpResponse:
    return render(request, "_board.html", {"notes": all_notes()})


@page("batchops.view_health")
def slow(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(30)")
    return HttpResponse()


urlpatterns = [
    path("board/slow/", slow),
    path("board/", board),
    path("board/fragment/", fragment),
    path("", include("batchops.web.urls")),
]
