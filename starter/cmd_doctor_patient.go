package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/samber/lo"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/messenger/connect"
	"github.com/rollcall-edu/rollcall/internal/secret"
	"github.com/rollcall-edu/rollcall/internal/store"
	"github.com/rollcall-edu/rollcall/internal/trouble"
)

// patient is the deployment that is examined. What an examination finds, those that need it use.
type patient struct {
	app *app
	now func() time.Time

	// settings are what could be read, also where something is wrong with others.
	settings config.Config
	misset   error
	keys     *secret.Keyring
	keyless  error
	// beside gives the build of the worker program that belongs to this one, "" where there is none.
	beside func() (string, error)

	store *store.Store
	// ahead is by how much the database's clock is ahead of ours.
	ahead     time.Duration
	client    client.Client
	namespace string
	build     string
}

func newPatient(a *app) *patient {
	d := &patient{app: a, now: a.now, beside: buildBeside}
	d.settings, d.misset = a.settings()
	d.keys, d.keyless = a.keys()
	return d
}

func (d *patient) close() {
	if d.store != nil {
		d.store.Close()
	}
	if d.client != nil {
		d.client.Close()
	}
}

// examinations are all there are, in the order in which they are shown.
func (d *patient) examinations() []examination {
	keyset := examination{"keyset", []string{"migrations"}, d.tryKeyset}
	switch {
	case d.keyless != nil && errors.Is(d.keyless, d.misset):
		keyset.needs = []string{"configuration"}
	case d.keyless != nil:
		keyset = examination{"keyset", nil, d.noKeyset}
	}
	return []examination{
		{"configuration", nil, d.tryConfiguration},
		{"database", nil, d.tryDatabase},
		{"migrations", []string{"database"}, d.tryMigrations},
		{"clock", []string{"database"}, d.tryClock},
		keyset,
		{"temporal", nil, d.tryTemporal},
		{"namespace", []string{"temporal"}, d.tryNamespace},
		{"search-attributes", []string{"namespace"}, d.trySearchAttributes},
		{"build", []string{"namespace"}, d.tryBuild},
		{"workers", []string{"build"}, d.tryWorkers},
		{"schedules", []string{"migrations", "namespace"}, d.trySchedules},
		{"lanes", []string{"migrations", "namespace"}, d.tryLanes},
		{"feeds", []string{"migrations"}, d.tryFeeds},
		{"schools", []string{"migrations"}, d.trySchools},
		{"outbox", []string{"migrations"}, d.tryOutbox},
		d.portalExamination(),
		{"events", nil, d.tryEvents},
	}
}

func (d *patient) tryConfiguration(context.Context) finding {
	if d.misset != nil {
		return wrong("%s; see all settings with: rollcall config", strings.TrimPrefix(d.misset.Error(), "configuration: "))
	}
	if _, err := connect.New(d.settings); err != nil {
		return wrong("%s", err)
	}
	if warnings := d.settings.Warnings(); len(warnings) > 0 {
		return doubtful("%s", strings.Join(warnings, "; "))
	}
	return well("the settings can be meant; see them with: rollcall config")
}

// troubled is what an error makes of an examination. Whoever gave no answer in time is said to have given
// none.
func troubled(err error) finding {
	_, late := errors.AsType[*serviceerror.DeadlineExceeded](err)
	if explained := trouble.Explain(err); !late && !errors.Is(err, context.DeadlineExceeded) || explained != strings.TrimSpace(err.Error()) {
		return wrong("%s", explained)
	}
	return wrong("no answer within %s: look whether it is overloaded, and try again", doctorTimeout)
}

// some names a few of many.
func some[T ~string](ids []T) string {
	const named = 3
	few := strings.Join(lo.Map(ids[:min(named, len(ids))], func(id T, _ int) string { return string(id) }), ", ")
	if more := len(ids) - named; more > 0 {
		return fmt.Sprintf("%s and %d more", few, more)
	}
	return few
}

// counted puts a number before a word: "1 school", "2 schools".
func counted(n int, word string) string {
	return fmt.Sprintf("%d %s%s", n, word, lo.Ternary(n == 1, "", "s"))
}
