package vk

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

const (
	testCall = "0a1b2c3d-0000-4000-8000-00000000c411"
	testLink = "https://vk.com/call/join/way-in"
)

// roomsOf gives Rooms at a fake VK.
func roomsOf(t *testing.T, answer func(madeCall) any) (*Rooms, *fakeVK) {
	t.Helper()
	client, fake := setup(t, answer)
	return &Rooms{client: client}, fake
}

func roomsAt(t *testing.T, handler http.HandlerFunc) *Rooms {
	t.Helper()
	return &Rooms{client: clientOf(t, handler)}
}

func TestCallsAreStartedAndFinished(t *testing.T) {
	t.Parallel()
	rooms, fake := roomsOf(t, func(c madeCall) any {
		if c.method == methodStartCall {
			return map[string]any{"call_id": testCall, "join_link": testLink, "ok_join_link": "https://ok.ru/x"}
		}
		return 1
	})
	room, err := rooms.StartCall(t.Context())
	require.NoError(t, err)
	require.Equal(t, messenger.Room{ID: testCall, Link: testLink}, room)
	require.NoError(t, rooms.FinishCall(t.Context(), room.ID))
	require.Equal(t, [][]madeCall{
		{{methodStartCall, map[string]any{"group_id": int64(testGroup)}}},
		{{methodFinishCall, map[string]any{"call_id": testCall}}},
	}, fake.seen())
	require.Equal(t, testToken, fake.form(0).Get("access_token"))
	require.Equal(t, "5.199", fake.form(0).Get("v"))

	err = rooms.FinishCall(t.Context(), "")
	require.Equal(t, bad, messenger.CodeOf(err))
	require.Len(t, fake.seen(), 2)
}

func TestNewRoomsSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := NewRooms(Config{GroupID: testGroup, Gate: openGate()})
	require.ErrorContains(t, err, "a person who manages the community")
	rooms, err := NewRooms(Config{Token: testToken, GroupID: testGroup, Gate: openGate()})
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		require.NotContains(t, fmt.Sprintf(verb, rooms), "SECRET")
	}
}

func TestEveryRequestForARoomPassesTheGate(t *testing.T) {
	t.Parallel()
	fenced := &messenger.Error{Code: messenger.CodeFenced}
	rooms, fake := roomsOf(t, town())
	rooms.client.gate = gateFunc(func(context.Context) error { return fenced })
	_, err := rooms.StartCall(t.Context())
	require.ErrorIs(t, err, fenced)
	require.ErrorIs(t, rooms.FinishCall(t.Context(), testCall), fenced)
	require.Empty(t, fake.seen())
}

// roomMeanings says what each number means for a start and for a finish.
var roomMeanings = map[int][2]messenger.Code{
	1: {away, away}, 3: {rights, rights}, 5: {refused, refused}, 6: {rate, rate}, 7: {rights, rights}, 9: {rate, rate},
	10: {away, away}, 14: {refused, refused}, 15: {rights, rights}, 17: {refused, refused}, 18: {refused, refused},
	20: {rights, rights}, 21: {rights, rights}, 23: {rights, rights}, 24: {refused, refused}, 25: {refused, refused},
	27: {rights, rights}, 28: {refused, refused}, 29: {rate, rate}, 100: {bad, ok}, 104: {bad, ok}, 203: {rights, rights},
	1117: {refused, refused}, 3610: {refused, refused}, 31337: {bad, bad},
}

func TestEveryNumberOfEveryRoom(t *testing.T) {
	t.Parallel()
	for vendor, codes := range roomMeanings {
		inside, _ := roomsOf(t, func(madeCall) any { return vkError(vendor) })
		whole := roomsAt(t, text200(fmt.Sprintf(
			`{"error":{"error_code":%d,"error_msg":"no","request_params":[{"key":"access_token","value":%q}]}}`, vendor, testToken)))
		for _, rooms := range []*Rooms{inside, whole} {
			_, err := rooms.StartCall(t.Context())
			require.Equal(t, codes[0], messenger.CodeOf(err), vendor)
			requireHidden(t, err, "777")
			requireVendor(t, err, vendor)

			err = rooms.FinishCall(t.Context(), testCall)
			if codes[1] == ok {
				require.Equal(t, rooms == inside, err == nil, "of a whole request it is a defect of ours")
				continue
			}
			require.Equal(t, codes[1], messenger.CodeOf(err), vendor)
			requireHidden(t, err, testCall)
			requireVendor(t, err, vendor)
		}
	}
}

func TestRoomsWithoutAWayInAreNoRooms(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"response":[{"join_link":"` + testLink + `"}]}`,
		`{"response":[{"call_id":"` + testCall + `"}]}`,
		`{"response":[{"call_id":"` + testCall + `","join_link":"javascript:way-in"}]}`,
		`{"response":[1]}`, `{"response":[]}`, `<html>`,
	} {
		room, err := roomsAt(t, text200(body)).StartCall(t.Context())
		require.Equal(t, away, messenger.CodeOf(err), body)
		requireHidden(t, err, "way-in")
		require.Zero(t, room)
	}
	require.Equal(t, away, messenger.CodeOf(roomsAt(t, text200(`{"response":[0]}`)).FinishCall(t.Context(), testCall)))
}
