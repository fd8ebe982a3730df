package oneroster

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/school"
)

// Digest is equal for rosters that say the same: 32 hexadecimal digits. Where in a file a fault
// stands does not count, or a row added at the top would make every roster new.
func Digest(r school.Roster) string {
	r.Faults = lo.Map(r.Faults, func(f school.Fault, _ int) school.Fault {
		f.Row = 0
		return f
	})
	text, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("a roster is plain data and can always be written as JSON: %v", err))
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
