from django.apps import AppConfig


class BoardConfig(AppConfig):
    name = "tests.live.board"
    label = "board"

    def ready(self) -> None:
        from batchops.live.topics import Topic, register
        from tests.live.board import notes

        register(Topic("board", "batchops.view_health", notes.read_board))
        register(Topic("note", "batchops.view_health", notes.read_note, keyed=True))
        register(Topic("vault", "batchops.add_user", notes.read_board))
