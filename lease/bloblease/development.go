package bloblease

import "strings"

// developmentStorage is the emulator's published account (Azurite: documented,
// README; its key is public and opens nothing else).
const developmentStorage = "AccountName=devstoreaccount1;" +
	"AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;" +
	"BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1"

// expandDevelopment replaces the short form of the emulator's connection string,
// which every local.settings.json of Azure Functions has and this SDK does not
// know (seen: azblob 1.8.0).
func expandDevelopment(connectionString string) string {
	trimmed := strings.TrimSuffix(strings.TrimSpace(connectionString), ";")
	if strings.EqualFold(trimmed, "UseDevelopmentStorage=true") {
		return developmentStorage
	}
	return connectionString
}
