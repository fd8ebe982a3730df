package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// SetProxy stores the proxy that a school's traffic is to go through, sealed as a whole; nil is none
// any more. If the school has a roster, a pass is asked for. A NotFoundError if the school is not registered.
func (s *Store) SetProxy(ctx context.Context, id school.ID, settings *proxy.Settings) error {
	row, err := s.School(ctx, id)
	if err != nil {
		return err
	}
	var sealed []byte
	if settings != nil {
		if sealed, err = s.sealProxy(id, *settings); err != nil {
			return err
		}
	}
	return s.tx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
			UPDATE communities SET proxy = $2, proxy_set_at = clock_timestamp()
			WHERE school_id = $1 AND ($2::bytea IS NOT NULL OR proxy IS NOT NULL)`, id, sealed)
		if err != nil || row.Snapshot == "" || tag.RowsAffected() == 0 {
			return err
		}
		return want(ctx, tx, row.both(), "event", struct{}{}, false, lo.Ternary(settings == nil, "proxy taken away", "new proxy"))
	})
}

func (s *Store) sealProxy(id school.ID, settings proxy.Settings) ([]byte, error) {
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	encoded, err := settings.Encode()
	if err != nil {
		return nil, err
	}
	return s.seal(encoded, sealedProxy, string(id))
}

// Proxy opens the settings of a school's proxy; nil if it has none. One that does not open is an error, and never
// none: the school's traffic must not go another way. A successor's is that of its school.
func (s *Store) Proxy(ctx context.Context, id school.ID) (*proxy.Settings, error) {
	type row struct {
		School school.ID
		Proxy  []byte
	}
	rows, err := s.pool.Query(ctx, `
		SELECT c.school_id AS school, c.proxy FROM communities c JOIN schools s ON coalesce(s.successor_of, s.id) = c.school_id
		WHERE s.id = $1`, id)
	found, err := one[row](rows, err)
	if err == nil && found == nil {
		err = noSchool(id)
	}
	if err != nil || found.Proxy == nil {
		return nil, err
	}
	plain, err := s.open(found.Proxy, sealedProxy, string(found.School))
	if err != nil {
		return nil, err
	}
	settings, err := proxy.Decode(plain)
	if err != nil {
		return nil, err
	}
	return &settings, nil
}

// ProxiesSetAt tells when the schools' proxies were set, or taken away, last. Schools that never had one are
// absent.
func (s *Store) ProxiesSetAt(ctx context.Context) (map[school.ID]time.Time, error) {
	type row struct {
		School     school.ID
		ProxySetAt time.Time
	}
	rows, err := s.pool.Query(ctx, `
		SELECT s.id AS school, c.proxy_set_at FROM communities c JOIN schools s ON coalesce(s.successor_of, s.id) = c.school_id
		WHERE c.proxy_set_at IS NOT NULL`)
	found, err := all[row](rows, err)
	return lo.SliceToMap(found, func(r row) (school.ID, time.Time) { return r.School, r.ProxySetAt }), err
}
