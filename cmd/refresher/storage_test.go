package main

import (
	"context"
	"strings"
	"testing"

	"pbirefresh/lease"
)

func TestStorageForms(t *testing.T) {
	t.Parallel()
	const uri = "https://acct.blob.core.windows.net"
	for _, tc := range []struct {
		name    string
		changes map[string]string
		want    storageSettings
	}{
		{"memory", map[string]string{"STATE_STORAGE": "memory"}, storageSettings{memory: true}},
		{"connection string", map[string]string{"STATE_STORAGE": connection}, storageSettings{connectionString: connection}},
		{"endpoint", map[string]string{"STATE_STORAGE": "-", "STATE_STORAGE__blobServiceUri": uri}, storageSettings{serviceURL: uri}},
		{"the host's connection string", map[string]string{"STATE_STORAGE": "-", "AzureWebJobsStorage": connection}, storageSettings{connectionString: connection}},
		{"the host's emulator", map[string]string{"STATE_STORAGE": "-", "AzureWebJobsStorage": "UseDevelopmentStorage=true"},
			storageSettings{connectionString: "UseDevelopmentStorage=true"}},
		{"the host's endpoint", map[string]string{"STATE_STORAGE": "-", "AzureWebJobsStorage__blobServiceUri": uri}, storageSettings{serviceURL: uri}},
		{"the host's account", map[string]string{"STATE_STORAGE": "-", "AzureWebJobsStorage__accountName": "acct"}, storageSettings{serviceURL: uri}},
		{"the host's endpoint before its account", map[string]string{"STATE_STORAGE": "-", "AzureWebJobsStorage__accountName": "other",
			"AzureWebJobsStorage__blobServiceUri": uri, "AzureWebJobsStorage": connection}, storageSettings{serviceURL: uri}},
		{"our own before the host's", map[string]string{"STATE_STORAGE": "memory", "AzureWebJobsStorage": connection}, storageSettings{memory: true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.want.container = "pbirefresh"
			if got := mustRead(t, tc.changes).storage; got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestWrongStorage(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		changes map[string]string
		says    string
	}{
		{"none", map[string]string{"STATE_STORAGE": "-"}, "STATE_STORAGE__blobServiceUri is not set, and neither is AzureWebJobsStorage"},
		{"two", map[string]string{"STATE_STORAGE": connection, "STATE_STORAGE__blobServiceUri": "https://acct.blob.core.windows.net"}, "keep one"},
		{"no connection string", map[string]string{"STATE_STORAGE": accountKey}, "STATE_STORAGE"},
		{"a key that is none", map[string]string{"STATE_STORAGE": "AccountName=acct;AccountKey=" + accountKey + "!"}, "STATE_STORAGE"},
		{"the host's is none", map[string]string{"STATE_STORAGE": "-", "AzureWebJobsStorage": accountKey}, "AzureWebJobsStorage"},
		{"plain http", map[string]string{"STATE_STORAGE": "-", "STATE_STORAGE__blobServiceUri": "http://acct.blob.core.windows.net"}, "STATE_STORAGE__blobServiceUri"},
		{"with a signature", map[string]string{"STATE_STORAGE": "-", "STATE_STORAGE__blobServiceUri": "https://a.blob.core.windows.net/?sig=" + accountKey},
			"STATE_STORAGE__blobServiceUri"},
		{"account name with a dot", map[string]string{"STATE_STORAGE": "-", "AzureWebJobsStorage__accountName": "evil.example.com/"}, "AzureWebJobsStorage__accountName"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := readSettings(environ(t, tc.changes).get)
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("%v, want %q", err, tc.says)
			}
			if strings.Contains(err.Error(), accountKey) || strings.Contains(err.Error(), "\n") {
				t.Errorf("a secret, or two problems: %v", err)
			}
		})
	}
}

func TestMemoryIsAStore(t *testing.T) {
	t.Parallel()
	store, err := mustRead(t, nil).storage.open(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Create(context.Background(), "a", []byte("{}"), lease.Meta{}); err != nil {
		t.Error(err)
	}
}
