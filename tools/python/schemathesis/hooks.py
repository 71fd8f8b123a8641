"""What schemathesis has to know of the Functions host before the app, and of status URLs."""

import re
from urllib.parse import parse_qs, urlsplit

import schemathesis
from schemathesis import GenerationMode

# Ids and signatures of operations that the run has triggered.
triggered = []
calls = 0


@schemathesis.hook
def after_call(context, case, response):
    """Keeps the status URLs that the app gives."""
    if case.operation.label == "POST /api/refreshes" and response.status_code == 202:
        url = urlsplit(response.json()["statusUrl"])
        triggered.append((url.path.rsplit("/", 1)[1], parse_qs(url.query)["sig"][0]))


def express(body):
    """Leaves out what no schema can say: which URLs take callbacks, which texts are dates, and
    bounds of durations and of their products."""
    for name in ("callBackUri", "callbackUrl", "timeout", "queueTimeout"):
        body.pop(name, None)
    if isinstance(body.get("options"), dict):
        for name in ("effectiveDate", "timeout", "retryCount"):
            body["options"].pop(name, None)


def one_key(headers):
    """Leaves one of the headers that are keys, which no document can say, and no date to be parsed."""
    names = [name for name in ("Idempotency-Key", "Operation-Id") if headers.get(name)]
    for name in names[1:] + ["Repeatability-Request-ID", "Repeatability-First-Sent"]:
        headers.pop(name, None)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Gives every second request that the document allows the id and sig of an operation, newest
    first. The host answers an id that its routes do not take, without a body: it would never
    reach the app."""
    global calls
    positive = case.meta and case.meta.generation.mode is GenerationMode.POSITIVE
    if positive and isinstance(case.body, dict):
        express(case.body)
        one_key(case.headers)
    if "id" not in (case.path_parameters or {}):
        return
    calls += 1
    if triggered and calls % 2 and positive:
        case.path_parameters["id"], sig = triggered[-1 - calls % min(len(triggered), 5)]
        if "sig" in (case.query or {}):
            case.query["sig"] = sig
    case.path_parameters["id"] = re.sub("[^A-Za-z0-9_-]", "_", str(case.path_parameters["id"])) or "_"
