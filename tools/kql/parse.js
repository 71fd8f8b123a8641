// Parses Kusto queries with Microsoft's language service. One JSON string a line comes in; one
// line goes out for each: {errors, columns, members, equal}.
//
//   errors    of syntax and of names: tables, columns, functions
//   columns   of the result, name to type
//   members   of dynamic values that the query reads: "line.event"
//   equal     the literals that a member must equal: {"line.event": ["sweep.done"]}
'use strict';
require('@kusto/language-service-next/bridge.min');
require('@kusto/language-service-next/Kusto.Language.Bridge.min');

const { KustoCode, GlobalState, Symbols, Syntax } = Kusto.Language;
const { ScalarTypes: type } = Symbols;

// The table traces as the queries of a workspace-based Application Insights resource have it:
// https://learn.microsoft.com/azure/azure-monitor/reference/tables/apptraces (documented),
// columns by their classic names.
const traces = {
  timestamp: type.DateTime, message: type.String, severityLevel: type.Int, itemType: type.String,
  customDimensions: type.Dynamic, customMeasurements: type.Dynamic,
  operation_Name: type.String, operation_Id: type.String, operation_ParentId: type.String,
  cloud_RoleName: type.String, cloud_RoleInstance: type.String, appName: type.String, itemCount: type.Int,
};
const columns = Object.entries(traces).map(([name, t]) => new Symbols.ColumnSymbol(name, t));
const table = new Symbols.TableSymbol.$ctor4('traces', columns);
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor('app', [table]));

const text = (node) => node.toString().trim();

// member names what an expression reads of a dynamic value, also inside tostring() or toint().
function member(node) {
  if (node instanceof Syntax.FunctionCallExpression && node.ArgumentList.Expressions.Count === 1) {
    return member(node.ArgumentList.Expressions.getItem(0).Element$1);
  }
  if (node instanceof Syntax.PathExpression) return `${text(node.Expression)}.${text(node.Selector)}`;
  if (node instanceof Syntax.ElementExpression) return text(node); // line["event"]: no query needs it
  return undefined;
}

// literals of ==, and of in (...).
function literals(node) {
  const right = node.Right.Expressions ? Bridge.toArray(node.Right.Expressions).map((e) => e.Element$1) : [node.Right];
  return /^(==|in)$/.test(text(node.Operator)) ? right.filter((e) => e.IsLiteral).map((e) => String(e.LiteralValue)) : [];
}

function parse(query) {
  const code = KustoCode.ParseAndAnalyze(query, globals);
  const found = { errors: [], columns: {}, members: new Set(), equal: {} };
  for (const d of Bridge.toArray(code.GetDiagnostics())) {
    found.errors.push(`${d.Code}: ${d.Message} (at ${JSON.stringify(query.substr(d.Start, 20))})`);
  }
  if (!code.ResultType || !code.ResultType.Columns) found.errors.push('the query has no result');
  else for (const c of Bridge.toArray(code.ResultType.Columns)) found.columns[c.Name] = c.Type.Name;
  Syntax.SyntaxElement.WalkNodes(code.Syntax, (node) => {
    if (node instanceof Syntax.PathExpression || node instanceof Syntax.ElementExpression) found.members.add(member(node));
    const of = node.Left && member(node.Left);
    if (of) (found.equal[of] ||= []).push(...literals(node));
  });
  return { ...found, members: [...found.members] };
}

require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => console.log(JSON.stringify(parse(JSON.parse(line)))));
