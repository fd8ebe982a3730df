package rest

import (
	"context"
	"net/http"
	"time"
)

// Account is what a key sees of an organisation.
type Account struct {
	// Name is the organisation's, as the Portal has it.
	Name string
	// Clock is our clock minus the Portal's: positive where ours is ahead.
	Clock time.Duration
}

// Check tells whether the key is good and the organisation known, and how far the clocks are apart.
func (c *Client) Check(ctx context.Context, organisation string) (Account, error) {
	var body struct {
		Organisation string    `json:"organisation"`
		Name         string    `json:"name"`
		Time         time.Time `json:"time"`
	}
	asked := c.now()
	if err := c.get(ctx, request{act: actCheck, path: []string{organisation}}, &body); err != nil {
		return Account{}, err
	}
	if body.Organisation != organisation || body.Time.Unix() <= 0 {
		return Account{}, senseless(actCheck, http.StatusOK)
	}
	// The Portal looked at its clock about half-way between question and answer.
	halfway := asked.Add(c.now().Sub(asked) / 2)
	return Account{Name: body.Name, Clock: halfway.Sub(body.Time)}, nil
}
