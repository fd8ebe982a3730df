package main

import (
	"strings"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/events"
)

// showPush shows a new secret and how a shell makes a push with it.
func showPush(p *page, whose, secret, purpose, example string) {
	p.line("the secret of %s, which is not shown again: %s", whose, secret)
	p.gap()
	p.line("To %s, with the secret in SECRET and the endpoint (%s) at URL:", purpose, config.EnvEventsAddress)
	p.gap()
	for line := range strings.Lines(example) {
		p.line("  %s", strings.TrimRight(line, "\n"))
	}
}

// pushExample is a push as a shell makes it. The body is JSON without single quotes, "" for none.
func pushExample(path, body string) string {
	given, signed, sent := "", `'%s.' "$now"`, ""
	if body != "" {
		given = "body='" + body + "'\n"
		signed = `'%s.%s' "$now" "$body"`
		sent = ` --data-binary "$body" -H 'Content-Type: application/json'`
	}
	return given + `now=$(date +%s)
signature=$(printf ` + signed + ` | openssl dgst -sha256 -hmac "$SECRET" -r | cut -d ' ' -f 1)
curl -sS --fail-with-body -X POST "$URL` + path + `"` + sent + ` \
  -H "` + events.HeaderTimestamp + `: $now" -H "` + events.HeaderSignature + `: sha256=$signature"
`
}
