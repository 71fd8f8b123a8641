package bloblease

import (
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
)

const (
	remedyRole = `give the app's identity the role "Storage Blob Data Contributor" on the account in ` +
		`STATE_STORAGE__blobServiceUri; new roles take some minutes; if it has the role, check the account's firewall`
	remedyKey       = "check the key or the signature in STATE_STORAGE, the identity's tenant, and this machine's clock"
	remedyNoKeys    = "the account forbids keys: set STATE_STORAGE__blobServiceUri in place of STATE_STORAGE"
	remedyNetwork   = "the account's firewall refuses this address: allow it, or the app's virtual network"
	remedyDeletion  = "the container is being deleted: wait a minute, or set another STATE_CONTAINER"
	remedyImmutable = "the container has an immutability policy: set STATE_CONTAINER to one without"
	remedyEndpoint  = "check STATE_STORAGE__blobServiceUri: this is not the blob endpoint of a storage account"
)

// remedies say what to do about a refusal, by the service's error code.
var remedies = map[string]string{
	string(bloberror.AuthorizationFailure):            remedyRole,
	string(bloberror.AuthorizationPermissionMismatch): remedyRole,
	string(bloberror.InsufficientAccountPermissions):  remedyRole,
	string(bloberror.AuthenticationFailed):            remedyKey,
	string(bloberror.InvalidAuthenticationInfo):       remedyKey,
	string(bloberror.NoAuthenticationInformation):     remedyKey,
	"KeyBasedAuthenticationNotPermitted":              remedyNoKeys,
	string(bloberror.AuthorizationSourceIPMismatch):   remedyNetwork,
	string(bloberror.ContainerBeingDeleted):           remedyDeletion,
	string(bloberror.BlobImmutableDueToPolicy):        remedyImmutable,
	string(bloberror.InvalidURI):                      remedyEndpoint,
	string(bloberror.ResourceNotFound):                remedyEndpoint,
}

// remedy says what to do about a refusal; "" if there is nothing to say.
func (r response) remedy() string {
	if text, ok := remedies[r.code]; ok {
		return text
	}
	switch r.status {
	case http.StatusUnauthorized:
		return remedyKey
	case http.StatusForbidden:
		return remedyRole
	default:
		return ""
	}
}
