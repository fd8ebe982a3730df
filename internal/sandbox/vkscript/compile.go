package vkscript

import (
	"fmt"
	"slices"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
	"github.com/dop251/goja/token"
	"github.com/dop251/goja/unistring"
)

// methods are what VKScript lets call on arrays and strings.
var methods = []string{
	"indexOf", "pop", "push", "shift", "slice", "splice", "split", "substr", "unshift",
}

var binaryOperators = []token.Token{
	token.PLUS, token.MINUS, token.MULTIPLY, token.SLASH, token.REMAINDER,
	token.EQUAL, token.NOT_EQUAL, token.LESS, token.GREATER, token.LESS_OR_EQUAL, token.GREATER_OR_EQUAL,
	token.LOGICAL_AND, token.LOGICAL_OR,
}

// compile checks that the code is VKScript and turns it into a program: member reads and API
// calls become calls to the helpers.
func compile(code string) (*goja.Program, error) {
	program, err := parser.ParseFile(nil, "code", "(function(){\n"+code+"\n})()", 0, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, &CompileError{err.Error()}
	}
	body, err := bodyOf(program)
	if err != nil {
		return nil, err
	}
	c := compiler{known: map[unistring.String]bool{"parseInt": true, "parseDouble": true}}
	for _, declared := range body.DeclarationList {
		for _, binding := range declared.List {
			if name, ok := binding.Target.(*ast.Identifier); ok {
				c.known[name.Name] = true
			}
		}
	}
	c.statements(body.Body.List)
	if c.err != nil {
		return nil, c.err
	}
	compiled, err := goja.CompileAST(program, false)
	if err != nil {
		return nil, &CompileError{err.Error()}
	}
	return compiled, nil
}

// bodyOf takes the wrapping off again. Code that closes the wrapping itself is refused.
func bodyOf(program *ast.Program) (*ast.FunctionLiteral, error) {
	if len(program.Body) == 1 {
		if statement, ok := program.Body[0].(*ast.ExpressionStatement); ok {
			if call, ok := statement.Expression.(*ast.CallExpression); ok {
				if body, ok := call.Callee.(*ast.FunctionLiteral); ok {
					return body, nil
				}
			}
		}
	}
	return nil, &CompileError{"unexpected '}'"}
}

// compiler rewrites a tree in place. Its first error stands; what is rewritten after it is not used.
type compiler struct {
	known map[unistring.String]bool
	err   error
}

func (c *compiler) refuse(format string, args ...any) {
	if c.err == nil {
		c.err = &CompileError{fmt.Sprintf(format, args...)}
	}
}

func (c *compiler) statements(list []ast.Statement) {
	for _, s := range list {
		c.statement(s)
	}
}

func (c *compiler) statement(s ast.Statement) {
	switch s := s.(type) {
	case nil, *ast.EmptyStatement:
	case *ast.BlockStatement:
		c.statements(s.List)
	case *ast.ExpressionStatement:
		s.Expression = c.expression(s.Expression)
	case *ast.ReturnStatement:
		s.Argument = c.expression(s.Argument)
	case *ast.IfStatement:
		s.Test = c.expression(s.Test)
		c.statement(s.Consequent)
		c.statement(s.Alternate)
	case *ast.WhileStatement:
		s.Test = c.expression(s.Test)
		c.statement(s.Body)
	case *ast.VariableStatement:
		for _, binding := range s.List {
			if _, ok := binding.Target.(*ast.Identifier); !ok {
				c.refuse("unexpected pattern after 'var'")
			}
			binding.Initializer = c.expression(binding.Initializer)
		}
	default:
		c.refuse("unexpected statement at %d", s.Idx0())
	}
}

