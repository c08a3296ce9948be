"""Start jobs by forms."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from batchops.access import AuthenticatedHttpRequest, actor_of, name_of
from batchops.cluster.queries import is_alive
from batchops.errors import BatchOpsError, InvalidInput, NotFound
from batchops.pages import page, render_page
from jobs import queries, registry, uploads
from jobs.errors import AlreadyRunning, KeyReused
from jobs.forms import StartForm, form_for
from jobs.models import Job
from jobs.pages.links import START
from jobs.registry import JobType
from jobs.rows import JobRow
from jobs.start import check_contents, once, start_job

# Ids of files that the page sent before the form.
SENT = "uploads"


@page(START)
def new_job(request: AuthenticatedHttpRequest) -> HttpResponse:
    types = [registry.find(name) for name in registry.names()]
    context = {"title": _("New job"), "types": types, "workers_alive": is_alive("jobs")}
    return render_page(request, "jobs/types.html", context)


@page(START, methods=("GET", "POST"))
def new_job_of(request: AuthenticatedHttpRequest, job_type: str) -> HttpResponse:
    if job_type not in registry.names():
        raise NotFound(_("There is no job type of this name. Choose one under New job."))
    form = _form(request, registry.find(job_type))
    if not form.is_valid():
        return show_form(request, form, status=400 if form.is_bound else 200)
    try:
        job = _start(request, form)
    except AlreadyRunning as error:
        return show_form(request, form, status=409, holder=_holder(request, error))
    except KeyReused as error:
        form.start_anew()
        return show_form(request, form, status=error.status)
    except InvalidInput as error:
        form.take_errors(error.extra.get("errors", {"": error.message}))
        return show_form(request, form, status=error.status)
    except BatchOpsError as error:
        form.add_error(None, error.message)
        return show_form(request, form, status=error.status)
    return redirect("admin:job", job.pk)


def _start(request: AuthenticatedHttpRequest, form: StartForm) -> Job:
    actor, given = actor_of(request), form.cleaned_data
    files, sent = given.get("files", []), request.POST.getlist(SENT)
    body = {name: str(value) for name, value in given.items() if name != "files"}
    if files or sent:
        body |= {"files": str(uploads.digests_of(files)), SENT: str(sent)}
    with uploads.brought(files, owner=request.user, actor=actor) as ids:
        order = form.order(files=[*sent, *ids], files_of=request.user)
        check_contents(order)
        return once(request.user, given["key"], body, lambda: start_job(order, actor=actor))


def _form(request: AuthenticatedHttpRequest, job_type: JobType) -> StartForm:
    if request.method == "POST":
        return form_for(job_type, request.POST, request.FILES)
    return form_for(job_type, like=_params_of(request.GET.get("like", ""), job_type))


def _params_of(job_id: str, job_type: JobType) -> dict[str, Any] | None:
    """Return the params of another job of the type; None when there is no such job."""
    found = Job.objects.filter(pk=job_id, type=job_type.name) if job_id.isalnum() else None
    return found.values_list("params", flat=True).first() if found is not None else None


def show_form(
    request: AuthenticatedHttpRequest, form: StartForm, *, status: int, **more: Any
) -> HttpResponse:
    """Show a form; a type may have a template of its own for it, `jobs/<type>/new.html`."""
    for field in form.fields_in_error[:1]:
        field.field.widget.attrs["autofocus"] = True
    context = {
        "title": _("New job: %(type)s") % {"type": registry.label_of(form.job_type.name)},
        "form": form,
        "lead": form.job_type.about,
        "workers_alive": is_alive("jobs"),
        "kept": queries.unused_uploads(request.POST.getlist(SENT), owner=request.user),
        **more,
    }
    templates = [f"jobs/{form.job_type.name}/new.html", "jobs/new.html"]
    return render_page(request, templates, context, status=status)


def _holder(request: AuthenticatedHttpRequest, error: AlreadyRunning) -> dict[str, Any]:
    """Return who holds the type's single flight: its row, who started it, the sentence."""
    running = error.extra.get("running") or {}
    found = queries.jobs().filter(pk=running.get("jobId")).first()
    by = name_of(str(running.get("startedBy", "")), request.user.get_username())
    since = running.get("startTime")
    return {
        "row": JobRow.of(found) if found else None,
        "by": by,
        "since": parse_datetime(since) if isinstance(since, str) else since,
        "message": error.message,
    }
