package calls

import (
	"fmt"
	"strings"
)

// Text is the message that announces the call: its title, when, and where.
func (i Item) Text() string {
	return strings.Join([]string{"Видеозвонок: " + i.Call.Title, i.when(), i.Link()}, "\n")
}

// cancelText says that the call does not take place.
func (i Item) cancelText() string {
	return strings.Join([]string{"Видеозвонок отменён: " + i.Call.Title, i.when()}, "\n")
}

func (i Item) when() string {
	starts, ends := i.Call.Starts.In(i.zone), i.Call.Ends.In(i.zone)
	until := ends.Format("15:04")
	if starts.Format("02.01.2006") != ends.Format("02.01.2006") {
		until = ends.Format("02.01.2006 15:04")
	}
	return fmt.Sprintf("%s–%s", starts.Format("02.01.2006 15:04"), until)
}
