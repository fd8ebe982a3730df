package rest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/portal"
)

func TestAReadingOfTwoPages(t *testing.T) {
	t.Parallel()
	client, fake := setup(t, func(w http.ResponseWriter, r *http.Request) {
		body := `{"links":[{"identity":"p-1","account":101,"linkedAt":"2026-08-30T13:00:00+03:00"}],"next":"a b&c","total":2,"asOf":"2026-09-01T07:30:00.5Z"}`
		if r.URL.Query().Get("cursor") != "" {
			body = `{"links":[{"identity":"p-2","unlinkedAt":"2026-08-31T10:00:00Z","new":1}],"total":2,"asOf":"2026-09-01T07:30:00.5Z"}`
		}
		text(http.StatusOK, body)(w, r)
	})
	since := time.Date(2026, 8, 30, 3, 0, 0, 7, time.FixedZone("MSK", 3*60*60))
	first, err := client.Page(t.Context(), "sch-1", portal.Query{Since: since})
	require.NoError(t, err)
	last, err := client.Page(t.Context(), "sch-1", portal.Query{Since: since, Cursor: first.Next})
	require.NoError(t, err)
	asOf := testNow.Add(500 * time.Millisecond)
	require.Equal(t, []portal.Page{
		{
			Links: []portal.Link{{Identity: "p-1", Account: 101, At: time.Date(2026, 8, 30, 10, 0, 0, 0, time.UTC)}},
			Next:  "a b&c", Total: 2, AsOf: asOf,
		},
		{Links: []portal.Link{{Identity: "p-2", At: time.Date(2026, 8, 31, 10, 0, 0, 0, time.UTC)}}, Total: 2, AsOf: asOf},
	}, []portal.Page{first, last})
	queries := lo.Map(fake.seen(), func(s seen, _ int) url.Values { return lo.Must(url.Parse(s.uri)).Query() })
	require.Equal(t, []url.Values{
		{"limit": {"500"}, "since": {"2026-08-30T00:00:00.000000007Z"}},
		{"limit": {"500"}, "since": {"2026-08-30T00:00:00.000000007Z"}, "cursor": {"a b&c"}},
	}, queries)
}

func TestPagesThatCannotBeReliedOn(t *testing.T) {
	t.Parallel()
	page := func(links string) string { return `{"links":[` + links + `],"total":1,"asOf":"2026-09-01T07:30:00Z"}` }
	good := page(`{"identity":"p-10077","account":5,"linkedAt":"2026-09-01T07:30:00Z"}`)
	gone := page(`{"identity":"p-10077","unlinkedAt":"2026-09-01T07:30:00Z"}`)
	changes := portal.Query{Since: testNow}
	for name, tt := range map[string]struct {
		query portal.Query
		body  string
		want  portal.Code
	}{
		"good":                      {body: good},
		"unlinked":                  {query: changes, body: gone},
		"nobody":                    {body: strings.Replace(page(""), `"total":1`, `"total":0`, 1)},
		"no list":                   {body: `{"total":0,"asOf":"2026-09-01T07:30:00Z"}`, want: portal.CodeIncomplete},
		"null for a list":           {body: `{"links":null,"total":0,"asOf":"2026-09-01T07:30:00Z"}`, want: portal.CodeIncomplete},
		"no total":                  {body: strings.Replace(good, "total", "sum", 1), want: portal.CodeIncomplete},
		"a negative total":          {body: strings.Replace(good, `"total":1`, `"total":-1`, 1), want: portal.CodeIncomplete},
		"more than in all":          {body: strings.Replace(good, `"total":1`, `"total":0`, 1), want: portal.CodeIncomplete},
		"no time":                   {body: strings.Replace(good, "asOf", "at", 1), want: portal.CodeIncomplete},
		"a time before all":         {body: strings.Replace(good, `"asOf":"2026`, `"asOf":"1926`, 1), want: portal.CodeIncomplete},
		"no account":                {body: page(`{"identity":"p-10077"}`), want: portal.CodeIncomplete},
		"account 0":                 {body: strings.Replace(good, ":5", ":0", 1), want: portal.CodeIncomplete},
		"a community":               {body: strings.Replace(good, ":5", ":-5", 1), want: portal.CodeIncomplete},
		"nobody's":                  {body: strings.Replace(good, "p-10077", "", 1), want: portal.CodeIncomplete},
		"nobody's unlink":           {query: changes, body: strings.Replace(gone, "p-10077", "", 1), want: portal.CodeIncomplete},
		"unlinked where all are":    {body: gone, want: portal.CodeIncomplete},
		"linked and unlinked":       {query: changes, body: strings.Replace(good, "linkedAt", "unlinkedAt", 1), want: portal.CodeIncomplete},
		"followed by itself":        {query: portal.Query{Cursor: "c"}, body: strings.Replace(good, `"total"`, `"next":"c","total"`, 1), want: portal.CodeIncomplete},
		"an account in words":       {body: strings.Replace(good, ":5", `:"5"`, 1), want: portal.CodeUnavailable},
		"a time that is none":       {body: strings.Replace(good, `"asOf":"2026-09-01T`, `"asOf":"`, 1), want: portal.CodeUnavailable},
		"half a page":               {body: good[:40], want: portal.CodeUnavailable},
		"a page of another service": {body: "<html>", want: portal.CodeUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := setup(t, text(http.StatusOK, tt.body))
			got, err := client.Page(t.Context(), "sch-1", tt.query)
			require.Equal(t, tt.want, portal.CodeOf(err))
			if tt.want != "" {
				requireHidden(t, err)
				require.Zero(t, got)
			}
		})
	}
}
