package school

import "time"

// CallID names a video call within its school.
type CallID string

// Call is a video call that the school has published for a lesson or an event.
type Call struct {
	ID    CallID `json:"id"`
	Title string `json:"title"`
	// Class is the class or group it is held for; "" where it is for the staff.
	Class ClassID `json:"class,omitempty"`
	// Chat is the type of the chat that it is announced in: students, parents, subject or teachers.
	Chat string `json:"chat"`
	// Teacher is who holds it, "" if unknown.
	Teacher PersonID `json:"teacher,omitempty"`
	// Starts and Ends are when it takes place; the end is the first moment after it.
	Starts time.Time `json:"starts"`
	Ends   time.Time `json:"ends"`
	// Link is the room that the teacher has made, "" where the messenger is to make one.
	Link string `json:"link,omitempty"`
	// Published is when the school published it; the zero time where it does not say.
	Published time.Time `json:"published,omitzero"`
	// Cancelled calls do not take place.
	Cancelled bool `json:"cancelled,omitempty"`
}
