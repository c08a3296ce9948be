"""Take in who else is mailed when jobs end."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from jobs import registry
from jobs.lifecycle import WISHES
from jobs.models import Job, JobWatch


class JobWatchForm(forms.ModelForm[JobWatch]):
    """Who else is mailed when jobs end."""

    job = forms.CharField(
        label=_("Job"),
        required=False,
        help_text=_("The id of one job. Empty: every job of the type."),
    )
    type = forms.ChoiceField(label=_("Type"), required=False)

    class Meta:
        model = JobWatch
        fields = ("user", "address", "type", "job", "on_completed", "on_failed", "on_cancelled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(name, registry.label_of(name)) for name in registry.names()]
        self.fields["type"].choices = [("", "---------"), *names]  # type: ignore[attr-defined]

    def clean_job(self) -> Job | None:
        """Return the job of that id.

        :raises ValidationError: when there is none.
        """
        name = self.cleaned_data["job"]
        job = Job.objects.named(name).first() if name else None
        if name and job is None:
            raise forms.ValidationError(_("There is no such job. Copy its id from its page."))
        return job

    def clean(self) -> dict[str, Any]:
        """See that one reader and one subject are named, and at least one way to end.

        :raises ValidationError: when not; it says which.
        """
        given = super().clean() or self.cleaned_data
        if bool(given.get("user")) == bool(given.get("address")):
            self.add_error("address", _("Choose a user or enter an address, not both."))
        if "job" in given and bool(given["job"]) == bool(given.get("type")):
            self.add_error("type", _("Choose a type or name one job, not both."))
        if not any(given.get(wish) for wish in WISHES):
            self.add_error("on_completed", _("Choose at least one way to end."))
        return given
