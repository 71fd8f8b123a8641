package main

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"pbirefresh/lease"
	"pbirefresh/lease/bloblease"
)

// storageSettings say where the state lives: in memory, or in a storage account
// named by its blob endpoint or by a connection string.
type storageSettings struct {
	memory           bool
	serviceURL       string
	connectionString string
	container        string
	auditContainer   string // "": the same
}

// forAudit is where the records are: the same account, and maybe another container.
func (s storageSettings) forAudit() storageSettings {
	if s.auditContainer != "" && !s.memory {
		s.container = s.auditContainer
	}
	s.auditContainer = ""
	return s
}

// storage reads the STATE_STORAGE settings, and without any the account of the
// Functions host itself.
func (r *reader) storage() storageSettings {
	s := storageSettings{container: cmp.Or(r.get("STATE_CONTAINER"), "pbirefresh"), auditContainer: r.get("AUDIT_CONTAINER")}
	if !bloblease.ContainerName(cmp.Or(s.auditContainer, s.container)) && bloblease.ContainerName(s.container) {
		r.problem("AUDIT_CONTAINER is wrong: it must be a container's name, 3 to 63 lower-case letters, digits and single hyphens")
	}
	uri, text := r.get("STATE_STORAGE__blobServiceUri"), r.get("STATE_STORAGE")
	switch {
	case uri != "" && text != "":
		r.problem("STATE_STORAGE and STATE_STORAGE__blobServiceUri are both set: keep one")
	case uri != "":
		s.serviceURL = uri
	case text == "memory":
		s.memory = true
	case text != "":
		s.connectionString = text
	default:
		r.hostStorage(&s)
		r.openable(s, "without STATE_STORAGE, AzureWebJobsStorage counts: ")
		return s
	}
	r.openable(s, "")
	return s
}

func (r *reader) hostStorage(s *storageSettings) {
	const prefix = "AzureWebJobsStorage"
	switch {
	case r.get(prefix+"__blobServiceUri") != "":
		s.serviceURL = r.get(prefix + "__blobServiceUri")
	case r.get(prefix+"__accountName") != "":
		name := r.get(prefix + "__accountName")
		if !accountPattern.MatchString(name) {
			r.problem("%s__accountName is wrong: it must be the name of a storage account, 3 to 24 lower-case letters and digits", prefix)
			return
		}
		s.serviceURL = "https://" + name + "." + azureOf(r.get("POWERBI_CLOUD")).blobSuffix
	case r.get(prefix) != "":
		s.connectionString = r.get(prefix)
	default:
		r.problem("STATE_STORAGE__blobServiceUri is not set, and neither is AzureWebJobsStorage: " +
			"set it to the blob endpoint of the account for the state, such as https://account.blob.core.windows.net")
	}
}

// accountPattern is documented in Azure's naming rules.
var accountPattern = regexp.MustCompile(`^[a-z0-9]{3,24}$`)

// openable asks the store what else is wrong: opening it is no I/O.
func (r *reader) openable(s storageSettings, where string) {
	if s.serviceURL == "" && s.connectionString == "" {
		return
	}
	if _, err := s.open(noCredential{}, nil); err != nil {
		r.problem("%s%w", where, err)
	}
}

// noCredential is a credential that gives no token.
type noCredential struct{}

func (noCredential) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{}, errors.New("settings are checked without a credential")
}

// open returns the store. It does no I/O.
func (s storageSettings) open(identity azcore.TokenCredential, transport policy.Transporter) (lease.Store, error) {
	if s.memory {
		return lease.NewMemory(), nil
	}
	return bloblease.New(bloblease.Options{
		ServiceURL: strings.TrimRight(s.serviceURL, "/"), ConnectionString: s.connectionString,
		Container: s.container, Credential: identity, Transport: transport,
	})
}
