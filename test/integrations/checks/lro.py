"""Follows a refresh with the poller of the Python SDKs, azure.core.polling.LROPoller over LROBasePolling:

    python lro.py <both, operation-location or location> <app URL> <workspaceId> <datasetId>

with the function key in PBIREFRESH_KEY. It prints {"status", "result", "message"}. With CANCEL set, it cancels the
refresh after the first poll, as somebody else would. Requests go through the SDK's pipeline with its own retries. Of
the two headers that show the way, only the named one is passed on.
"""

import json
import os
import sys

from azure.core import PipelineClient
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import RequestIdPolicy, RetryPolicy, SansIOHTTPPolicy
from azure.core.polling import LROPoller
from azure.core.polling.base_polling import LROBasePolling
from azure.core.rest import HttpRequest

way, app, workspace, dataset = sys.argv[1:]
key = {"x-functions-key": os.environ["PBIREFRESH_KEY"]}


class OneWay(SansIOHTTPPolicy):
    """Removes the headers that must not show the way."""

    def on_response(self, request, response):
        for header in ("location", "operation-location"):
            if way not in ("both", header):
                response.http_response.headers.pop(header, None)


class Polling(LROBasePolling):
    """Cancels after the first poll."""

    cancels = bool(os.environ.get("CANCEL"))

    def update_status(self):
        super().update_status()
        if self.cancels:
            self.cancels = False
            url = json.loads(self._pipeline_response.http_response.text())["terminatePostUri"]
            client.send_request(HttpRequest("POST", url, headers=key)).raise_for_status()


# The retries are the SDK's; their number is not part of what is checked, only the test's patience ends them.
retries = RetryPolicy(retry_total=1000, retry_status=1000, retry_connect=1000, retry_read=1000, retry_backoff_max=1)
client = PipelineClient(app, policies=[RequestIdPolicy(), OneWay(), retries])

out = {}
try:
    request = HttpRequest(
        "POST",
        app + "/api/refreshes",
        headers={**key, "Idempotency-Key": f'"python-{dataset}"'},
        json={"workspaceId": workspace, "datasetId": dataset},
    )
    # As the generated clients do: any code that is not expected is an error before there is a poller.
    first = client._pipeline.run(request)
    if first.http_response.status_code not in (200, 202):
        raise HttpResponseError(response=first.http_response)
    poller = LROPoller(client, first, lambda r: json.loads(r.http_response.text()), Polling(0.2))
    out["result"] = poller.result()
    out["status"] = poller.status().lower()
except HttpResponseError as error:
    out["status"] = "failed"
    out["message"] = f"{error} {error.response.text() if error.response else ''}"
print(json.dumps(out))
