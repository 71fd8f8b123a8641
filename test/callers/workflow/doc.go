// Package workflow emulates the engine that runs the workflows of Logic
// Apps, Consumption and Standard, and with [Runner.KeepsAuthentication] off for
// Power Automate, as far as the templates in integrations/ use it.
//
// # The rules
//
// LAH is https://learn.microsoft.com/azure/connectors/connectors-native-http, LAC
// https://learn.microsoft.com/azure/logic-apps/logic-apps-create-api-app, LAW
// https://learn.microsoft.com/azure/connectors/connectors-native-webhook, LAX
// https://learn.microsoft.com/azure/logic-apps/logic-apps-exception-handling.
//
//	Http         a 202 is followed by GETs of its Location, which must be absolute,
//	             until another status (LAH, LAC); Retry-After in seconds, else
//	             20 s (LAC), here times [Runner.Scale]; each further 202 must name them
//	             again (LAC); a 202 without Location fails (LAH); the polls have the
//	             action's authentication (Azure/logicapps#611), in Power Automate they
//	             do not (architecture-center#4307), and never its other headers (unverified)
//	retries      408, 429, 5xx and no answer, up to 4 times (LAX), for polls too (unverified)
//	headers      some of a request are dropped (LAH)
//	HttpWebhook  subscribes, which must be answered 2xx (a 202 is not followed:
//	             unverified, and rejected here so that no template depends on it); waits for
//	             a POST to listCallbackUrl(), whose body is the output (LAW); there is no
//	             convention for failures; then unsubscribes, which is optional (LAW)
//	the end      a run fails if one of its last actions did, or Terminate ran (LAX)
//
// # Not guaranteed
//
// As for package pipeline: one action after another, no time-outs of its own. A
// member that the engine does not know is an error: the published schema of a
// definition is in no package, so this is the check of the templates.
package workflow
