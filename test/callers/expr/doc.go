// Package expr evaluates the expression language that Data Factory, Synapse and
// Fabric pipelines share with Logic Apps, as far as the templates in
// integrations/ use it.
//
// Documented: https://learn.microsoft.com/azure/data-factory/control-flow-expression-language-functions
// and https://learn.microsoft.com/azure/logic-apps/workflow-definition-language-functions-reference.
//
//	"@expression"          the value of the expression, of whatever type
//	"text @{expression}"   text with the values in it, always text
//	"@@text"               the text @text
//
// An expression is a literal ('text', a number, true, false, null) or a call,
// followed by any number of .member, ?.member, [index] and ?[index]; a missing
// member is an error, and null after a question mark. Names of functions are not
// case-sensitive; names of members are.
//
// # Not guaranteed
//
// Functions that the templates do not use are unknown here. All arguments are
// evaluated, including those of if() and coalesce(): whether the services do that is
// unverified, so a template must not depend on it.
package expr
