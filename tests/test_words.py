"""Every word that the console shows can be translated, and figures follow the language."""

import pytest
from django.utils import translation

from batchops.templatetags.batchops import card, rate
from jobs.models import Schedule
from monitoring.models import Step
from tests.people import client_of
from tests.pseudo import pseudo_language, untranslated
from tests.test_routes import ROUTES

# Names of things, which no language changes.
NAMES = {"BatchOps", "PostgreSQL", "Asia", "Dhaka", "administrator"}
# Labels of models and fields as the stock admin draws them, names of tables, examples of data.
APART = (
    "/admin/settings/",
    "/admin/alerts/alert/fragment/",
    "/admin/health/",
    "/admin/styleguide/",
)
PAGES = [
    route.path
    for route in ROUTES
    if route.path.startswith("/admin/")
    and not route.model_admin
    and not route.path.startswith(APART)
]


@pytest.mark.django_db
class TestWords:
    def test_none_of_the_consoles_pages_is_left_out(self) -> None:
        client = client_of("Administrator")
        data = [
            *Step.objects.values_list("name", flat=True),
            *Schedule.objects.values_list("name", flat=True),
        ]
        names = NAMES | {word.strip(",") for name in data for word in name.split()}

        missed = {}
        with pseudo_language():
            for path in [*PAGES, "/admin/runs/steps/CM-DMRU/"]:
                answer = client.get(path)
                if answer.status_code == 200 and "html" in answer.headers.get("Content-Type", ""):
                    missed[path] = untranslated(answer.content.decode()) - names

        assert {path: words for path, words in missed.items() if words} == {}
        assert len(missed) > 30

    def test_a_word_without_translation_is_found(self) -> None:
        with pseudo_language():
            said = translation.gettext("Open %(n)s of <b>them</b>") % {"n": 3}

        assert untranslated(f"<p>{said}</p>") == set()
        assert untranslated(f'<p title="Bare">{said} loose</p>') == {"Bare", "loose"}

    def test_digits_are_written_as_the_language_does(self) -> None:
        with translation.override("de"):
            assert rate(1234.5) == "1.234,5/s"
            assert card("Jobs", 1234567)["value"] == "1.234.567"
