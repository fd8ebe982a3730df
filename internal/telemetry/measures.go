package telemetry

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/metric"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// Measures is how a district stands. Ages are in seconds, nil where there is nothing that could have
// one.
type Measures struct {
	District school.DistrictID
	// Schools counts those with a token; the next four are of these.
	Schools int
	// FreshnessAge is that of the school which was not gone through for longest; StaleHour and StaleDay
	// count schools for which it is more than an hour, and than a day.
	FreshnessAge        *float64
	StaleHour, StaleDay int
	// Troubled counts schools whose last pass failed, TokensRefused those whose token the messenger
	// refuses.
	Troubled, TokensRefused int
	// LinksAge is that of the account links that were read longest ago.
	LinksAge *float64
	// Holds counts what waits for somebody's word.
	Holds int
	// Outbox counts the requests that wait in the outbox, OutboxAge is that of the oldest.
	Outbox    int
	OutboxAge *float64
	// FeedAge is that of the feed whose last accepted reading is longest ago, FeedsTroubled counts feeds
	// whose last reading was not accepted.
	FeedAge       *float64
	FeedsTroubled int
	// SweepsRunning counts sweeps that have not ended, SweepAge is the time since the last one ended.
	SweepsRunning int
	SweepAge      *float64
}

type gauge struct {
	instrument metric.Float64ObservableGauge
	options    []metric.ObserveOption
	of         func(Measures) *float64
}

// Observe has the measures read whenever metrics are collected, and not otherwise. Read gives nothing in a
// process that is not the one to tell.
func Observe(read func(context.Context) ([]Measures, error)) (stop func() error, err error) {
	gauges := measured()
	instruments := make([]metric.Observable, len(gauges))
	for i, g := range gauges {
		instruments[i] = g.instrument
	}
	registration, err := meter.RegisterCallback(func(ctx context.Context, o metric.Observer) error {
		districts, err := read(ctx)
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
	stale := must(meter.Float64ObservableGauge("rollcall.freshness.stale", metric.WithUnit("{school}"),
		metric.WithDescription("Schools that were not gone through for longer than kind says.")))
	return []gauge{
		g("rollcall.schools", "{school}", "Schools with a token.", number(func(m Measures) int { return m.Schools })),
		g("rollcall.freshness.age", "s", "Time since the school that was not gone through for longest was.", func(m Measures) *float64 { return m.FreshnessAge }),
		{instrument: stale, options: []metric.ObserveOption{with(labelKind, "hour")}, of: number(func(m Measures) int { return m.StaleHour })},
		{instrument: stale, options: []metric.ObserveOption{with(labelKind, "day")}, of: number(func(m Measures) int { return m.StaleDay })},
		g("rollcall.lanes.troubled", "{school}", "Schools whose last pass failed.", number(func(m Measures) int { return m.Troubled })),
		g("rollcall.tokens.refused", "{school}", "Schools whose token the messenger refuses.", number(func(m Measures) int { return m.TokensRefused })),
		g("rollcall.links.age", "s", "Time since the account links were read that were read longest ago.", func(m Measures) *float64 { return m.LinksAge }),
		g("rollcall.holds", "{hold}", "What waits for somebody's word.", number(func(m Measures) int { return m.Holds })),
		g("rollcall.outbox.requests", "{request}", "Requests that wait in the outbox.", number(func(m Measures) int { return m.Outbox })),
		g("rollcall.outbox.age", "s", "Age of the request that has waited longest in the outbox.", func(m Measures) *float64 { return m.OutboxAge }),
		g("rollcall.feed.age", "s", "Time since the feed was accepted that was accepted longest ago.", func(m Measures) *float64 { return m.FeedAge }),
		g("rollcall.feeds.troubled", "{feed}", "Feeds whose last reading was not accepted.", number(func(m Measures) int { return m.FeedsTroubled })),
		g("rollcall.sweeps.running", "{sweep}", "Sweeps over districts that have not ended.", number(func(m Measures) int { return m.SweepsRunning })),
		g("rollcall.sweep.age", "s", "Time since the last sweep over the district ended.", func(m Measures) *float64 { return m.SweepAge }),
	}
}
