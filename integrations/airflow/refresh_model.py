"""Refreshes a Power BI semantic model with pbirefresh, waits for the end, and fails with the reason.

Needs apache-airflow-providers-http and a connection "pbirefresh": type HTTP, host https://YOUR-APP.azurewebsites.net,
password = a function key.
"""

import datetime
import json

from airflow import DAG
from airflow.exceptions import AirflowFailException
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.http.sensors.http import HttpSensor

WORKSPACE_ID = "YOUR-WORKSPACE-ID"
DATASET_ID = "YOUR-DATASET-ID"


def ended(response):
    """Whether the refresh has ended. Without this check the sensor takes every 2xx for the end, 202 too."""
    if response.status_code == 200:
        return True
    if response.status_code in (202, 408, 429) or response.status_code >= 500:
        return False
    raise AirflowFailException(reason(response))


def reason(response):
    try:
        return response.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return f"HTTP {response.status_code}"


def status_path(response):
    """The status URL without its host, which the sensor takes from the connection."""
    if response.status_code in (200, 202):  # 200: this key's refresh has already succeeded
        return "api/" + response.json()["statusUrl"].rpartition("/api/")[2]
    if response.status_code in (408, 429) or response.status_code >= 500:
        response.raise_for_status()  # tried again, with the same key
    raise AirflowFailException(reason(response))


with DAG(
    dag_id="refresh_model",
    start_date=datetime.datetime(2026, 1, 1),
    schedule="0 6 * * *",
    catchup=False,
):
    start = HttpOperator(
        task_id="start",
        http_conn_id="pbirefresh",
        method="POST",
        endpoint="api/refreshes",
        headers={
            "Content-Type": "application/json",
            "x-functions-key": "{{ conn.pbirefresh.password }}",
            "Idempotency-Key": "{{ run_id }}-" + DATASET_ID,
        },
        data=json.dumps({"workspaceId": WORKSPACE_ID, "datasetId": DATASET_ID}),
        extra_options={"check_response": False},
        response_filter=status_path,
        retries=5,
        retry_delay=datetime.timedelta(seconds=30),
    )
    wait = HttpSensor(
        task_id="wait",
        http_conn_id="pbirefresh",
        endpoint="{{ ti.xcom_pull(task_ids='start') }}",
        extra_options={"check_response": False},
        response_check=ended,
        mode="reschedule",
        poke_interval=30,
        timeout=13 * 60 * 60,
        retries=5,
        retry_delay=datetime.timedelta(seconds=30),
    )
    start >> wait
