package main

import (
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"pbirefresh/cli"
)

// system is the environment of the process.
func system() cli.Environment {
	return cli.Environment{
		Getenv: os.Getenv, Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Version: version,
		Credential: func() (azcore.TokenCredential, error) { return azidentity.NewDefaultAzureCredential(nil) },
	}
}
