package max

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/messenger"
)

func TestAMessageIsNotSentTwice(t *testing.T) {
	t.Parallel()
	now := time.Now().UnixMilli()
	const hour = int64(time.Hour / time.Millisecond)
	own := said("mid.old", testBot, now-hour/2, "Урок в 9:00")
	tests := map[string]struct {
		there []object
		want  messenger.MessageRef
	}{
		"nothing there":       {[]object{}, "mid.new"},
		"it is there":         {[]object{said("mid.5", 5, now, "Ура"), own}, "mid.old"},
		"it is there, tidied": {[]object{said("mid.old", testBot, now, " Урок в 9:00\n")}, "mid.old"},
		"somebody else's":     {[]object{said("mid.old", 5, now, "Урок в 9:00")}, "mid.new"},
		"another text":        {[]object{said("mid.old", testBot, now, "Урок в 10:00")}, "mid.new"},
		"a picture":           {[]object{said("mid.old", testBot, now, nil)}, "mid.new"},
		"of the day before":   {[]object{said("mid.old", testBot, now-hour-1000, "Урок в 9:00")}, "mid.new"},
		"a clock ahead":       {[]object{said("mid.old", testBot, now+hour, "Урок в 9:00")}, "mid.old"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, fake := setup(t, table(map[string]any{
				latest: object{"messages": tt.there}, sent: object{"message": said("mid.new", testBot, now, "Урок в 9:00")},
			}))
			replies, err := do(t, client, say("Урок в 9:00"))
			require.NoError(t, err)
			require.NoError(t, replies[0].Err)
			require.Equal(t, tt.want, replies[0].Message)
			require.Len(t, fake.lines(), map[messenger.MessageRef]int{"mid.old": 1, "mid.new": 2}[tt.want])
		})
	}
}

func TestAfterALostReplyTheMessageIsFound(t *testing.T) {
	t.Parallel()
	there := []object{}
	client, fake := wrong(t, func(a asked) any {
		if a.line() == latest {
			return object{"messages": there}
		}
		there = append(there, said("mid.1", testBot, time.Now().UnixMilli(), a.body["text"]))
		return cut{}
	})
	_, err := do(t, client, say("Урок"))
	require.Equal(t, away, messenger.CodeOf(err))
	replies, err := do(t, client, say("Урок"))
	require.NoError(t, err)
	require.Equal(t, messenger.MessageRef("mid.1"), replies[0].Message)
	require.Equal(t, []string{latest, sent, latest}, fake.lines())
}

func TestAMessageIsOfAsManyCharactersAsMAXTakes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ы", messenger.MaxText)
	client, fake := setup(t, table(map[string]any{latest: nobody, sent: object{"message": said("mid.1", testBot, 1, long)}}))
	_, err := do(t, client, say(long))
	require.NoError(t, err)
	require.Equal(t, long, fake.body(1)["text"])
}