func (c *compiler) expression(e ast.Expression) ast.Expression {
	switch e := e.(type) {
	case nil:
		return nil
	case *ast.NullLiteral, *ast.BooleanLiteral, *ast.NumberLiteral, *ast.StringLiteral:
	case *ast.Identifier:
		if !c.known[e.Name] {
			c.refuse("unknown variable '%s'", e.Name)
		}
	case *ast.ArrayLiteral:
		c.expressions(e.Value)
	case *ast.ObjectLiteral:
		c.properties(e.Value)
	case *ast.BinaryExpression:
		if !slices.Contains(binaryOperators, e.Operator) {
			c.refuse("unexpected '%s'", e.Operator)
		}
		e.Left, e.Right = c.expression(e.Left), c.expression(e.Right)
	case *ast.UnaryExpression:
		c.unary(e)
	case *ast.ConditionalExpression:
		e.Test, e.Consequent, e.Alternate = c.expression(e.Test), c.expression(e.Consequent), c.expression(e.Alternate)
	case *ast.AssignExpression:
		if e.Operator != token.ASSIGN {
			c.refuse("unexpected '%s='", e.Operator)
		}
		c.place(e.Left)
		e.Right = c.expression(e.Right)
	case *ast.DotExpression:
		return help(memberHelper, c.expression(e.Left), text(e.Identifier.Name, e))
	case *ast.BracketExpression:
		return help(memberHelper, c.expression(e.Left), c.expression(e.Member))
	case *ast.CallExpression:
		return c.call(e)
	default:
		c.refuse("unexpected expression at %d", e.Idx0())
	}
	return e
}

func (c *compiler) expressions(list []ast.Expression) {
	for i := range list {
		if list[i] == nil {
			c.refuse("unexpected ','")
		}
		list[i] = c.expression(list[i])
	}
}

func (c *compiler) properties(list []ast.Property) {
	for _, p := range list {
		keyed, ok := p.(*ast.PropertyKeyed)
		if !ok || keyed.Computed || keyed.Kind != ast.PropertyKindValue {
			c.refuse("unexpected property at %d", p.Idx0())
			return
		}
		keyed.Value = c.expression(keyed.Value)
	}
}

func (c *compiler) unary(e *ast.UnaryExpression) {
	switch e.Operator {
	case token.NOT, token.MINUS, token.PLUS:
		e.Operand = c.expression(e.Operand)
	case token.DELETE:
		c.place(e.Operand)
	default:
		c.refuse("unexpected '%s'", e.Operator)
	}
}

// place is what can be assigned to, or deleted.
func (c *compiler) place(e ast.Expression) {
	switch e := e.(type) {
	case *ast.Identifier:
		c.expression(e)
	case *ast.DotExpression:
		e.Left = c.expression(e.Left)
	case *ast.BracketExpression:
		e.Left, e.Member = c.expression(e.Left), c.expression(e.Member)
	default:
		c.refuse("unexpected expression at %d", e.Idx0())
	}
}

func (c *compiler) call(e *ast.CallExpression) ast.Expression {
	c.expressions(e.ArgumentList)
	switch callee := e.Callee.(type) {
	case *ast.Identifier:
		if callee.Name != "parseInt" && callee.Name != "parseDouble" {
			c.refuse("unknown function '%s'", callee.Name)
		}
	case *ast.DotExpression:
		if method, ok := apiMethod(callee); ok {
			return help(callHelper, append([]ast.Expression{text(method, callee)}, e.ArgumentList...)...)
		}
		if !slices.Contains(methods, callee.Identifier.Name.String()) {
			c.refuse("unknown method '%s'", callee.Identifier.Name)
		}
		callee.Left = c.expression(callee.Left)
	default:
		c.refuse("unexpected '('")
	}
	return e
}

// apiMethod recognises API.execute and API.messages.send.
func apiMethod(e *ast.DotExpression) (unistring.String, bool) {
	switch left := e.Left.(type) {
	case *ast.Identifier:
		return e.Identifier.Name, left.Name == "API"
	case *ast.DotExpression:
		if root, ok := left.Left.(*ast.Identifier); ok && root.Name == "API" {
			return left.Identifier.Name + "." + e.Identifier.Name, true
		}
	}
	return "", false
}

func help(helper unistring.String, args ...ast.Expression) ast.Expression {
	at := args[0].Idx0()
	return &ast.CallExpression{
		Callee:           &ast.Identifier{Name: helper, Idx: at},
		LeftParenthesis:  at,
		ArgumentList:     args,
		RightParenthesis: at,
	}
}

func text(s unistring.String, at ast.Expression) ast.Expression {
	return &ast.StringLiteral{Idx: at.Idx0(), Value: s}
}
