"""Show beside the form of documents what it would make."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from batchops.access import AuthenticatedHttpRequest, actor_of
from batchops.errors import BatchOpsError, InvalidInput
from batchops.pages import page, render_page
from jobs import documents, registry, uploads
from jobs.forms import PARAM, StartForm, form_for
from jobs.pages.links import START
from jobs.pages.new import SENT, show_form
from jobs.start import Order
from jobs.types.document import DocumentBatch, Recipients, fields_named, lacking_fields

TEMPLATE, FILE_NAME = f"{PARAM}template", f"{PARAM}fileName"
PDF = "application/pdf"


@page(START, methods=("POST",))
def document_preview(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Answer the PDF of the first recipient, or the form with what must be mended."""
    form = _form(request)
    if not form.is_valid():
        return show_form(request, form, status=400)
    try:
        with _ordered(request, form) as order:
            shown = documents.preview_of(order, actor=actor_of(request))
    except BatchOpsError as error:
        form.take_errors(error.extra.get("errors", {"": error.message}))
        return show_form(request, form, status=error.status)
    response = HttpResponse(shown.drawn.content, content_type=PDF)
    response["Content-Disposition"] = content_disposition_header(False, shown.file_name) or ""  # noqa: FBT003
    return response


@page(START, methods=("POST",))
def document_recipients(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Answer a fragment: who the recipients are, and what the template asks of them in vain."""
    form = _form(request)
    form.is_valid()
    problems = [said for name in ("items", TEMPLATE) for said in _problems(form, name)]
    recipients = None
    if form.cleaned_data.get("items") or request.POST.getlist(SENT):
        try:
            recipients = documents.look_at(_order_of_recipients(request, form))
            problems += _fields_lacking(form, recipients)
        except InvalidInput as error:
            problems += [said for found in error.extra["errors"].values() for said in found]
    shown = {"recipients": recipients, "problems": problems}
    return render_page(request, "jobs/document/_recipients.html", shown)


def _problems(form: StartForm, name: str) -> list[str]:
    """Return what is wrong with a field that somebody has begun to fill in."""
    return [str(said) for said in form.errors.get(name, ())] if form.data.get(name) else []


def _fields_lacking(form: StartForm, recipients: Recipients) -> list[str]:
    if form.errors.keys() & {TEMPLATE, FILE_NAME}:
        return []
    params = {"template": form.cleaned_data[TEMPLATE], "fileName": form.cleaned_data[FILE_NAME]}
    lacking = lacking_fields(fields_named(params), recipients.columns)
    return [lacking] if lacking else []


def _order_of_recipients(request: AuthenticatedHttpRequest, form: StartForm) -> Order:
    return Order(
        type=DocumentBatch.name,
        params={},
        items=form.cleaned_data.get("items") or None,
        files=request.POST.getlist(SENT),
        files_of=request.user,
    )


def _form(request: AuthenticatedHttpRequest) -> StartForm:
    return form_for(registry.find(DocumentBatch.name), request.POST, request.FILES)


@contextmanager
def _ordered(request: AuthenticatedHttpRequest, form: StartForm) -> Iterator[Order]:
    """Store files that came with the request for as long as the order is looked at."""
    sent = request.POST.getlist(SENT)
    files = form.cleaned_data.get("files", [])
    with uploads.brought(files, owner=request.user, actor=actor_of(request)) as ids:
        yield form.order(files=[*sent, *ids], files_of=request.user)
