#!/bin/sh
# Refreshes a Power BI semantic model with pbirefresh and waits for the end.
#
#   export PBIREFRESH_URL=https://YOUR-APP.azurewebsites.net PBIREFRESH_KEY=...
#   ./refresh.sh <workspaceId> <datasetId>
#
# Exit 0: refreshed. 1: the refresh failed or was cancelled, or the request was refused; the reason is on standard error.
# 2: it could not be followed to its end. Needs curl; jq is used if it is there.
#
# IDEMPOTENCY_KEY  the same key asks for the same refresh, also after this script was stopped (default: a new one)
# POLL_SECONDS     between looks (default: 5)
set -eu

url=${PBIREFRESH_URL:?set it to https://YOUR-APP.azurewebsites.net}
url=${url%/}
: "${PBIREFRESH_KEY:?set it to a function key}"
workspace=${1:-${WORKSPACE_ID:?the workspace id is missing}}
dataset=${2:-${DATASET_ID:?the dataset id is missing}}
key=${IDEMPOTENCY_KEY:-sh-$(date +%s)-$$}

# ask METHOD URL [BODY]: the answer's code, a space, its body. 000 if there was none.
ask() {
  # The key comes by standard input: the list of processes shows what is on a command line.
  {
    printf 'header = "x-functions-key: %s"\n' "$PBIREFRESH_KEY" |
      curl --config - --silent ${show:+"$show"} --max-time 100 --request "$1" ${3+--data "$3"} \
        --header "Content-Type: application/json" --header "Idempotency-Key: \"$key\"" --write-out '\n%{http_code}' "$2" || true
  } | awk '{ lines[NR] = $0 } END { printf "%s ", lines[NR]; for (i = 1; i < NR; i++) print lines[i] }'
}

# Both read from the answer's body.
status_url() {
  if command -v jq >/dev/null; then jq -r '.statusUrl // empty'; else sed -n 's/.*"statusUrl":"\([^"]*\)".*/\1/p'; fi
}
reason() {
  if command -v jq >/dev/null; then
    jq -r '.error | "\(.code): \(.message)", (select(.code == "InvalidRequest") | .details[1:][]?.message)'
  else
    sed -n 's/.*"error":{"code":"\([^"]*\)","message":"\(\([^"\\]*\(\\.\)*\)*\)".*/\1: \2/p'
  fi
}

# told: what is wrong, in the app's words, or in ours where something before the app has answered.
told() {
  why=$(printf '%s\n' "$answer" | reason 2>/dev/null) || true
  case $code in
  000) : "${why:=no answer}" ;;
  401) : "${why:=HTTP 401: PBIREFRESH_KEY is no function key of this app}" ;;
  404) : "${why:=HTTP 404: PBIREFRESH_URL is not the address of the app}" ;;
  esac
  printf '%s\n' "${why:-HTTP $code}"
}

address=
failures=0
show=--show-error # curl's own words, the first time
while :; do
  if [ -z "$address" ]; then
    answer=$(ask POST "$url/api/refreshes" '{"workspaceId":"'"$workspace"'","datasetId":"'"$dataset"'"}')
  else
    answer=$(ask GET "$address")
  fi
  code=${answer%% *}
  answer=${answer#* }
  case $code in
  200)
    echo "refreshed"
    exit 0
    ;;
  202)
    address=$(printf '%s\n' "$answer" | status_url)
    failures=0
    ;;
  000 | 408 | 429 | 5??)
    # May pass. Asking again is safe: the key is the same.
    failures=$((failures + 1))
    if [ "$failures" -eq 1 ]; then
      echo "asking again, forty times at most: $(told)" >&2
      show=
    fi
    if [ "$failures" -gt 40 ]; then
      echo "not followed to its end: $(told)" >&2
      exit 2
    fi
    ;;
  *)
    # Only the document of a refresh has a status URL.
    if [ -n "$address$(printf '%s\n' "$answer" | status_url 2>/dev/null)" ]; then said="the refresh failed"; else said="the request was refused"; fi
    echo "$said: $(told)" >&2
    exit 1
    ;;
  esac
  sleep "${POLL_SECONDS:-5}"
done
