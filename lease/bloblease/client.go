package bloblease

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"pbirefresh/lease"
)

// tokenScope is the same in every Azure cloud (Azure Storage: documented,
// Authorize with Microsoft Entra ID).
const tokenScope = "https://storage.azure.com/.default"

// Options say which storage to use. Either ServiceURL and Credential are set, or
// ConnectionString.
type Options struct {
	// ServiceURL is the account's blob endpoint: https://<account>.blob.core.windows.net
	ServiceURL string
	// Credential authorises requests to ServiceURL.
	Credential azcore.TokenCredential
	// ConnectionString holds an account key or a shared access signature.
	// "UseDevelopmentStorage=true" is an emulator on its usual port.
	ConnectionString string
	// Container is where the documents are. It is made if it does not exist.
	Container string
	// Transport sends the requests; nil is a transport made for this use. It is
	// not to follow redirects or to repeat a PUT by itself.
	Transport policy.Transporter
}

// Store keeps documents in one container. Its methods may be called
// concurrently. Use [New], once: it owns a pool of connections.
type Store struct {
	container *container.Client
}

var _ lease.Store = (*Store)(nil)

// New returns a store. It sends nothing; [Store.Ping] does. An error names the
// setting that is wrong and never holds a secret.
func New(o Options) (*Store, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("blob storage: %w", err)
	}
	client, err := o.client()
	if err != nil {
		return nil, fmt.Errorf("blob storage: %w", err)
	}
	return &Store{container: client}, nil
}

// containerName is documented in Naming and Referencing Containers.
var containerName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// ContainerName reports whether a container can have that name.
func ContainerName(s string) bool { return len(s) >= 3 && len(s) <= 63 && containerName.MatchString(s) }

func (o *Options) check() error {
	if !ContainerName(o.Container) {
		return errors.New("STATE_CONTAINER is wrong: it must be a container's name, 3 to 63 lower-case letters, digits and single hyphens")
	}
	switch {
	case o.ServiceURL != "" && o.ConnectionString != "":
		return errors.New("both STATE_STORAGE__blobServiceUri and STATE_STORAGE are set: remove one")
	case o.ConnectionString != "":
		return nil
	case o.ServiceURL == "":
		return errors.New("no storage account: set STATE_STORAGE__blobServiceUri or STATE_STORAGE")
	case o.Credential == nil:
		return errors.New("STATE_STORAGE__blobServiceUri needs a credential")
	}
	// No query: a signature in it would be sent along with the token, and logged.
	u, err := url.Parse(o.ServiceURL)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return errors.New("STATE_STORAGE__blobServiceUri: want https://<account>.blob.core.windows.net and nothing after it")
	}
	return nil
}

// client makes the SDK's client of the container.
func (o *Options) client() (*container.Client, error) {
	options := o.clientOptions()
	if o.ConnectionString != "" {
		client, err := container.NewClientFromConnectionString(expandDevelopment(o.ConnectionString), o.Container, options)
		if err != nil {
			return nil, fmt.Errorf("STATE_STORAGE is not a connection string of a storage account: %w", err)
		}
		return client, nil
	}
	// The token is asked for once a call, before the retries and outside their
	// time limit: a slow first token must not look like a slow service. The SDK's
	// own constructor would do it inside, once a try.
	options.PerCallPolicies = append(options.PerCallPolicies,
		runtime.NewBearerTokenPolicy(limitedCredential{o.Credential}, []string{tokenScope}, nil))
	return container.NewClientWithNoCredential(runtime.JoinPaths(o.ServiceURL, o.Container), options)
}

func (o *Options) clientOptions() *container.ClientOptions {
	options := &container.ClientOptions{}
	options.Transport = o.Transport
	if options.Transport == nil {
		options.Transport = newHTTPClient()
	}
	options.Telemetry.ApplicationID = "pbirefresh"
	options.PerRetryPolicies = []policy.Policy{sendPolicy{options.Transport}, bufferPolicy{}}
	// The header would add a round trip to every write for a minute after any 503.
	options.ExpectContinueBehavior.Mode = container.ExpectContinueModeOff
	return options
}

// Ping implements lease.Store. It makes the container if there is none.
func (s *Store) Ping(ctx context.Context) error {
	tried, call := withRetries(ctx)
	err := s.release(tried, "ping", lease.NewID())
	if missingContainer(err) {
		err = s.createContainer(ctx)
	}
	return releaseOutcomes.ofRepeated("Ping", "", err, call)
}

// createContainer makes the container; one that exists is fine.
func (s *Store) createContainer(ctx context.Context) error {
	ctx, _ = withRetries(ctx)
	_, err := s.container.Create(ctx, nil)
	if answer(err).code == codeContainerExists {
		return nil
	}
	return err
}
