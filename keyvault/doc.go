// Package keyvault provides the tokens with which Power BI is called. There are four
// ways to prove to Entra ID who asks ([Method]), and two of them read Key Vault:
//
//	keyvault-secret       managed identity -> vault: client secret -> Entra ID -> token
//	keyvault-certificate  managed identity -> vault: certificate and key, signs an assertion -> Entra ID -> token
//	federated             managed identity: a token that is the assertion -> Entra ID -> token
//	managed-identity      managed identity -> token of its own
//
// [Credential] is an azcore.TokenCredential. New does no I/O: the first token does.
//
// # Rules
//
//   - What is in the vault (the secret: the client secret, or the certificate with
//     its key) is read once and kept. It is read again when Entra ID rejects it
//     (AADSTS7000215, 7000222, 700027 and kin, or a 401 without a code), when its
//     expiry date has passed, and every six hours, so that a rotation is seen before
//     it hurts; at once after the first rejection, and then at most once an interval
//     (half a minute). A secret that stays the same keeps its tokens, which azidentity
//     caches.
//   - Where a secret has worked before, a rejection counts as passing for five minutes
//     ([Error.Lasting]): somebody replaced it, and the new one is on its way.
//   - The newest version that is enabled comes first. The one before it stands in if
//     Entra ID rejects the newest one, which takes a while to be known everywhere, or
//     does not answer, when the old one may have a token left. It is the one that
//     this process used before; a process that never used another reads the older
//     version from the vault. Both failing, the error is about the newest.
//   - Any number of callers that ask at the same time cost one vault read and one
//     token request. That flight belongs to nobody: a caller whose context ends
//     leaves, and the flight goes on for the others, within its own time-out.
//   - While a rejected secret or a failed read is fresh, its error is given again
//     without asking: a vault or Entra ID in trouble is not stormed.
//   - From thirty days before the secret's end a process tells it once a day.
//   - Tokens with claims pass through to azidentity, which then skips its cache.
//   - Every failure is an [*Error] that names the setting, role or object to change.
//     The value of the secret is in no error and no log line, and no error leads to
//     the SDK's, whose requests hold it.
//
// # Which vaults
//
// The Key Vault client asks the vault, without a token, which resource it belongs
// to, and by default refuses an answer that is not a parent of the vault's host name
// (https://aka.ms/azsdk/blog/vault-uri). That check suits Microsoft's own hosts,
// such as name.vault.azure.net, and stays on for them. It cannot pass for others, a
// private cloud or a stand-in on 127.0.0.1 whose tokens are for
// https://vault.azure.net. For them it is switched off, and a rule of this package
// takes its place, for all hosts: the identity asks only for a token whose resource
// is the vault's host, a parent of it, or a host whose first label is vault or
// managedhsm. So a wrong or hostile host cannot obtain a token for Azure Resource
// Manager, Graph or storage. It could obtain one for Key Vault: the vault's URL is a
// setting as trusted as the rest. No test mode is involved, only the URL decides.
//
// # Not guaranteed
//
// A secret that was replaced in the vault while the old one still works is seen with
// up to six hours of delay. [Credential.Expires] is what the vault or the certificate
// says, which nothing ties to the date that Entra ID enforces. The secret, and for the
// length of a rotation the one before it, is in the process's memory. A token outlives
// the secret that it was got with, by about an hour.
package keyvault
