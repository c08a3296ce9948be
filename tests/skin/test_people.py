"""People, roles and tokens in the admin: who may do what to whom."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from django.utils.html import conditional_escape

from batchops.access import create_token, find_token
from batchops.errors import Conflict, InvalidInput
from batchops.models import ApiToken, User
from batchops.web.administration import GROUPS
from tests.people import logged_in

pytestmark = pytest.mark.django_db


def person(name: str, role: str | None = None, *, is_superuser: bool = False) -> User:
    user = User.objects.create_user(name, password="x", is_staff=True, is_superuser=is_superuser)
    user.groups.set(Group.objects.filter(name=role))
    return user


@pytest.fixture
def administrator() -> Client:
    return logged_in(person("an-administrator", "Administrator"))


class TestSettings:
    def test_each_model_of_the_admin_is_named_with_what_it_is_for(self) -> None:
        owner = logged_in(person("an-owner", is_superuser=True))
        shown = owner.get("/admin/settings/").content.decode()
        registered = {model._meta.label_lower for model in admin.site._registry}

        assert {label for group in GROUPS for label in group.models} == registered
        for group in GROUPS:
            for about in group.models.values():
                assert conditional_escape(str(about)) in shown

    def test_what_one_may_not_see_is_not_offered(self) -> None:
        shown = logged_in(person("a-viewer", "Viewer")).get("/admin/settings/").content.decode()

        assert "/admin/monitoring/step/" in shown
        assert "/admin/monitoring/step/add/" not in shown
        assert "/admin/batchops/user/" not in shown
        assert "People and programs" not in shown


class TestPeople:
    def test_an_administrator_makes_a_person_with_a_role(self, administrator: Client) -> None:
        role = Group.objects.get(name="Operator")
        password = "a long and silly password"
        administrator.post(
            "/admin/batchops/user/add/",
            {
                "username": "new",
                "usable_password": "true",
                "password1": password,
                "password2": password,
                "is_staff": "on",
                "groups": [role.pk],
            },
        )

        made = User.objects.get(username="new")
        assert made.has_perm("jobs.start_job")
        assert not made.is_superuser

    def test_nobody_makes_himself_a_superuser(self, administrator: Client) -> None:
        me = User.objects.get(username="an-administrator")
        administrator.post(
            f"/admin/batchops/user/{me.pk}/change/",
            {"username": me.username, "is_active": "on", "is_staff": "on", "is_superuser": "on"},
        )

        me.refresh_from_db()
        assert not me.is_superuser
        assert me.groups.count() == 0  # the rest of the form was taken

    def test_nobody_is_renamed_for_events_keep_the_name(self) -> None:
        other = person("other")
        form = {"username": "somebody-else", "first_name": "New", "is_active": "on"}
        logged_in(person("root", is_superuser=True)).post(
            f"/admin/batchops/user/{other.pk}/change/", form
        )

        other.refresh_from_db()
        assert (other.username, other.first_name) == ("other", "New")

    @pytest.mark.parametrize("page", ["change/", "password/"])
    def test_a_superuser_is_out_of_reach(self, administrator: Client, page: str) -> None:
        root = person("root", is_superuser=True)

        address = f"/admin/batchops/user/{root.pk}/{page}"
        answer = administrator.post(address, {"username": "mine", "password1": "x"})

        assert answer.status_code == 403
        root.refresh_from_db()
        assert root.username == "root"

    def test_nobody_is_deleted(self) -> None:
        root, other = person("root", is_superuser=True), person("other")

        answer = logged_in(root).post(f"/admin/batchops/user/{other.pk}/delete/", {"post": "yes"})

        assert answer.status_code == 403
        assert User.objects.filter(pk=other.pk).exists()

    @pytest.mark.parametrize("role", ["Viewer", "Operator", "Supervisor"])
    def test_others_see_nobody(self, role: str) -> None:
        client = logged_in(person("somebody", role))

        for model in ("batchops/user", "batchops/apitoken", "auth/group"):
            assert client.get(f"/admin/{model}/").status_code == 403


class TestRoles:
    def test_they_are_read_and_never_changed(self, administrator: Client) -> None:
        role = Group.objects.get(name="Viewer")

        page = administrator.get(f"/admin/auth/group/{role.pk}/change/")

        assert "Can view run" in page.content.decode()
        assert administrator.get("/admin/auth/group/add/").status_code == 403
        answer = administrator.post(f"/admin/auth/group/{role.pk}/change/", {"name": "Boss"})
        assert answer.status_code == 403


class TestTokens:
    def add(self, client: Client, user: User, **more: str) -> str:
        answer = client.post(
            "/admin/batchops/apitoken/add/",
            {"name": "script", "user": user.pk} | more,
            follow=True,
        )
        return answer.content.decode()

    def test_a_new_key_works_and_is_shown_once(self, administrator: Client) -> None:
        page = self.add(administrator, person("machine", "Viewer"))

        key = page.split("<code>")[1].split("</code>")[0]
        assert find_token(key) is not None
        assert key not in administrator.get("/admin/batchops/apitoken/").content.decode()

    @pytest.mark.parametrize("name", ["two\nlines", "bell\x07", "n" * 81, " ", ""])
    def test_a_name_that_no_log_can_show_is_refused(self, administrator: Client, name: str) -> None:
        operator = person("operator")

        self.add(administrator, operator, name=name)
        with pytest.raises(InvalidInput, match="name"):
            create_token(user=operator, name=name)

        assert not ApiToken.objects.exists()

    def test_the_longest_names_fit_wherever_it_is_kept_who_did_something(self) -> None:
        longest = len(f"token:{'u' * 150}/{'n' * 80}")
        fields = [field for model in apps.get_models() for field in model._meta.fields]
        actors = [field for field in fields if field.name == "actor" or field.name[-3:] == "_by"]

        assert len(actors) > 6
        assert [field for field in actors if (field.max_length or 0) < longest] == []

    def test_a_new_key_is_in_the_answer_only_and_in_no_cookie(self, administrator: Client) -> None:
        form = {"name": "script", "user": person("machine", "Viewer").pk}
        answer = administrator.post("/admin/batchops/apitoken/add/", form)

        key = answer.content.decode().split("<code>")[1].split("</code>")[0]
        assert find_token(key) is not None
        assert "no-store" in answer.headers["Cache-Control"]
        assert key not in answer.cookies.output() + administrator.cookies.output()

    def test_a_superusers_rights_cannot_be_taken_by_a_token(self, administrator: Client) -> None:
        page = self.add(administrator, person("root", is_superuser=True))

        assert "Select a valid choice" in page
        assert not ApiToken.objects.exists()

    def test_a_second_live_token_of_a_name_is_refused_in_words(self, administrator: Client) -> None:
        machine = person("machine", "Viewer")
        self.add(administrator, machine)

        page = self.add(administrator, machine)

        assert "already has a token named" in page
        assert ApiToken.objects.count() == 1

    def test_an_end_in_the_past_is_refused(self, administrator: Client) -> None:
        page = self.add(administrator, person("machine"), expires_at="2020-01-01T00:00")

        assert "This moment is over" in page

    def test_a_token_cannot_be_edited(self, administrator: Client) -> None:
        create_token(user=person("machine"), name="script")
        token = ApiToken.objects.get()

        answer = administrator.post(
            f"/admin/batchops/apitoken/{token.pk}/change/", {"name": "mine", "digest": "0" * 64}
        )

        assert answer.status_code == 403
        assert ApiToken.objects.get().digest == token.digest

    def test_revoking_ends_it_and_is_recorded(self, administrator: Client) -> None:
        key = create_token(user=person("machine"), name="script")
        token = ApiToken.objects.get()
        chosen = {"action": "revoke_selected", "_selected_action": [token.pk]}
        asked = administrator.post("/admin/batchops/apitoken/", chosen).content.decode()
        assert "Revoke these tokens?" in asked
        assert find_token(key) is not None
        chosen["confirmed"] = "1"
        administrator.post("/admin/batchops/apitoken/", chosen)

        assert find_token(key) is None
        history = administrator.get(f"/admin/batchops/apitoken/{token.pk}/history/")
        assert "Revoked." in history.content.decode()
        again = administrator.post("/admin/batchops/apitoken/", chosen, follow=True)
        assert "is revoked already" in again.content.decode()

    def test_looking_revokes_nothing(self, administrator: Client) -> None:
        key = create_token(user=person("machine"), name="script")
        token = ApiToken.objects.get()
        administrator.get(
            f"/admin/batchops/apitoken/?action=revoke_selected&_selected_action={token.pk}"
        )

        assert find_token(key) is not None

    def test_its_use_is_noted_at_most_once_a_minute(self, administrator: Client) -> None:
        key = create_token(user=person("machine", "Viewer"), name="script")

        def used(ago: timedelta) -> datetime | None:
            ApiToken.objects.filter(last_used_at__isnull=False).update(
                last_used_at=timezone.now() - ago
            )
            before = ApiToken.objects.get().last_used_at
            Client().get("/api/batch-jobs", headers={"Authorization": f"Token {key}"})
            after = ApiToken.objects.get().last_used_at
            return after if after != before else None

        assert used(timedelta(0)) is not None
        assert used(timedelta(seconds=55)) is None
        assert used(timedelta(seconds=61)) is not None
        page = administrator.get("/admin/batchops/apitoken/").content.decode()
        assert "0 s ago" in page

    def test_a_wrong_key_notes_nothing(self, administrator: Client) -> None:
        create_token(user=person("machine", "Viewer"), name="script")

        Client().get("/api/batch-jobs", headers={"Authorization": "Token wrong"})

        assert ApiToken.objects.get().last_used_at is None
        assert "never" in administrator.get("/admin/batchops/apitoken/").content.decode()

    def test_an_expired_one_logs_nobody_in(self) -> None:
        over = timezone.now() - timedelta(seconds=1)
        key = create_token(user=person("machine"), name="script", expires_at=over)

        assert find_token(key) is None

    def test_a_name_is_free_again_after_revoking(self) -> None:
        machine = person("machine")
        create_token(user=machine, name="script")
        with pytest.raises(Conflict, match="Revoke that one"):
            create_token(user=machine, name="script")

        ApiToken.objects.update(revoked_at=timezone.now())

        assert create_token(user=machine, name="script")
