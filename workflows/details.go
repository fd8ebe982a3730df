package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"
)

// details is the report that a run writes about itself while it runs: the Temporal UI shows
// it as the run's current details. It keeps the newest lines.
type details struct {
	title string
	lines []string
}

const detailLines = 24

func newDetails(title string) details { return details{title: title} }

// add appends a line with the time of day and gives it back without the time.
func (d *details) add(ctx workflow.Context, format string, args ...any) string {
	line := fmt.Sprintf(format, args...)
	d.lines = append(d.lines, workflow.Now(ctx).UTC().Format("15:04:05")+" "+line)
	if over := len(d.lines) - detailLines; over > 0 {
		d.lines = d.lines[over:]
	}
	workflow.SetCurrentDetails(ctx, "### "+d.title+"\n\n- "+strings.Join(d.lines, "\n- "))
	return line
}
