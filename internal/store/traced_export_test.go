package store

// What tests of tracing look into.
var (
	StatementName   = statementName
	StatementTracer = statementTracer
)
