#!/usr/bin/env sh
# Deploys a package to the app that infra/ made. Reads the outputs of infra/ from the
# environment (azd sets them; elsewhere: see docs/deploy.md), and needs the Azure CLI,
# signed in.
#
#   PBIREFRESH_ZIP  the package; build/pbirefresh-linux-amd64.zip if not set
set -eu
cd "$(dirname "$0")/.."

zip=${PBIREFRESH_ZIP:-build/pbirefresh-linux-amd64.zip}
if [ ! -f "$zip" ]; then
  echo "deploy: there is no $zip: run make package first, or set PBIREFRESH_ZIP" >&2
  exit 1
fi

case "${PBIREFRESH_PLAN:?is not set: it is an output of infra/}" in
flex)
  az functionapp deployment source config-zip --resource-group "${AZURE_RESOURCE_GROUP:?}" --name "${AZURE_FUNCTION_APP_NAME:?}" --src "$zip"
  ;;
premium | dedicated)
  # The app reads its package from here when it starts.
  az storage blob upload --auth-mode login --account-name "${PBIREFRESH_PACKAGE_ACCOUNT:?}" \
    --container-name deployment --name pbirefresh.zip --file "$zip" --overwrite
  az functionapp restart --resource-group "${AZURE_RESOURCE_GROUP:?}" --name "${AZURE_FUNCTION_APP_NAME:?}"
  ;;
*)
  echo "deploy: PBIREFRESH_PLAN is $PBIREFRESH_PLAN, must be flex, premium or dedicated" >&2
  exit 1
  ;;
esac

echo "deployed: ${PBIREFRESH_URL:-$AZURE_FUNCTION_APP_NAME}"
