package district

import "fmt"

// LinkAccount gives a person a messenger account, in place of the one they had. The account is
// a positive number and is not checked against other people's: two of them may link the same.
func (f *Files) LinkAccount(person string, account int64) error {
	user, err := f.user(person)
	if err != nil {
		return err
	}
	if account <= 0 {
		return fmt.Errorf("user %q cannot be linked: give a positive messenger account", person)
	}
	f.unlink(user)
	f.addProfile(user, user.Get(colPrimaryOrg), account)
	return nil
}

// Unlink takes a person's messenger accounts away.
func (f *Files) Unlink(person string) error {
	user, err := f.user(person)
	if err != nil {
		return err
	}
	f.unlink(user)
	return nil
}

// NewAccount gives a messenger account that belongs to nobody in the district.
func (f *Files) NewAccount() int64 {
	f.people++
	return accountOf(f.people)
}

func (f *Files) unlink(user *Row) {
	t := f.UserProfiles()
	for _, profile := range t.Find(colUser, user.ID()) {
		if profile.Get(colApplication) == application {
			t.Delete(profile)
		}
	}
	dropUserID(user, application)
}
