package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/portal"
	portalconnect "github.com/rollcall-edu/rollcall/internal/portal/connect"
	"github.com/rollcall-edu/rollcall/internal/portal/rest"
	"github.com/rollcall-edu/rollcall/internal/proxy"
)

// portalCheck asks the Portal what the key sees of the school, in one request.
func (t *trial) portalCheck(ctx context.Context) check {
	result := func(state checkState, format string, args ...any) check {
		return check{"portal", state, fmt.Sprintf(format, args...)}
	}
	way, err := portalconnect.New(t.settings)
	switch {
	case err != nil:
		return result(checkFailed, "%s", err)
	case t.shared != nil && way.GivesLinks():
		return result(checkFailed, "%s: %s", say(portalWords, t.shared.Code).Words, t.shared.Advice)
	case !way.Publishes() && way.GivesLinks():
		return result(checkUnset, "account links come from the file of %s: chats and calls are not published", config.EnvLinksFile)
	case !way.Publishes():
		return result(checkUnset, "no Portal is configured: %s", howToConfigure)
	}
	ctx, cancel := context.WithTimeout(ctx, trialTimeout)
	defer cancel()
	account, err := t.askPortal(ctx, way)
	if trouble, ok := errors.AsType[*proxy.Error](err); ok {
		return result(checkFailed, "%s", trouble)
	}
	if e, ok := errors.AsType[*portal.Error](err); ok {
		return result(checkFailed, "%s: %s", say(portalWords, e.Code).Words, lo.CoalesceOrEmpty(e.Advice, portalAdvice[e.Code]))
	}
	if err != nil {
		return result(checkFailed, "%s", err)
	}
	t.clocks = append(t.clocks, otherClock{"the Portal's", -account.Clock.Round(time.Second)})
	return result(checkOK, "takes the key, and knows %s as «%s»", t.school.Organisation(), clean(account.Name))
}

func (t *trial) askPortal(ctx context.Context, way portalconnect.Portal) (rest.Account, error) {
	client, err := way.Client(t.client)
	if err != nil {
		return rest.Account{}, err
	}
	return client.Check(ctx, t.school.Organisation())
}

// userTokenCheck says how the user token stood last: every call that could try it makes a room.
func (t *trial) userTokenCheck() check {
	if t.school.Messenger == messenger.MAX {
		return check{"user-token", checkUnset, noRooms}
	}
	set := "set one with: rollcall school set-user-token " + string(t.school.ID)
	switch t.userToken.State {
	case tokenUnset:
		return check{"user-token", checkUnset, "video calls without a link of their own get no room; " + set}
	case tokenRefused:
		return check{"user-token", checkFailed, say(userTokenWords, t.userToken.code()).Words + "; " + set}
	default:
		return check{"user-token", checkOK, "set, and was not refused last; it is tried when a room is made"}
	}
}
