package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/messenger/connect"
	"github.com/rollcall-edu/rollcall/internal/portal"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

const (
	trialTimeout = 20 * time.Second
	// clockLimit is how far the clocks may be apart.
	clockLimit = time.Minute
)

// trial tries what a school's passes rely on.
type trial struct {
	*schoolWay
	userToken userTokenView
	settings  config.Config
	// callback tells that the school's events come by callback.
	callback bool
	// shared is why the Portal cannot tell the school from another, nil if it can.
	shared *portal.Error
	now    func() time.Time

	// clocks are by how much other clocks are ahead of ours.
	clocks []otherClock
}

type otherClock struct {
	whose string
	ahead time.Duration
}

func newTrial(ctx context.Context, st *store.Store, id school.ID, c config.Config, now func() time.Time) (*trial, error) {
	row, err := st.School(ctx, id)
	if err != nil {
		return nil, err
	}
	way, err := newSchoolWay(ctx, st, row, c)
	if err != nil {
		return nil, err
	}
	token, refused, err := st.UserToken(ctx, id)
	if err != nil {
		return nil, err
	}
	t := &trial{schoolWay: way, userToken: viewUserToken(token, refused), settings: c, now: now}
	if _, t.callback, err = st.EventWays(ctx, id); err != nil {
		return nil, err
	}
	if _, err := st.Organisation(ctx, id); err != nil && !errors.As(err, &t.shared) {
		return nil, err
	}
	return t, nil
}

// run tries one thing after the other. What relies on something that is wrong is not tried.
func (t *trial) run(ctx context.Context) []check {
	defer t.close()
	reached := t.reach(ctx)
	checks := []check{t.proxyCheck(reached), reached}
	if t.trouble != nil {
		checks[1] = check{"messenger", checkUntried, "nothing is sent around the proxy"}
	}
	if checks[1].State == checkOK {
		token, rights := t.tokenChecks(ctx)
		checks = append(checks, token, rights)
		if t.callback && t.school.Messenger == messenger.MAX && token.State == checkOK {
			checks = append(checks, t.callbackCheck(ctx))
		}
	} else {
		checks = append(checks, noMessenger("token"), noMessenger("rights"))
	}
	portal := t.portalCheck(ctx)
	clock := t.clockCheck()
	if len(t.clocks) == 0 && checks[1].State != checkOK {
		clock = noMessenger("clock")
	}
	return append(checks, clock, portal, t.userTokenCheck())
}

func noMessenger(name string) check {
	return check{name, checkUntried, "it needs an answer of the messenger"}
}

// reach asks for the messenger's front page: any answer but one of trouble will do.
func (t *trial) reach(ctx context.Context) check {
	result := func(state checkState, format string, args ...any) check {
		return check{"messenger", state, fmt.Sprintf(format, args...)}
	}
	if err := t.gate.Pass(ctx); err != nil {
		return result(checkUntried, "%s", gateWords(err))
	}
	base := t.messengers.Address(t.school.Messenger)
	host := base
	if u, err := url.Parse(base); err == nil {
		host = u.Host
	}
	ctx, cancel := context.WithTimeout(ctx, trialTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base, http.NoBody)
	if err != nil {
		return result(checkFailed, "its address is no URL: correct %s", connect.Setting(t.school.Messenger))
	}
	began := t.now()
	response, err := t.client.Do(request)
	if _, foreign := errors.AsType[x509.UnknownAuthorityError](err); foreign && t.rootMissing() {
		return result(checkFailed, "%s has a certificate that nobody here vouches for: %s", host, nameTheRoot)
	}
	if err != nil {
		return result(checkFailed, "%s does not answer: check this machine's way to the internet, its firewall and its DNS", host)
	}
	_ = response.Body.Close()
	t.compare(response.Header.Get("Date"), began, t.now())
	if response.StatusCode >= http.StatusInternalServerError {
		return result(checkFailed, "%s answers with HTTP %d: try again later", host, response.StatusCode)
	}
	return result(checkOK, "%s answers", host)
}

