package hostlog

import "context"

type invocationKey struct{}

// WithInvocation returns a context whose log records carry the given invocation
// id, as the HTTP layer finds it in the request's X-Azure-Functions-InvocationId.
// It is the only link between a line and the invocation: the host has none for
// what a custom handler writes to its console.
func WithInvocation(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, invocationKey{}, id)
}

// Invocation returns the invocation id that ctx carries, or "".
func Invocation(ctx context.Context) string {
	id, _ := ctx.Value(invocationKey{}).(string)
	return id
}
