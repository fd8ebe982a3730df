package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/rollcall-edu/rollcall/internal/events"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/max"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// setEventsMAX chooses in which of its two ways MAX tells of a school's events. While a bot has a callback, its polls
// give nothing.
func setEventsMAX(ctx context.Context, a *app, st *store.Store, row store.SchoolRow, o setEventsOptions) error {
	_, callback, err := st.EventWays(ctx, row.ID)
	if err != nil {
		return err
	}
	switch {
	case o.confirmation != "":
		return usagef("school %s is on MAX, which has no address confirmed: give --address in place of --confirmation", row.ID)
	case o.callback && o.longPoll == "on":
		return usagef("MAX tells in one way alone: give either --callback or --long-poll on")
	case o.longPoll == "off" && !o.callback && (!callback || o.callbackGiven):
		return usagef("school %s is on MAX, where nothing but events tells that the bot was let into a chat: "+
			"long poll ends with --callback --address URL", row.ID)
	case o.callback:
		err = beginCallbackMAX(ctx, a, st, row, o.address)
	case o.longPoll == "on" || o.callbackGiven:
		if callback || o.callbackGiven {
			err = endCallbackMAX(ctx, a, st, row)
		}
		if err == nil {
			err = st.SetLongPoll(ctx, row.ID, true)
		}
	}
	if err != nil {
		return err
	}
	return showEvents(ctx, a, st, row)
}

// beginCallbackMAX has MAX send events to the endpoint. The secret is stored first, so that what comes at once is
// taken. Where MAX refuses the address, it is as it was before; where its answer was lost it may have taken it, and the new
// secret stays, which does no harm: long poll stays on as well, and goes on if MAX has no address.
func beginCallbackMAX(ctx context.Context, a *app, st *store.Store, row store.SchoolRow, base string) error {
	if !row.TokenSet {
		return usagef("school %s has no bot yet: give its id and token first with: rollcall school set-token %s", row.ID, row.ID)
	}
	bot, err := connectMAX(ctx, a, st, row)
	if err != nil {
		return err
	}
	defer bot.close()
	if !takenByMAX(base) && (bot.messengers.MAXURL == "" || !takenByStandIn(base)) {
		return usagef("--address must be an https URL on port 443: MAX sends events to no other")
	}
	before, err := st.Callback(ctx, row.ID)
	if err != nil {
		return err
	}
	secret := rand.Text()
	if err := st.SetCallback(ctx, row.ID, "", secret); err != nil {
		return err
	}
	address := strings.TrimRight(base, "/") + events.MAXPath(row.ID)
	if err := bot.Subscribe(ctx, address, secret); err != nil {
		if !isRefusal(err) {
			return bot.unanswered(err)
		}
		was := ""
		if before != nil {
			was = before.Secret
		}
		if err := st.SetCallback(context.WithoutCancel(ctx), row.ID, "", was); err != nil {
			return err
		}
		return bot.failed(err)
	}
	if err := bot.unsubscribe(ctx, row, address); err != nil {
		return err
	}
	return st.SetLongPoll(ctx, row.ID, false)
}

// isRefusal tells whether MAX has said that it does not do what it was asked for. Whatever is worth another try says nothing
// of what has become of this one.
func isRefusal(err error) bool {
	refusal, ok := errors.AsType[*messenger.Error](err)
	return ok && refusal.Scope() != messenger.ScopeRetry
}

// takenByMAX tells whether MAX itself, and not a stand-in alone, sends events to an address.
func takenByMAX(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && (u.Port() == "" || u.Port() == "443")
}

// takenByStandIn tells whether a stand-in sends events to an address: to any port, and by http on this machine alone.
func takenByStandIn(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// endCallbackMAX has MAX send no more events.
func endCallbackMAX(ctx context.Context, a *app, st *store.Store, row store.SchoolRow) error {
	if row.TokenSet {
		sealed, err := a.openSealed(ctx)
		if err != nil {
			return err
		}
		defer sealed.Close()
		bot, err := connectMAX(ctx, a, sealed, row)
		if err != nil {
			return err
		}
		defer bot.close()
		if err := bot.unsubscribe(ctx, row, ""); err != nil {
			return err
		}
	}
	return st.SetCallback(ctx, row.ID, "", "")
}

// botMAX is a school's bot, reached from this machine.
type botMAX struct {
	*schoolWay
	*max.Client
}

func connectMAX(ctx context.Context, a *app, st *store.Store, row store.SchoolRow) (*botMAX, error) {
	settings, err := a.settings()
	if err != nil {
		return nil, &usageError{err}
	}
	way, err := newSchoolWay(ctx, st, row, settings)
	if err != nil {
		return nil, err
	}
	client, err := way.messengers.MAX(way.access())
	if err != nil {
		return nil, &usageError{err}
	}
	return &botMAX{way, client}, nil
}

// unsubscribe ends the school's callbacks, under whatever host, but for one address.
func (b *botMAX) unsubscribe(ctx context.Context, row store.SchoolRow, but string) error {
	addresses, err := b.Subscriptions(ctx)
	if err != nil {
		return b.failed(err)
	}
	for _, address := range addresses {
		if address == but || !leadsTo(address, row.ID) {
			continue
		}
		if err := b.Unsubscribe(ctx, address); err != nil {
			return b.failed(err)
		}
	}
	return nil
}

// leadsTo tells whether an address is that of a school's callback, on whatever host.
func leadsTo(address string, id school.ID) bool {
	return strings.HasSuffix(address, events.MAXPath(id))
}

// callbackCheck asks whether MAX still has the address: it drops one that gave no good answer for 8 hours.
func (t *trial) callbackCheck(ctx context.Context) check {
	client, err := t.messengers.MAX(t.access())
	if err != nil {
		return check{"events", checkUntried, t.noAnswer(err)}
	}
	addresses, err := client.Subscriptions(ctx)
	if err != nil {
		return check{"events", checkUntried, t.noAnswer(err)}
	}
	for _, address := range addresses {
		if leadsTo(address, t.school.ID) {
			return check{"events", checkOK, "MAX sends them to " + clean(address)}
		}
	}
	return check{"events", checkFailed, "MAX has dropped the address, as it does after 8 hours without a good answer: give it again with: " +
		"rollcall school set-events " + string(t.school.ID) + " --callback --address URL"}
}

// failed says why MAX did not do what it was asked for.
func (b *botMAX) failed(err error) error {
	if b.trouble != nil {
		return fmt.Errorf("MAX was not reached: %s", b.troubleWords())
	}
	if words, known := messengerWords[messenger.CodeOf(err)]; known {
		return fmt.Errorf("MAX did not do it: %s", words)
	}
	return fmt.Errorf("MAX did not do it: %w; %s", err, b.advice())
}

// unanswered says that MAX may have taken an address, or not.
func (b *botMAX) unanswered(err error) error {
	if b.trouble != nil {
		err = errors.New(b.troubleWords())
	}
	return fmt.Errorf("MAX gave no answer, and may have taken the address: %w; the secret that was made for it is kept: %s", err, b.advice())
}

func (b *botMAX) advice() string {
	hint := ""
	if b.rootMissing() && b.trouble == nil {
		hint = "; its certificates may not be known here: " + nameTheRoot
	}
	return fmt.Sprintf("try again, or look with: rollcall school check %s%s", b.school.ID, hint)
}
