// Package dashboard is the page of GET /api/dashboard: what runs and waits, what failed and
// why, a timeline, and the durations of a model's refreshes.
//
// The page is one document with its style and script inside, joined from the files in page/
// without a build step. It holds no data and needs no key. It reads the API with a function
// key that the person enters: kept in sessionStorage for that tab, sent in a header, never in
// an address. With open paths it needs none. Where App Service authentication answers 401
// with WWW-Authenticate (unverified), it leads to the sign-in, whose cookie joins the key.
//
// # Security
//
// The Content-Security-Policy allows the one script and the one style, by their hashes, and
// calls to the app itself; no external asset, frame, form or inline handler. Data becomes
// text and attributes of elements, never markup. Every request that changes something needs
// a header that no other site can send without asking (the function key, Idempotency-Key, or
// a JSON Content-Type): a cookie alone never acts.
//
// # Charts
//
// The charts are SVG of the page's own, about 60 lines. A charting library that can draw a
// timeline has 40 KB or more, and needs inline styles that the policy forbids.
//
// # Not guaranteed
//
// The page reads at most 20,000 operations, the newest ones, and says so if there are more.
package dashboard
