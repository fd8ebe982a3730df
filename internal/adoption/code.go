package adoption

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"github.com/samber/lo"
)

// codeCount is how many codes there are: more than anybody can try by giving a chat one title after another.
const codeCount = 1_000_000_000_000

// NewCode makes a one-time code, such as 482-913-570-264.
func NewCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(codeCount))
	if err != nil {
		panic("adoption: the system gives no random numbers: " + err.Error())
	}
	digits := fmt.Sprintf("%012d", n)
	return digits[:3] + "-" + digits[3:6] + "-" + digits[6:9] + "-" + digits[9:]
}

// codeForm is what may be a code: twelve digits in threes, with a hyphen, a dash, a blank or nothing between them, as phones
// and their owners write it.
var codeForm = regexp.MustCompile(`^([0-9]{3})[-‐‑–—\s\x{00A0}]?([0-9]{3})[-‐‑–—\s\x{00A0}]?([0-9]{3})[-‐‑–—\s\x{00A0}]?([0-9]{3})(?:[^0-9]|$)`)

// CodesIn gives what may be a code in a title, each once, in the order in which they stand. They may overlap: where a school's number
// stands before its code, only who knows the codes can tell which digits are meant. A longer number has none in it.
func CodesIn(title string) []string {
	var codes []string
	for at := range len(title) {
		if at > 0 && isDigit(title[at-1]) {
			continue
		}
		if found := codeForm.FindStringSubmatch(title[at:]); found != nil {
			codes = append(codes, strings.Join(found[1:], "-"))
		}
	}
	if codes == nil {
		return nil
	}
	return lo.Uniq(codes)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
