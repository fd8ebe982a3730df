package calls

import (
	"fmt"
	"strings"
)

// Text is the message that announces the call: its title, when, and where.
func (i Item) Text() string {
	starts, ends := i.Call.Starts.In(i.zone), i.Call.Ends.In(i.zone)
	until := ends.Format("15:04")
	if starts.Format("02.01.2006") != ends.Format("02.01.2006") {
		until = ends.Format("02.01.2006 15:04")
	}
	return strings.Join([]string{
		"Видеозвонок: " + i.Call.Title,
		fmt.Sprintf("%s–%s", starts.Format("02.01.2006 15:04"), until),
		i.Link(),
	}, "\n")
}
