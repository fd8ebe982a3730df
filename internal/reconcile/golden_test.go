package reconcile

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/internal/school"
)

var update = flag.Bool("update", false, "rewrite the golden plan")

// A week in a school as one plan, byte for byte: what is stored, shown and digested. The
// digest is pinned too, because stored digests are compared with new ones.
func TestGoldenPlan(t *testing.T) {
	t.Parallel()
	b := setup(t)
	aWeek(b)
	golden := filepath.Join("testdata", "plan.json")

	got, err := json.MarshalIndent(b.plan(), "", "  ")
	require.NoError(t, err)
	got = append(got, '\n')
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(golden), 0o755))
		require.NoError(t, os.WriteFile(golden, got, 0o644))
	}

	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
	require.Equal(t, "acc7bbeaaa6e5ee7446366d8a307a23a", b.plan().Digest())
	require.Equal(t, "ac9603e8eb1b9868045c22b05a57763b", b.plan().HoldsDigest())
}

func aWeek(b *bench) {
	b.class("b").CohortID = "x"                                                           // chats under new keys
	b.class("a").Title = "1A (music)"                                                     // renamed
	moveToB(b)                                                                            // a2, groups and all
	b.person("a3").Student.Ended = true                                                   // left school
	b.person("of-a4").Account = 0                                                         // link lost
	b.class("a").Students = without(b.class("a").Students, "a5")                          // without a class
	b.fault(school.FaultNoClass, "a5")                                                    //
	gone(b, "of-b4", "of-b5", "of-b6")                                                    // too many at once
	b.class("a").Teachers = []school.Enrollment{{Person: "math", Primary: true}}          // a new class teacher,
	b.person("teacher-a").Guardian = &school.Guardian{Students: []school.PersonID{"a6"}}  // the former stays as a parent
	b.group("math-a").Teachers = enrolled("art")                                          // replaced by somebody
	b.person("art").Account = 0                                                           // who cannot come yet
	b.come(studentsA, Member{Account: 900, Admin: true})                                  // a stranger
	b.member(parentsB, "of-b2").Admin = true                                              // a right given by hand
	b.member(englishA, "english-2").Admin = false                                         // and one taken
	b.member(artA, "a1").State, b.member(artA, "a6").State = MemberMissing, MemberMissing // went
	b.member(artA, "a6").PutBack = true                                                   // again
	b.chat("subject:2026:english-b").State = ChatGone                                     // no access
}

func TestDigests(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.person("of-a2").Account = 0
	p := b.plan()

	require.Regexp(t, "^[0-9a-f]{32}$", p.Digest())
	require.Regexp(t, "^[0-9a-f]{32}$", p.HoldsDigest())
	require.True(t, p.Work(""), "a new hold is work")
	require.False(t, p.Work(p.HoldsDigest()), "the same holds are none")
	require.Empty(t, Plan{}.HoldsDigest(), "nothing held has no digest")
	require.True(t, Plan{}.Work(p.HoldsDigest()), "a hold that dissolved is work")
	require.False(t, Plan{}.Work(""))
	require.True(t, Plan{Notes: []Note{{}}}.Work(""))
	require.True(t, Plan{Rekeys: []Rekey{{}}}.Work(""))
	require.True(t, Plan{Operations: []Operation{{}}}.Work(""))
}
