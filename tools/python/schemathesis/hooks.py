"""Makes schemathesis meet the app: real operations, real models, and what no schema can say.

Every second request that the document allows names an operation that exists, or a model
that exists. The status codes are counted; counts.py prints them after the last seed.
"""

import atexit
import json
import os
import re
from collections import Counter
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests
import schemathesis
from schemathesis import GenerationMode

MODEL = json.loads(os.environ["PBIREFRESH_BODY"])
TRIGGER = "POST /api/refreshes"
CANCELS = re.compile("/api/operations/{id}/cancel")

app = requests.Session()
app.headers["x-functions-key"] = os.environ["PBIREFRESH_KEY"]
seen = Counter()  # of (operation, status)
statuses = []  # of operations: (id, sig)
turns = {}  # label of an operation -> counter of its allowed requests
KEYS = Path("keys.txt")  # each Operation-Id that was sent, of all seeds


def keep(document):
    """Keeps id and sig of a status document, and returns them."""
    url = urlsplit(document["statusUrl"])
    statuses.append((document["id"], parse_qs(url.query)["sig"][0]))
    return statuses[-1]


def trigger(body=MODEL, wait=0, **headers):
    """Triggers a refresh of a real model."""
    url = os.environ["PBIREFRESH_URL"] + f"/api/refreshes?wait={wait}"
    response = app.post(url, json=body, headers=headers, timeout=60)
    response.raise_for_status()
    return keep(response.json())


trigger(wait=30, **{"Idempotency-Key": "first"})  # has succeeded when the run begins


@schemathesis.hook
def filter_case(context, case):
    """Leaves out header values beyond ASCII: the Functions host answers them itself, with 400 and no body
    (seen: Kestrel's default), and a real client sends none."""
    return all(str(value).isascii() for value in (case.headers or {}).values())


def express(body):
    """Leaves out what no schema can say: which URLs take callbacks, which texts are dates, and
    bounds of durations and of their products."""
    for name in ("callBackUri", "callbackUrl", "timeout", "queueTimeout"):
        body.pop(name, None)
    if isinstance(body.get("options"), dict):
        for name in ("effectiveDate", "timeout", "retryCount"):
            body["options"].pop(name, None)


def one_key(headers):
    """Leaves one of the headers that are keys, which no document can say, and no date to be parsed. An
    Operation-Id is sent once: another request with it is a 400, depending on what was sent before."""
    key = headers.get("Operation-Id")
    if key:
        sent = KEYS.read_text().splitlines() if KEYS.exists() else []
        if key in sent or key in [id for id, _ in statuses]:
            del headers["Operation-Id"]
        KEYS.write_text("\n".join([*sent, key]))
    names = [name for name in ("Idempotency-Key", "Operation-Id") if headers.get(name)]
    for name in names[1:] + ["Repeatability-Request-ID", "Repeatability-First-Sent"]:
        headers.pop(name, None)


def real_model(case, turn):
    """Names a real model; every eighth request is a repetition of the first one."""
    if turn % 8 == 1:
        case.body = dict(MODEL)
        one_key(case.headers)
        case.headers.pop("Operation-Id", None)
        case.headers["Idempotency-Key"] = "first"
    elif turn % 2:
        case.body.update(MODEL)


def real_operation(case, turn):
    """Names a new operation, or one of the newest."""
    if turn % 4 == 1 or CANCELS.match(case.operation.path):
        id, sig = trigger()
    else:
        id, sig = statuses[-1 - turn % min(len(statuses), 16)]
    case.path_parameters["id"] = id
    if "sig" in (case.query or {}):
        case.query["sig"] = sig


@schemathesis.hook
def before_call(context, case, kwargs):
    """Replaces what was generated, in requests that the document allows."""
    if case.meta and case.meta.generation.mode is GenerationMode.POSITIVE:
        turn = next(turns.setdefault(case.operation.label, count()))
        if case.operation.label == TRIGGER and isinstance(case.body, dict):
            express(case.body)
            one_key(case.headers)
            real_model(case, turn)
        query = case.query or {}
        if str(query.get("wait") or 0).strip("0"):
            query["wait"] = "1"  # a run takes minutes, not hours
        if query.keys() & MODEL.keys():  # both or neither, which no document can say
            query.update(MODEL)
        if "id" in (case.path_parameters or {}) and turn % 2:
            real_operation(case, turn)
    if "id" in (case.path_parameters or {}):  # another id would not reach the app: no route of the host takes it
        case.path_parameters["id"] = re.sub("[^A-Za-z0-9_-]", "_", str(case.path_parameters["id"])) or "_"


@schemathesis.hook
def after_call(context, case, response):
    """Counts the status, and the refreshes that share an operation."""
    label = case.operation.label
    seen[label, response.status_code] += 1
    if label == TRIGGER and response.status_code == 202:
        document = response.json()
        if any(document["id"] == id for id, _ in statuses):
            seen[label, "shared"] += 1
        keep(document)


@atexit.register
def write():
    """Writes the counts for counts.py."""
    with open(os.environ["PBIREFRESH_COUNTS"], "w") as file:
        json.dump([[*key, n] for key, n in seen.items()], file)
