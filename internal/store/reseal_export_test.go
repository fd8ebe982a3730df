package store

import "strings"

// SealedKinds gives the registered columns of sealed values, as "table.column", by the kind of what is in them.
func SealedKinds() map[string]string {
	kinds := map[string]string{}
	for _, c := range sealedColumns {
		kinds[c.kind] = c.table + "." + c.name
	}
	return kinds
}

// ResealAtATime is how many rows are sealed anew at once.
const ResealAtATime = resealAtATime

// SealedKeys gives the keys for which values are sealed, as "table.column,column".
func SealedKeys() []string {
	keys := make([]string, len(sealedColumns))
	for i, c := range sealedColumns {
		keys[i] = c.table + "." + strings.Join(c.key, ",")
	}
	return keys
}
