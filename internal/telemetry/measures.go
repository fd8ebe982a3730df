package telemetry

import (
	"context"
	"os"
	"slices"

	"github.com/samber/lo"
	"go.opentelemetry.io/otel/metric"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// Measures is how a district stands. Ages are in seconds, nil where there is nothing that could have
// one. Of a school that is paused nothing is expected: only Schools, Paused and the outbox count it.
type Measures struct {
	District school.DistrictID
	// Schools counts those with a token; of these are Paused, those whose schedule somebody has let rest,
	// Unasked, those that are off in a district without a nightly, and what follows up to LinksUnread.
	Schools, Paused, Unasked int
	// FreshnessAge is that of the school which was not gone through for longest.
	FreshnessAge *float64
	// StaleHours and StaleDay count schools that have missed two of their own times, some hours, or nights, apart.
	StaleHours, StaleDay int
	// Troubled counts schools whose last pass failed, TokensRefused those whose token the messenger
	// refuses.
	Troubled, TokensRefused int
	// LinksAge is that of the account links that were read longest ago, LinksUnread of those that cannot be
	// read any more.
	LinksAge, LinksUnread *float64
	// Holds counts what waits for somebody's word.
	Holds int
	// Outbox counts the requests that wait in the outbox, OutboxAge is that of the oldest.
	Outbox    int
	OutboxAge *float64
	// FeedAge is that of the feed whose last accepted reading is longest ago, FeedsTroubled counts feeds
	// whose last reading was not accepted; feeds that some school has which is not paused.
	FeedAge       *float64
	FeedsTroubled int
	// SweepsRunning counts sweeps that have not ended, SweepAge is the time since the last one ended,
	// SweepOverdue since the first nightly that should have come after it: 0 before that, nil where there
	// is no nightly.
	SweepsRunning          int
	SweepAge, SweepOverdue *float64
}

type gauge struct {
	instrument metric.Float64ObservableGauge
	options    []metric.ObserveOption
	of         func(Measures) *float64
}

// Observe has the measures read whenever metrics are collected, and not otherwise. Read gives nil in a
// process that is not the one to tell, and what is empty and not nil where there is no district.
func Observe(read func(context.Context) ([]Measures, error)) (stop func() error, err error) {
	gauges := measured()
	told := must(meter.Float64ObservableGauge("rollcall.districts", metric.WithUnit("{district}"), metric.WithDescription("Districts.")))
	instruments := []metric.Observable{told}
	for _, g := range gauges {
		instruments = append(instruments, g.instrument)
	}
	registration, err := meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		districts, err := read(ctx)
		if districts != nil {
			o.ObserveFloat64(told, float64(len(districts)))
		}
		for _, d := range districts {
			for _, g := range gauges {
				if value := g.of(d); value != nil {
					o.ObserveFloat64(g.instrument, *value, slices.Concat(g.options, []metric.ObserveOption{with(labelDistrict, string(d.District))})...)
				}
			}
		}
		return err
	}, instruments...)
	if err != nil {
		return nil, err
	}
	return registration.Unregister, nil
}

// measured are the gauges, with what each shows.
func measured() []gauge {
	number := func(of func(Measures) int) func(Measures) *float64 {
		return func(m Measures) *float64 {
			n := float64(of(m))
			return &n
		}
	}
	g := func(name, unit, description string, of func(Measures) *float64) gauge {
		return gauge{
			instrument: must(meter.Float64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(description))), of: of,
		}
	}
	kinds := func(name, unit, description string, of map[string]func(Measures) int) []gauge {
		instrument := must(meter.Float64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(description)))
		return lo.MapToSlice(of, func(kind string, of func(Measures) int) gauge {
			return gauge{instrument: instrument, options: []metric.ObserveOption{with(labelKind, kind)}, of: number(of)}
		})
	}
	return slices.Concat([]gauge{
		g("rollcall.schools", "{school}", "Schools with a token.", number(func(m Measures) int { return m.Schools })),
		g("rollcall.freshness.age", "s", "Time since the school that was not gone through for longest was.", func(m Measures) *float64 { return m.FreshnessAge }),
		g("rollcall.lanes.troubled", "{school}", "Schools whose last pass failed.", number(func(m Measures) int { return m.Troubled })),
		g("rollcall.tokens.refused", "{school}", "Schools whose token the messenger refuses.", number(func(m Measures) int { return m.TokensRefused })),
		g("rollcall.links.age", "s", "Time since the account links were read that were read longest ago.", ofLinks(func(m Measures) *float64 { return m.LinksAge })),
		g("rollcall.links.unread", "s", "How long the account links were not read that cannot be read for longest.", ofLinks(func(m Measures) *float64 { return m.LinksUnread })),
		g("rollcall.holds", "{hold}", "What waits for somebody's word.", number(func(m Measures) int { return m.Holds })),
		g("rollcall.outbox.requests", "{request}", "Requests that wait in the outbox.", number(func(m Measures) int { return m.Outbox })),
		g("rollcall.outbox.age", "s", "Age of the request that has waited longest in the outbox.", func(m Measures) *float64 { return m.OutboxAge }),
		g("rollcall.feed.age", "s", "Time since the feed was accepted that was accepted longest ago.", func(m Measures) *float64 { return m.FeedAge }),
		g("rollcall.feeds.troubled", "{feed}", "Feeds whose last reading was not accepted.", number(func(m Measures) int { return m.FeedsTroubled })),
		g("rollcall.sweeps.running", "{sweep}", "Sweeps over districts that have not ended.", number(func(m Measures) int { return m.SweepsRunning })),
		g("rollcall.sweep.age", "s", "Time since the last sweep over the district ended.", func(m Measures) *float64 { return m.SweepAge }),
		g("rollcall.sweep.overdue", "s", "Time since the nightly sweep should have come, 0 before that.", func(m Measures) *float64 { return m.SweepOverdue }),
	}, kinds("rollcall.schools.resting", "{school}", "Schools with a token that no clock asks for, because they are paused, or are off without a nightly.", map[string]func(Measures) int{
		"paused": func(m Measures) int { return m.Paused }, "unasked": func(m Measures) int { return m.Unasked },
	}), kinds("rollcall.freshness.stale", "{school}", "Schools that have missed two of their own times, hours or nights apart.", map[string]func(Measures) int{
		"hours": func(m Measures) int { return m.StaleHours }, "day": func(m Measures) int { return m.StaleDay },
	}))
}

// ofLinks shows nothing where account links come from nowhere, any more or yet: then the times at which they
// were read mean nothing.
func ofLinks(of func(Measures) *float64) func(Measures) *float64 {
	return func(m Measures) *float64 {
		if os.Getenv(config.EnvPortalURL) == "" && os.Getenv(config.EnvLinksFile) == "" {
			return nil
		}
		return of(m)
	}
}
