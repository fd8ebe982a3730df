package district

import (
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// Everybody has a number, and their messenger account and Portal identity are that number in
// disguise: unlike neighbouring numbers they look nothing alike, yet no two are equal.
const (
	scatter uint32 = 2654435761
	gather  uint32 = 244002641 // scatter's inverse modulo 2^32

	// firstAccount lies above all 32-bit numbers: account ids have 64 bits.
	firstAccount int64 = 5_000_000_000
)

func accountOf(number uint32) int64 { return firstAccount + int64(number*scatter) }

func portalOf(number uint32) string { return fmt.Sprintf("%08x", number*scatter) }

func numberOf(portal string) (uint32, bool) {
	n, err := strconv.ParseUint(portal, 16, 32)
	return uint32(n) * gather, err == nil
}

// lastNumber is the highest number given to anybody.
func lastNumber(f *Files) uint32 {
	last := uint32(0)
	for user := range f.Users().All() {
		if n, ok := numberOf(userID(user, "portal")); ok {
			last = max(last, n)
		}
	}
	return last
}

// accountFormat is where a person's account is written: real exports have all three.
type accountFormat int

const (
	inProfile accountFormat = iota
	inUserIDs
	inBoth
)

func formatOf(number uint32) accountFormat {
	switch number % 10 {
	case 3:
		return inUserIDs
	case 4:
		return inBoth
	default:
		return inProfile
	}
}

// linkAs writes an account for a user who has none.
func (f *Files) linkAs(user *Row, school string, account int64, format accountFormat) {
	if format != inProfile {
		addUserID(user, application, strconv.FormatInt(account, 10))
	}
	if format != inUserIDs {
		f.addProfile(user, school, account)
	}
}

func (f *Files) addProfile(user *Row, school string, account int64) *Row {
	t := f.UserProfiles()
	return t.Append(Values{
		colID:            f.nextID(t, school, kindProfile),
		colUser:          user.ID(),
		"profileType":    "messenger",
		"vendorId":       "vk",
		colApplication:   application,
		"description":    "Учебный профиль Сферум",
		"credentialType": "username",
		colUsername:      strconv.FormatInt(account, 10),
	})
}

// userIDs goes through the {type:id} list of a user.
func userIDs(user *Row) iter.Seq2[string, string] {
	return func(yield func(kind, id string) bool) {
		for entry := range list(user.Get(colUserIDs)) {
			kind, id, _ := strings.Cut(strings.Trim(entry, "{}"), ":")
			if !yield(kind, id) {
				return
			}
		}
	}
}

func userID(user *Row, kind string) string {
	for k, id := range userIDs(user) {
		if k == kind {
			return id
		}
	}
	return ""
}

func addUserID(user *Row, kind, id string) {
	user.Set(colUserIDs, withItem(user.Get(colUserIDs), "{"+kind+":"+id+"}"))
}

func dropUserID(user *Row, kind string) {
	user.Set(colUserIDs, withoutItems(user.Get(colUserIDs), func(entry string) bool {
		return strings.HasPrefix(entry, "{"+kind+":")
	}))
}

// list goes through a list field.
func list(field string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for item := range strings.SplitSeq(field, ",") {
			if item != "" && !yield(item) {
				return
			}
		}
	}
}

func withItem(field, item string) string {
	if field == "" {
		return item
	}
	return field + "," + item
}

func withoutItems(field string, drop func(item string) bool) string {
	kept := ""
	for item := range list(field) {
		if !drop(item) {
			kept = withItem(kept, item)
		}
	}
	return kept
}