// compare compares the messenger's time with ours, in the middle of the exchange.
func (t *trial) compare(date string, began, ended time.Time) {
	theirs, err := http.ParseTime(date)
	if err != nil {
		return
	}
	t.clocks = append(t.clocks, otherClock{"the messenger's", theirs.Sub(began.Add(ended.Sub(began) / 2)).Round(time.Second)})
}

func (t *trial) proxyCheck(reached check) check {
	switch {
	case t.proxy == nil:
		return check{"proxy", checkOK, "none is set: the school's requests go directly"}
	case t.trouble != nil:
		return check{"proxy", checkFailed, t.troubleWords()}
	case reached.State == checkUntried:
		return check{"proxy", checkUntried, reached.Message}
	default:
		return check{"proxy", checkOK, t.proxy.Address() + " lets the school's requests through"}
	}
}

func (t *trial) clockCheck() check {
	if len(t.clocks) == 0 {
		return check{"clock", checkWarning, "the messenger does not tell its time: look at this machine's by yourself"}
	}
	whose := func(c otherClock, _ int) string { return c.whose }
	if apart := lo.Filter(t.clocks, func(c otherClock, _ int) bool { return c.ahead.Abs() > clockLimit }); len(apart) > 0 {
		return check{"clock", checkWarning, "this machine's is " + strings.Join(lo.Map(apart, func(c otherClock, _ int) string {
			return fmt.Sprintf("%s %s %s", c.ahead.Abs(), lo.Ternary(c.ahead > 0, "behind", "ahead of"), c.whose)
		}), " and ") + ": have it set by NTP"}
	}
	most := lo.MaxBy(t.clocks, func(a, b otherClock) bool { return a.ahead.Abs() > b.ahead.Abs() })
	return check{"clock", checkOK, fmt.Sprintf("within %s of %s", max(most.ahead.Abs(), time.Second), strings.Join(lo.Map(t.clocks, whose), " and "))}
}

// tokenChecks asks whose the token is and what it may do, which is one request.
func (t *trial) tokenChecks(ctx context.Context) (token, rights check) {
	token, rights = check{Name: "token"}, check{Name: "rights"}
	set := "set it with: rollcall school set-token " + string(t.school.ID)
	if t.community == nil {
		token.State, token.Message = checkFailed, "none is set: get one from the district coordinator; "+set
		rights.State, rights.Message = checkUntried, "it needs a token"
		return token, rights
	}
	community := fmt.Sprintf("%s %d", communityWord(t.school.Messenger), t.community.ID)
	err := t.askWhose(ctx)
	token.State, token.Message = checkOK, "good, and of "+community
	rights.State, rights.Message = checkOK, "it may manage the community's messages"
	if t.school.Messenger == messenger.MAX {
		rights.Message = "MAX gives them chat by chat: where one is missing is said by: rollcall chats " + string(t.school.ID)
	}
	switch messenger.CodeOf(err) {
	case messenger.CodeTokenRefused:
		token.State, token.Message = checkFailed, "the messenger refuses it: get a valid one from the district coordinator; "+set
		rights.State, rights.Message = checkUntried, "it needs a good token"
	case messenger.CodeTokenForeign:
		token.State = checkFailed
		token.Message = fmt.Sprintf("it is of another %s than %d: use the school's own, or correct the id; %s",
			communityWord(t.school.Messenger), t.community.ID, set)
	case messenger.CodeTokenRights:
		token.Message = "the messenger accepts it; whether it is of " + community + " shows once it has its right"
		rights.State, rights.Message = checkFailed, "it may not manage the community's messages: make one with that right; "+set
	default:
		if err != nil {
			token.State, token.Message = checkUntried, t.noAnswer(err)
			rights.State, rights.Message = checkUntried, token.Message
		}
	}
	return token, rights
}
