"""Let administrators manage people and API tokens; roles are read here and set by the release."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.contrib.auth.models import Group
from django.db.models import ForeignKey, ManyToManyField, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.text import format_lazy
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from batchops.access import create_token, digest_of, revoke_token
from batchops.errors import Conflict
from batchops.inputs import ON_THIS_CLOCK
from batchops.looks import Look
from batchops.models import ApiToken, User
from batchops.moments import NATIVE_INPUTS
from batchops.pages import ask_first, render_page
from batchops.read_only import ReadOnly
from batchops.sessions import end_sessions
from batchops.templatetags.batchops import badge, since

admin.site.unregister(Group)

LIVE = Look("live", "Live", "ok", "check")
EXPIRED = Look("expired", "Expired", "neutral", "clock")
REVOKED = Look("revoked", "Revoked", "violet", "ban")


@admin.register(User)
class UserAdmin(StockUserAdmin[User]):
    """People. Who is no superuser can neither make one nor touch one."""

    list_display = ("username", "first_name", "last_name", "email", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Role"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "usable_password", "password1", "password2")}),
        (_("Role"), {"fields": ("is_staff", "groups")}),
    )
    readonly_fields = ("last_login", "date_joined")
    actions = ("log_out_selected",)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        if obj is not None:
            fields = (*fields, "username")  # events keep it as text
        return fields if request.user.is_superuser else (*fields, "is_superuser")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not above and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # their name stands in the history; make them inactive instead

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        kwargs["widget"] = forms.CheckboxSelectMultiple  # the roles are few
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        person = form.instance
        before = _roles(person)
        super().save_related(request, form, formsets, change)
        if change and before != (after := _roles(person)):
            self.log_change(request, person, f"{gettext('Role')}: {before} -> {after}")

    @admin.action(description=_("End all sessions of the selected users"), permissions=["change"])
    def log_out_selected(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        within_reach = [user for user in queryset if self.has_change_permission(request, user)]
        ended = end_sessions([user.pk for user in within_reach], at=timezone.now())
        for user in within_reach:
            self.log_change(request, user, gettext("Sessions ended."))
        said = ngettext("%d session is ended.", "%d sessions are ended.", ended)
        messages.success(request, said % ended)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"is_staff": True, **super().get_changeform_initial_data(request)}


def _roles(user: User) -> str:
    return ", ".join(user.groups.order_by("name").values_list("name", flat=True)) or "-"


@admin.register(Group)
class RoleAdmin(ReadOnly, admin.ModelAdmin[Group]):
    """Roles, to be read: batchops/web/roles.py says what each may do."""

    list_display = ("name", "members")
    fields = ("name", "members", "may")
    readonly_fields = ("members", "may")

    @admin.display(description=_("Members"))
    def members(self, group: Group) -> str:
        members = User.objects.filter(groups=group).order_by("username")
        return ", ".join(members.values_list("username", flat=True)) or "-"

    @admin.display(description=_("May"))
    def may(self, group: Group) -> str:
        names = sorted(group.permissions.values_list("name", flat=True))
        return format_html_join("", "<div>{}</div>", ((name,) for name in names))


class TokenForm(forms.ModelForm[ApiToken]):
    """What a new token is for, whose rights it has, and how long."""

    class Meta:
        model = ApiToken
        fields = ("name", "user", "expires_at")
        help_texts = {"expires_at": format_lazy("{} {}", ON_THIS_CLOCK, _("Empty: never."))}

    def clean_expires_at(self) -> Any:
        expires_at = self.cleaned_data["expires_at"]
        if expires_at is not None and expires_at <= timezone.now():
            raise forms.ValidationError(
                gettext("This moment is over. Choose a later one, or leave it empty.")
            )
        return expires_at


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin[ApiToken]):
    """Keys of programs: made here, shown once, revoked here, never edited."""

    form = TokenForm
    formfield_overrides = NATIVE_INPUTS
    list_display = ("name", "user", "state", "last_used", "created_at", "expires_at", "revoked_at")
    list_select_related = ("user",)
    list_filter = ("user",)
    search_fields = ("name", "user__username")
    ordering = ("-created_at",)
    fields = ("name", "user", "expires_at")
    actions = ("revoke_selected",)

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        return self.fields if obj is None else self.list_display

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("batchops.change_apitoken")

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if not request.user.is_superuser:  # a token carries its user's rights
            kwargs["queryset"] = User.objects.filter(is_superuser=False)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().add_view(request, form_url, extra_context)
        except Conflict as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: Any) -> None:
        key = create_token(user=obj.user, name=obj.name, expires_at=obj.expires_at)
        obj.pk = ApiToken.objects.values_list("pk", flat=True).get(digest=digest_of(key))
        obj.key = key

    def response_add(
        self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        # In this answer and nowhere else: a message would lie in a cookie.
        shown = {"title": gettext("Copy the key"), "token": obj}
        return render_page(request, "admin/batchops/apitoken/key.html", shown)

    @admin.display(description=_("State"))
    def state(self, token: ApiToken) -> str:
        if token.revoked_at:
            return badge(REVOKED)
        over = token.expires_at is not None and token.expires_at <= timezone.now()
        return badge(EXPIRED if over else LIVE)

    @admin.display(description=_("Last used"), ordering="last_used_at")
    def last_used(self, token: ApiToken) -> str:
        return since(token.last_used_at) if token.last_used_at else gettext("never")

    @admin.action(description=_("Revoke the selected tokens"), permissions=["revoke"])
    def revoke_selected(
        self, request: HttpRequest, queryset: QuerySet[ApiToken]
    ) -> HttpResponse | None:
        names = ", ".join(str(token) for token in queryset)
        said = gettext("Programs that use them are refused at once, for ever: %(names)s.")
        question = ask_first(
            request,
            title=gettext("Revoke these tokens?"),
            consequence=said % {"names": names},
            yes=gettext("Yes, revoke"),
            back=request.path,
        )
        if question is None:
            self._revoke(request, queryset)
        return question

    def _revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        revoked = 0
        for token in queryset:
            try:
                revoke_token(token.pk, at=timezone.now())
            except Conflict as error:
                messages.warning(request, error.message)
            else:
                self.log_change(request, token, gettext("Revoked."))
                revoked += 1
        said = ngettext("%d token is revoked.", "%d tokens are revoked.", revoked)
        messages.success(request, said % revoked)
