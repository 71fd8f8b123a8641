// Package keyvault provides the tokens for Power BI. There are four ways to sign in to
// Entra ID ([Method]), and two of them read Key Vault:
//
//	keyvault-secret       managed identity -> vault: client secret -> Entra ID -> token
//	keyvault-certificate  managed identity -> vault: certificate and key, signs an assertion -> Entra ID -> token
//	federated             managed identity: a token that is the assertion -> Entra ID -> token
//	managed-identity      managed identity -> token of its own
//
// [Credential] is an azcore.TokenCredential. New does no I/O; the first token request does.
//
// # Rules
//
//   - The secret is the client secret in the vault, or the certificate with its key. It
//     is read once and kept. It is read again every six hours, when its expiry date has
//     passed, and when Entra ID rejects it (AADSTS7000215, 7000222, 700027 and similar,
//     or a 401 without a code): at once after the first rejection, and then at most once
//     in half a minute. If its value has not changed, its tokens stay in azidentity's
//     cache.
//   - If a secret has worked in this process before, a rejection counts as temporary for
//     five minutes ([Error.Lasting]): the secret was probably replaced at the
//     application, and the new value will soon be in the vault.
//   - The newest enabled version is used first. The previous secret is used if Entra ID
//     rejects the newest, which takes time to reach all of Entra ID, or does not answer,
//     because a token of the previous one may be in the cache. The previous secret is the
//     one that this process used before, else the older version in the vault. If both
//     fail, the error is about the newest.
//   - Callers that need a token at the same time share one vault read and one token
//     request. If a caller's context ends, the request goes on for the others, within its
//     own timeout.
//   - For half a minute after a rejection or a failed read the same error is returned
//     without another request, so that a failing service gets no extra load.
//   - From thirty days before the secret's end a process reports it once a day.
//   - Tokens with claims pass through to azidentity, which then skips its cache.
//   - Every failure is an [*Error] that names the setting, role or object to change.
//     The value of the secret is in no error and no log line, and no error leads to
//     the SDK's, whose requests hold it.
//
// # Which vaults
//
// The Key Vault client asks the vault, without a token, which resource it belongs to. By
// default it refuses an answer that is not a parent of the vault's host name
// (https://aka.ms/azsdk/blog/vault-uri). That check is right for Microsoft's own hosts,
// such as name.vault.azure.net, and stays on for them. It fails for others: a private
// cloud, or an emulator on 127.0.0.1 whose tokens are for https://vault.azure.net. For
// them it is switched off. A rule of this package applies to all hosts instead: the
// identity requests only a token whose resource is the vault's host, a parent of it, or a
// host whose first label is vault or managedhsm. So a wrong or hostile host cannot obtain
// a token for Azure Resource Manager, Graph or storage. It could obtain one for Key Vault:
// the vault's URL is a trusted setting. There is no test mode; only the URL decides.
//
// # Not guaranteed
//
// A secret that was replaced in the vault while the old one still works is used up to six
// hours later. [Credential.Expires] is the date in the vault or the certificate, which may
// differ from the date that Entra ID enforces. The secret, and during a rotation the
// previous one, is in the process's memory. A token stays valid for about an hour after
// its secret has ended.
package keyvault
