# Deploys a package to the app that infra/ made. The same as deploy.sh, for PowerShell 7.
#
#   PBIREFRESH_ZIP  the package; build/pbirefresh-linux-amd64.zip if not set
#   PBIREFRESH_URL  if set, the script waits until the app answers there, at most 5 minutes
$ErrorActionPreference = 'Stop'
Set-Location (Join-Path $PSScriptRoot '..')

$limit = 600 # seconds for each call of az
$zip = if ($env:PBIREFRESH_ZIP) { $env:PBIREFRESH_ZIP } else { 'build/pbirefresh-linux-amd64.zip' }
if (-not (Test-Path $zip)) { throw "deploy: there is no ${zip}: run go run ./cmd/pbirefresh package first, or set PBIREFRESH_ZIP" }

$look = 'With private_inbound, run this on a machine in the network, where the names of the app and of its scm site resolve to the private endpoint. ' +
  'With easy_auth, only /api/health, /api/openapi.json and status URLs are open without a token. ' +
  'Else look at the log stream of the app in the portal. docs/deploy.md has more.'

function Invoke-Az {
  $az = Start-Process -FilePath az -ArgumentList $args -NoNewWindow -PassThru
  $null = $az.Handle # without it there is no ExitCode
  if (-not $az.WaitForExit($limit * 1000)) {
    $az.Kill($true)
    throw "deploy: az $($args[0]) $($args[1]) did not end within $limit s. If it said 'Checking the health of the function app', the package is published, and only that check does not end (issue 30870 of Azure/azure-cli). $look"
  }
  if ($az.ExitCode -ne 0) { throw "deploy: az $($args[0]) $($args[1]) failed. $look" }
}

switch ($env:PBIREFRESH_PLAN) {
  'flex' {
    Invoke-Az functionapp deployment source config-zip --resource-group $env:AZURE_RESOURCE_GROUP --name $env:AZURE_FUNCTION_APP_NAME --src $zip
  }
  { $_ -in 'premium', 'dedicated' } {
    # The app reads its package from here when it starts.
    Invoke-Az storage blob upload --auth-mode login --account-name $env:PBIREFRESH_PACKAGE_ACCOUNT --container-name deployment --name pbirefresh.zip --file $zip --overwrite
    Invoke-Az functionapp restart --resource-group $env:AZURE_RESOURCE_GROUP --name $env:AZURE_FUNCTION_APP_NAME
  }
  default { throw "deploy: PBIREFRESH_PLAN is '$env:PBIREFRESH_PLAN', must be flex, premium or dedicated" }
}

if ($env:PBIREFRESH_URL) {
  try {
    $null = Invoke-WebRequest -Uri "$env:PBIREFRESH_URL/api/health" -TimeoutSec 10 -MaximumRetryCount 30 -RetryIntervalSec 10
  } catch {
    throw "deploy: $env:PBIREFRESH_URL/api/health does not answer: $_. $look"
  }
}
Write-Output "deployed: $env:PBIREFRESH_URL"
