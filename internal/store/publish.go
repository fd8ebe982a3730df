package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// Shown is a chat that the Portal shows in an organisation.
type Shown struct {
	Organisation string
	Key          chats.Key
}

// PublishedChats gives the digests of the chats that the Portal shows of a school.
func (s *Store) PublishedChats(ctx context.Context, id school.ID) (map[Shown]string, error) {
	type row struct {
		Shown
		Digest string
	}
	found, err := all[row](s.pool.Query(ctx, `SELECT organisation, key, digest FROM published_chats WHERE school_id = $1`, id))
	return lo.SliceToMap(found, func(r row) (Shown, string) { return r.Shown, r.Digest }), err
}

// SetPublished records what the Portal shows of chats; the digest "" is nothing.
func (s *Store) SetPublished(ctx context.Context, id school.ID, digests map[Shown]string) error {
	return s.tx(ctx, func(tx pgx.Tx) error {
		var batch pgx.Batch
		for shown, digest := range digests {
			if digest == "" {
				batch.Queue(`DELETE FROM published_chats WHERE school_id = $1 AND organisation = $2 AND key = $3`, id, shown.Organisation, shown.Key)
				continue
			}
			batch.Queue(`
				INSERT INTO published_chats (school_id, organisation, key, digest) VALUES ($1, $2, $3, $4)
				ON CONFLICT (school_id, organisation, key) DO UPDATE SET digest = excluded.digest, published_at = now()`,
				id, shown.Organisation, shown.Key, digest)
		}
		return sendBatch(ctx, tx, &batch)
	})
}

// Links opens the invite links of a school's chats, by key; chats without one are absent.
func (s *Store) Links(ctx context.Context, id school.ID) (map[chats.Key]string, error) {
	type row struct {
		ID   int64
		Key  chats.Key
		Link []byte
	}
	found, err := all[row](s.pool.Query(ctx, `SELECT id, key, link FROM chats WHERE school_id = $1 AND link IS NOT NULL`, id))
	if err != nil {
		return nil, err
	}
	links := make(map[chats.Key]string, len(found))
	for _, r := range found {
		plain, err := s.open(r.Link, sealedLink, itoa(r.ID))
		if err != nil {
			return nil, err
		}
		links[r.Key] = string(plain)
	}
	return links, nil
}
