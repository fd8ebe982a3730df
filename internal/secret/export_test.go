package secret

import "time"

// At has the keyring take this for the time, from now on.
func (k *Keyring) At(now time.Time) { k.now = func() time.Time { return now } }

// How a keyring follows its file.
const (
	LookEvery = lookEvery
	BlindFor  = blindFor
)
