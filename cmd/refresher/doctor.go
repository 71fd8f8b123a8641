package main

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"pbirefresh/doctor"
	"pbirefresh/handler"
	"pbirefresh/keyvault"
	"pbirefresh/lease"
	"pbirefresh/powerbi"
)

// longestRequest is how long the app may take for an answer: a request to start a refresh,
// and half a minute for what comes before and after it. MAX_WAIT is below that.
const longestRequest = powerbi.DefaultStartTimeout + 60*time.Second

// examiner looks at what the app uses, with clients that have nothing in their caches.
type examiner struct {
	settings settings
	store    lease.Store
	web      *http.Client
	files    fs.FS
}

func newExaminer(s settings, store lease.Store) *examiner {
	web := s.web
	if web == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:errcheck // it is one
		web = &http.Client{CheckRedirect: noRedirects, Transport: transport}
	}
	return &examiner{s, store, web, os.DirFS(".")} // the host starts the app in its own folder
}

// examine is the doctor of an app whose settings are right.
func (e *examiner) examine(ctx context.Context, hostVersion string, model powerbi.Dataset) []doctor.Check {
	d, err := e.deps()
	if err != nil {
		return examineProblem(err)(ctx, hostVersion, model)
	}
	d.HostVersion = hostVersion
	return doctor.Run(ctx, d, model)
}

// examineProblem is the doctor of an app whose settings are wrong.
func examineProblem(problem error) handler.Examine {
	return func(ctx context.Context, hostVersion string, model powerbi.Dataset) []doctor.Check {
		return doctor.Run(ctx, doctor.Deps{Files: os.DirFS("."), Settings: doctor.Settings{
			Problems: strings.Split(problem.Error(), "\n"), HostVersion: hostVersion, LongestRequest: longestRequest,
		}}, model)
	}
}

func (e *examiner) deps() (doctor.Deps, error) {
	s := e.settings
	s.web = e.web
	identity, err := s.identity()
	if err != nil {
		return doctor.Deps{}, err
	}
	silent := slog.New(slog.DiscardHandler)
	options := s.keyvaultOptions(identity, silent)
	options.Timeout, options.OnRead, options.OnExpiring = 10*time.Second, nil, nil
	signer, err := keyvault.New(options)
	if err != nil {
		return doctor.Deps{}, err
	}
	client, err := powerbi.NewClient(signer, powerbi.Options{Cloud: s.cloud, Version: version, Logger: silent, Transport: e.web})
	if err != nil {
		return doctor.Deps{}, err
	}
	return doctor.Deps{Settings: s.forDoctor(), Store: e.store, Signer: signer, PowerBI: client, Web: e.web, Files: e.files}, nil
}

func (s settings) forDoctor() doctor.Settings {
	d := doctor.Settings{
		Method: s.method, TenantID: s.tenantID, ClientID: s.clientID, VaultURL: s.vaultURL, SecretName: s.secretName, Scope: s.cloud.Scope,
		StorageURL: s.storage.serviceURL, Container: s.storage.container, Memory: s.storage.memory,
		BaseURL: s.baseURL, LongestRequest: longestRequest,
	}
	if err := sweepCheck(s); err != nil {
		d.Warnings = append(d.Warnings, err.Error())
	}
	if p := s.guard.Gate.Policy; p != nil && p.NeedsEasyAuth() && !s.guard.Gate.EasyAuth {
		d.Warnings = append(d.Warnings, "POLICY_FILE has rules for object ids, applications, tenants or roles, and App Service authentication is off: these rules allow nothing")
	}
	return d
}
