package adoption

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"regexp"
)

// codeCount is how many codes there are: nine digits are easily read out, and far more than anybody can try, as each
// try is a chat to be made by hand.
const codeCount = 1_000_000_000

// NewCode makes a one-time code, such as 482-913-570.
func NewCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(codeCount))
	if err != nil {
		panic("adoption: the system gives no random numbers: " + err.Error())
	}
	digits := fmt.Sprintf("%09d", n)
	return digits[:3] + "-" + digits[3:6] + "-" + digits[6:]
}

// codeForm finds what may be a code: nine digits in threes, with a hyphen, a dash, a blank or nothing between them, as phones
// and their owners write it; more digits beside them make it another number.
var codeForm = regexp.MustCompile(`(?:^|[^0-9])([0-9]{3})[-‐‑–—\s\x{00A0}]?([0-9]{3})[-‐‑–—\s\x{00A0}]?([0-9]{3})(?:[^0-9]|$)`)

// CodesIn gives the codes in a title, each once, in the order in which they stand.
func CodesIn(title string) []string {
	var codes []string
	seen := map[string]bool{}
	for rest := title; ; {
		at := codeForm.FindStringSubmatchIndex(rest)
		if at == nil {
			return codes
		}
		code := rest[at[2]:at[3]] + "-" + rest[at[4]:at[5]] + "-" + rest[at[6]:at[7]]
		if !seen[code] {
			seen[code] = true
			codes = append(codes, code)
		}
		rest = rest[at[7]:] // what follows the code may be what comes before the next
	}
}
