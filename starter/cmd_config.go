package main

import (
	"context"
	"io"
	"strings"

	"github.com/samber/lo"
	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/config"
)

type configOptions struct{ markdown bool }

func newConfig(a *app) *cobra.Command {
	var o configOptions
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show all settings, with their values in force and where those come from",
		Long: `Shows every setting that the workers and this command know: its value in force,
where that comes from (the default, the environment, or a line of the file that
ROLLCALL_CONFIG names), and what it is for. Passwords and keys are not shown.

The environment's settings count over the file's; one that is set to nothing has
its default. The file has NAME=value lines, with quotes and # comments as in a
shell, and may hold TEMPORAL_* and OTEL_* variables too. Nothing in it is
expanded. No setting is a flag: flags are about one run of one command, and where
a command has one, it wins.

A name that is no setting, a value that cannot be one, and settings that
contradict each other are refused when a program starts. They are all listed
here, with exit code 3. An earlier version may be started with the settings of a
later one: ROLLCALL_ALLOW_UNKNOWN=1 has names that are no setting warned of, and
not refused.`,
		Example: "  rollcall config\n  rollcall config -o json\n  rollcall config --markdown",
		Args:    names(),
		RunE:    a.runs(func(context.Context, []string) error { return runConfig(a, o) }),
	}
	cmd.Flags().BoolVar(&o.markdown, "markdown", false, "the table of all settings as the README has it, without values")
	return cmd
}

func runConfig(a *app, o configOptions) error {
	if o.markdown {
		_, err := io.WriteString(a.out, config.Markdown())
		return err
	}
	reading := config.Read(a.environ())
	if err := a.show(viewConfig(&reading)); err != nil {
		return err
	}
	if err := reading.Err(); err != nil {
		return &usageError{err}
	}
	return nil
}

// configView is the configuration in force.
type configView struct {
	Settings []settingView    `json:"settings"`
	Temporal temporalSettings `json:"temporal"`
	// OpenTelemetry are the names of its variables that are set.
	OpenTelemetry []string `json:"openTelemetry"`
	Problems      []string `json:"problems"`
	Warnings      []string `json:"warnings"`
}

// settingView is a setting with its value in force, without what is secret.
type settingView struct {
	Name    string          `json:"name"`
	Value   string          `json:"value"`
	From    config.From     `json:"from"`
	File    string          `json:"file"`
	Line    int             `json:"line"`
	Secret  bool            `json:"secret"`
	ReadBy  config.Programs `json:"readBy"`
	Meaning string          `json:"meaning"`
	origin  config.Origin
}

func viewConfig(r *config.Reading) configView {
	v := configView{
		Temporal: readTemporalSettings(r), OpenTelemetry: []string{}, Problems: []string{}, Warnings: []string{},
		Settings: lo.Map(r.Values, func(x config.Value, _ int) settingView {
			return settingView{
				Name: x.Name, Value: x.Shown(), From: x.Origin.From, File: x.Origin.File, Line: x.Origin.Line,
				Secret: x.Secret, ReadBy: x.Programs, Meaning: strings.ReplaceAll(x.Meaning, "`", ""), origin: x.Origin,
			}
		}),
	}
	v.Problems = append(v.Problems, r.Problems...)
	v.Warnings = append(v.Warnings, r.Config.Warnings()...)
	for _, variable := range r.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "OTEL_") {
			v.OpenTelemetry = append(v.OpenTelemetry, name)
		}
	}
	return v
}

func (v configView) text(p *page) {
	p.table([]string{"SETTING", "VALUE", "FROM", "READ BY", "MEANING"}, lo.Map(v.Settings, func(s settingView, _ int) []string {
		return []string{s.Name, s.Value, s.origin.String(), string(s.ReadBy), s.Meaning}
	}))
	p.gap()
	p.line("read by Temporal's SDK (TEMPORAL_* variables, and profiles):")
	p.pairs(v.Temporal.pairs())
	p.gap()
	p.line("read by OpenTelemetry (OTEL_* variables): %s", lo.CoalesceOrEmpty(strings.Join(v.OpenTelemetry, ", "), "none is set"))
	section(p, "warnings", v.Warnings)
	section(p, "wrong", v.Problems)
}

// section writes lines under a title, nothing where there are none.
func section(p *page, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	p.gap()
	p.line("%s:", title)
	for _, line := range lines {
		p.line("  %s", line)
	}
}
