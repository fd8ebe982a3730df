package main

import (
	"context"

	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/internal/store"
)

// schoolItself gives a school that is to have something set or read that a successor has none of its own of: proxy,
// account links, schedule, what belongs to its calls. For a successor it is an error that names the school, and says by act what
// is to be done there, such as "set it".
func schoolItself(ctx context.Context, st *store.Store, id school.ID, act string) (store.SchoolRow, error) {
	row, err := st.School(ctx, id)
	if err == nil && row.SuccessorOf != "" {
		err = usagef("%s is the successor of %s: %s there", id, row.SuccessorOf, act)
	}
	return row, err
}
