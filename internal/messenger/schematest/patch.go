package schematest

import (
	"fmt"
	"maps"
	"slices"
)

// spoken are the paths that Rollcall speaks, and those that people do by hand in a sandbox. The rest is dropped:
// GET /chats has been gone since June 2026, and /chats/{chatLink} is not to be told from /chats/{chatId}.
var spoken = []string{
	"/me", "/chats/{chatId}", "/chats/{chatId}/members", "/chats/{chatId}/members/me", "/chats/{chatId}/members/admins",
	"/chats/{chatId}/members/admins/{userId}", "/chats/{chatId}/pin", "/messages", "/subscriptions", "/updates",
}

// refusals are the statuses that 0.0.33 may refuse any call with. The schema names them here and there only.
var refusals = []string{"400", "401", "403", "404", "429", "500", "503"}

type object = map[string]any

// patch mends what a validator cannot read in the vendor's schema, and what has changed since 0.0.32.
func patch(doc object) error {
	schemas, err := at(doc, "components", "schemas")
	if err != nil {
		return err
	}
	paths, err := at(doc, "paths")
	if err != nil {
		return err
	}
	// The token was in the query once.
	doc["security"] = []any{object{"token": []any{}}}
	doc["components"].(object)["securitySchemes"] = object{"token": object{"type": "apiKey", "in": "header", "name": "Authorization"}}
	delete(doc, "servers") // whatever host a test's server has

	maps.DeleteFunc(paths, func(path string, _ any) bool { return !slices.Contains(spoken, path) })
	for _, path := range spoken {
		if err := refusing(paths, path); err != nil {
			return err
		}
	}
	if err := mendParts(schemas); err != nil {
		return err
	}
	mend(doc)
	return nil
}

// refusing lets every call of a path be refused.
func refusing(paths object, path string) error {
	calls, err := at(paths, path)
	if err != nil {
		return err
	}
	for _, call := range calls {
		call, ok := call.(object)
		if !ok || call["responses"] == nil {
			continue
		}
		responses, _ := call["responses"].(object)
		for _, status := range refusals {
			if _, told := responses[status]; !told {
				responses[status] = object{"description": "refused", "content": object{
					"application/json": object{"schema": object{"$ref": "#/components/schemas/Error"}},
				}}
			}
		}
	}
	return nil
}

// mendParts mends what is wrong in one place only.
func mendParts(schemas object) error {
	ids, err := at(schemas, "UserIdsList", "properties")
	if err != nil {
		return err
	}
	// It is written as a parameter, and the bound as a text, of the items.
	ids["user_ids"] = object{
		"type": "array", "uniqueItems": true, "minItems": 1, "maxItems": 100, "items": object{"type": "integer", "format": "int64"},
	}
	body, err := at(schemas, "MessageBody")
	if err != nil {
		return err
	}
	// The link is required and does not exist: it is the message's.
	body["required"] = []any{"mid", "seq", "text", "attachments"}
	// Dialogs and channels are chats too, to a bot that is in them.
	kind, err := at(schemas, "ChatType")
	if err != nil {
		return err
	}
	kind["enum"] = []any{"chat", "dialog", "channel"}
	return nil
}

// mend mends what is wrong all over the schema.
func mend(node any) {
	switch node := node.(type) {
	case []any:
		for _, child := range node {
			mend(child)
		}
	case object:
		mendSchema(node)
		for _, child := range node {
			mend(child)
		}
	}
}

func mendSchema(node object) {
	_, isParameter := node["in"]
	if _, isBool := node["required"].(bool); isBool && !isParameter && node["content"] == nil {
		delete(node, "required") // a parameter's word, put to a property
	}
	if node["in"] == "query" && node["style"] == "simple" {
		node["style"], node["explode"] = "form", false // what a comma-separated list is called
	}
	switch node["type"] {
	case "integer":
		delete(node, "pattern") // said of texts only
		if _, text := node["default"].(string); text {
			delete(node, "default") // "20", and not 20
		}
	case "array":
		if node["items"] == nil {
			node["items"] = object{"type": "string"}
		}
		if node["format"] == "string" {
			delete(node, "format")
		}
	}
	if all, ok := node["allOf"].([]any); ok && node["nullable"] == true {
		// What may be null has to be nullable in each part of allOf, and the parts are not.
		delete(node, "allOf")
		delete(node, "type")
		node["anyOf"] = append(slices.Clone(all), object{"nullable": true, "enum": []any{nil}})
	}
	if mapping, ok := node["mapping"].(object); ok && node["propertyName"] != nil {
		for name, target := range mapping {
			if target, ok := target.(object); ok {
				mapping[name] = target["$ref"] // an object, where a text belongs
			}
		}
	}
}

func at(node object, path ...string) (object, error) {
	for _, name := range path {
		child, ok := node[name].(object)
		if !ok {
			return nil, fmt.Errorf("the schema has no %s", name)
		}
		node = child
	}
	return node, nil
}
