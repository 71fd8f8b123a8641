# Deploys a package to the app that infra/ made. The same as deploy.sh, for Windows.
#
#   PBIREFRESH_ZIP  the package; build/pbirefresh-linux-amd64.zip if not set
$ErrorActionPreference = 'Stop'
Set-Location (Join-Path $PSScriptRoot '..')

$zip = if ($env:PBIREFRESH_ZIP) { $env:PBIREFRESH_ZIP } else { 'build/pbirefresh-linux-amd64.zip' }
if (-not (Test-Path $zip)) { throw "deploy: there is no ${zip}: run go run ./cmd/pbirefresh package first, or set PBIREFRESH_ZIP" }

function Invoke-Az {
  az @args
  if ($LASTEXITCODE -ne 0) { throw "deploy: az $($args[0]) $($args[1]) failed" }
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

Write-Output "deployed: $env:PBIREFRESH_URL"
