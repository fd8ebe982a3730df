package config

import "strings"

// suggestion names the known setting that a wrong name is nearest to, or says where they are listed.
func suggestion(name string) string {
	best, nearest := "", len(name)/2+1
	for _, s := range Registry() {
		wrong, known := name, s.Name
		if rest, ours := strings.CutPrefix(name, prefix); ours { // what all names begin with tells nothing
			wrong, known = rest, strings.TrimPrefix(s.Name, prefix)
		}
		if d := distance(wrong, known); d < nearest && 2*d <= max(len(wrong), len(known)) {
			best, nearest = s.Name, d
		}
	}
	if best == "" {
		return ": see them all with: rollcall config"
	}
	return ": did you mean " + best + "?"
}

// distance is how many letters have to be put in, taken out or replaced to make one word of the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := corner
			if a[i] != b[j] {
				replaced++
			}
			corner = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
