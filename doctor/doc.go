// Package doctor walks the whole chain between a caller and a finished refresh, and reports for
// each link whether it is fine, and otherwise what to change and how.
//
// # What is checked, in this order
//
//	settings       the app's settings, by the parser that the app itself uses
//	host           the version of the Functions host, host.json and its time-outs
//	storage        create, lease, list and delete a blob: the state container and the identity's role
//	clock          this machine's clock against the storage service's
//	identity       the managed identity gives a token
//	vault          Key Vault can be reached and lets the identity read secrets
//	secret         the secret or certificate: exists, is enabled, is not about to expire, Entra ID accepts it
//	token          the token for Power BI: tenant, audience, application
//	powerBI        Power BI itself answers, and accepts the token
//	tenantSetting  the tenant lets the service principal use the API
//	workspace      exists, and the service principal has a role in it
//	role           that role is Contributor or higher
//	model          exists
//	storageMode    the model imports data, so that there is something to refresh
//	capacity       shared or dedicated, and its state
//	gateway        data sources that need a gateway are bound to one
//	owner          who owns the model: the credentials of the data sources are the owner's
//	failures       the newest refresh, with Power BI's own words and the remedy
//	budget         what is left of the eight refreshes a day of a shared capacity
//	routes         the app's own address: routes with a key refuse a request without one
//
// From workspace to budget only if a model is named. vault and secret only where the sign-in
// needs a vault.
//
// # What depends on what
//
// The links from identity to powerBI form a chain: after a problem the rest is unknown, because
// nothing is known of it. So are the links of the model after a problem of the workspace. storage,
// host, routes and the chain do not depend on each other and are looked at side by side. With
// wrong settings only settings and host are looked at.
//
// A check is unknown, too, if its look took longer than [stepLimit] or all of them took longer
// than [limit], or if Power BI does not show the answer to a service principal without further
// rights. Unknown is never a problem, and never fine.
//
// # What is never done
//
// Nothing is changed, except that a probe blob (doctor/...) is created in the state container,
// leased, listed and deleted again; a process that dies in between leaves it, and it means nothing.
// No refresh is started. No secret, token, key or signature is in a check: of a token
// only the claims that name tenant, audience, application and object are read. The steps
// under Fix are text for a person; nothing runs them.
//
// # Not guaranteed
//
// The doctor sees what its own process sees: another instance of the app may have another outbound
// address. A fresh right may take minutes to be in force everywhere. What is fine now may not
// be at the next refresh.
package doctor
