package deploy

import (
	"errors"
	"regexp"
)

// reference is a variable in the file: $$ is a dollar sign, ${NAME} its value, ${NAME:-other} another where it
// is not set or empty, ${NAME:+other} another where it is. Anything else with a dollar sign is not for us.
var reference = regexp.MustCompile(`\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:[-+])([^${}]*))?\})?`)

// interpolate puts the variables in, as docker compose does.
func interpolate(text string, variables map[string]string) (string, error) {
	var problem error
	text = reference.ReplaceAllStringFunc(text, func(found string) string {
		part := reference.FindStringSubmatch(found)
		value := variables[part[1]]
		switch {
		case found == "$$":
			return "$"
		case part[1] == "":
			problem = errors.New("a dollar sign that begins no variable: write $$, ${NAME}, ${NAME:-…} or ${NAME:+…}")
			return found
		case part[2] == ":-" && value == "", part[2] == ":+" && value != "":
			return part[3]
		case part[2] == ":+":
			return ""
		default:
			return value
		}
	})
	return text, problem
}
