#!/usr/bin/env bash
# Deploys a package to the app that infra/ made. Reads the outputs of infra/ from the
# environment (azd sets them; elsewhere: see docs/deploy.md), and needs the Azure CLI,
# signed in, and curl.
#
#   PBIREFRESH_ZIP  the package; build/pbirefresh-linux-amd64.zip if not set
#   PBIREFRESH_URL  if set, the script waits until the app answers there, at most 5 minutes
set -euo pipefail
cd "$(dirname "$0")/.."

limit=600 # seconds for each call of az
zip=${PBIREFRESH_ZIP:-build/pbirefresh-linux-amd64.zip}

fail() {
  echo "deploy: $*" >&2
  exit 1
}

look='Look at where this runs from and at what is in front of the app:
- private_inbound: run this on a machine in the network. There the names of the app and of its scm site
  must resolve to the private endpoint (nslookup), and port 443 must be open.
- easy_auth: only /api/health, /api/openapi.json and status URLs are open without a token.
- else: the log stream of the app in the portal, and "Diagnose and solve problems". docs/deploy.md has more.'

# within SECONDS COMMAND...: runs a command, and ends it with all that it started after that time.
within() {
  local seconds=$1 job timer status=0
  shift
  set -m # each background job is a process group of its own
  "$@" </dev/null &
  job=$!
  { sleep "$seconds" && kill -- "-$job"; } >/dev/null 2>&1 &
  timer=$!
  set +m
  # shellcheck disable=SC2064 # now, not then
  trap "kill -- -$job -$timer 2>/dev/null" EXIT
  wait "$job" || status=$?
  trap - EXIT
  kill -- "-$timer" 2>/dev/null || true
  return "$status"
}

# azure COMMAND...: az, bounded. 143 is what a command ended by a signal returns.
azure() {
  local status=0
  within "$limit" az "$@" || status=$?
  [ "$status" != 143 ] || echo "deploy: az $1 $2 $3 did not end within $limit s" >&2
  return "$status"
}

# flex publishes the package. Then az asks the app for /admin/host/status until it gets a 200,
# without end (Azure/azure-cli#30870; seen in its source). It says so before it does: by then the
# package is there.
flex() {
  local said status=0
  said=$(mktemp)
  azure functionapp deployment source config-zip --resource-group "$AZURE_RESOURCE_GROUP" --name "$AZURE_FUNCTION_APP_NAME" --src "$zip" 2>&1 |
    tee "$said" || status=$?
  if [ "$status" = 143 ] && grep -q 'Checking the health of the function app' "$said"; then
    echo "deploy: the package is published. Only az's own check of the app did not end" >&2
    status=0
  fi
  rm -f "$said"
  [ "$status" = 0 ] || fail "az failed ($status). $look"
}

# package uploads a blob, which the app reads when it starts.
package() {
  azure storage blob upload --auth-mode login --account-name "${PBIREFRESH_PACKAGE_ACCOUNT:?}" \
    --container-name deployment --name pbirefresh.zip --file "$zip" --overwrite || fail "the package is not uploaded. $look"
  azure functionapp restart --resource-group "$AZURE_RESOURCE_GROUP" --name "$AZURE_FUNCTION_APP_NAME" || fail "the app is not restarted. $look"
}

: "${AZURE_RESOURCE_GROUP:?is not set: it is an output of infra/}" "${AZURE_FUNCTION_APP_NAME:?is not set: it is an output of infra/}"
[ -f "$zip" ] || fail "there is no $zip: run make package first, or set PBIREFRESH_ZIP"
case "${PBIREFRESH_PLAN:?is not set: it is an output of infra/}" in
flex) flex ;;
premium | dedicated) package ;;
*) fail "PBIREFRESH_PLAN is $PBIREFRESH_PLAN, must be flex, premium or dedicated" ;;
esac

if [ -n "${PBIREFRESH_URL:-}" ]; then
  curl --silent --show-error --fail --output /dev/null --max-time 10 --retry 30 --retry-delay 10 --retry-max-time 300 --retry-all-errors \
    "$PBIREFRESH_URL/api/health" || fail "$PBIREFRESH_URL/api/health does not answer. $look"
fi
echo "deployed: ${PBIREFRESH_URL:-$AZURE_FUNCTION_APP_NAME}"
