// Package pipeline emulates the engine that runs the pipelines of Data Factory,
// Synapse and Fabric, as far as the templates in integrations/ use it. For Fabric's
// WebHook activity it assumes Data Factory's rules (unverified).
//
// # The rules
//
// AF is https://learn.microsoft.com/azure/data-factory/control-flow-azure-function-activity,
// WEB .../control-flow-web-activity, WH .../control-flow-webhook-activity,
// TS .../data-factory-troubleshoot-guide, OUT .../tutorial-pipeline-failure-error-handling, FD
// https://learn.microsoft.com/rest/api/fabric/articles/item-management/definitions/datapipeline-definition.
//
//	Azure Function  the answer must be a JSON object, the 202 too (AF, TS 3603; for
//	                the 202 unverified); a 202 is not followed (AF); any other
//	                code than 2xx fails with 3608 and the message (TS); a body is required for
//	                POST and PUT (AF); 230 s (AF)
//	Web             the answer must be a JSON object (WEB); a 202 is followed by GETs
//	                of its Location until 200 (WEB), at an undocumented
//	                interval (azure-docs#93190): [Runner.Poll], unless turnOffAsync (WEB, FD);
//	                whether the polls authenticate is undocumented: they do not here; one
//	                minute for each answer (WEB); any other code than 2xx fails, and whether the message has
//	                the body is unverified: [Runner.BareErrors]
//	WebHook         POST only, Content-Type and body required, callBackUri is added to
//	                the body, an answer within a minute that is no failure, then it waits
//	                for a POST of JSON to the URI, else TimedOut (WH); with
//	                reportStatusOnCallBack, StatusCode >= 400 fails it with Error (WH);
//	                a 202 with Location is polled in addition (unverified)
//	Until           until its expression holds (FD); whether it fails with its activities
//	                then is undocumented: [Runner.Forgiving]
//	Fail, If, Wait  as their names say
//	retry           a failed activity runs again, policy.retry times
//	the end         a pipeline fails if one of its last activities did; for one that
//	                was skipped, those before it count (OUT)
//
// # Not guaranteed
//
// Activities run one after another, so parallel branches are not tried. Time-outs
// of whole activities are the caller's context. Intervals are the caller's: tests
// cannot wait for half a minute.
package pipeline
