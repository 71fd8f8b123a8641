"""Two real clients of Power BI's REST API against the simulator: pbipy, and Airflow's hook.

Arguments: pbipy or airflow, the addresses of Power BI and Entra ID, the CA's file, a
workspace, a model, and the file into which one JSON object with what the client saw is
written. The environment has CLIENT_ID, CLIENT_SECRET and TENANT_ID.
"""

import asyncio
import json
import os
import sys

from urllib.parse import urlsplit

import requests

kind, powerbi, entra, ca, workspace, model, out = sys.argv[1:]
tenant, client_id, secret = os.environ["TENANT_ID"], os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]
scope = "https://analysis.windows.net/powerbi/api/.default"


def use_pbipy():
    """Finds the workspace, refreshes the model to its end, and cancels a second refresh."""
    import pbipy.settings

    pbipy.settings.BASE_URL = powerbi + "/v1.0/myorg"
    pbipy.PowerBI.BASE_URL = pbipy.resources.Resource.BASE_URL = pbipy.settings.BASE_URL
    os.environ["REQUESTS_CA_BUNDLE"] = ca
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, "scope": scope}
    token = requests.post(f"{entra}/{tenant}/oauth2/v2.0/token", data=form, timeout=30).json()["access_token"]
    api = pbipy.PowerBI(token)
    found = api.group(workspace)
    dataset = api.dataset(model, group=found)
    dataset.refresh_and_wait(type="Full", check_interval=1)
    dataset.cancel_refresh(dataset.refresh(type="Full"))
    return {"workspace": found.id, "models": [d.id for d in api.datasets(group=found)],
            "history": [row["status"] for row in dataset.refresh_history()]}


def use_airflow():
    """Does the same with the hook's own calls."""
    from airflow.providers.microsoft.azure.hooks.powerbi import PowerBIHook

    return asyncio.run(follow(PowerBIHook()))


async def follow(hook):
    ids = {"dataset_id": model, "group_id": workspace}
    first = await hook.trigger_dataset_refresh(**ids, request_body={"type": "full"})
    while (await hook.get_refresh_details_by_refresh_id(**ids, refresh_id=first))["status"] == "In Progress":
        await asyncio.sleep(1)
    second = await hook.trigger_dataset_refresh(**ids, request_body={"type": "full"})
    await hook.cancel_dataset_refresh(**ids, dataset_refresh_id=second)
    return {"workspace": (await hook.get_workspace_list())[0], "models": await hook.get_dataset_list(group_id=workspace),
            "history": [row["status"] for row in await hook.get_refresh_history(**ids)]}


os.environ["AIRFLOW_CONN_POWERBI_DEFAULT"] = json.dumps({
    "conn_type": "powerbi", "login": client_id, "password": secret,
    "extra": {"tenant_id": tenant, "base_url": powerbi + "/v1.0", "authority": entra, "disable_instance_discovery": True,
              "allowed_hosts": urlsplit(powerbi).hostname, "verify": ca}})
seen = {"pbipy": use_pbipy, "airflow": use_airflow}[kind]()
with open(out, "w") as file:
    json.dump(seen, file)
