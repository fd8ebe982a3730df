package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// MirrorChat is a chat as the mirror has it.
type MirrorChat struct {
	reconcile.Chat
	ID int64
	// Ref is the messenger's name of the chat, "" until its creation is confirmed.
	Ref messenger.ChatRef
	// Nonce is the title under which the chat is created.
	Nonce string
	// Problem is the code of what is wrong with the chat, "" if nothing is.
	Problem messenger.Code
	// Lacks are rights that the community needs in the chat and does not have.
	Lacks []messenger.Right
	// Code is the one-time code by which a chat is known that a person is to make, "" where none is.
	Code    string
	HasLink bool
	// Asked tells that the messenger was asked to make the chat: it may exist.
	Asked      bool
	VerifiedAt *time.Time
}

// Mirror is what we know of a school's chats.
type Mirror []MirrorChat

// Plain gives the mirror as the reconciler takes it.
func (m Mirror) Plain() []reconcile.Chat {
	return lo.Map(m, func(c MirrorChat, _ int) reconcile.Chat { return c.Chat })
}

// ByKey finds chats by their keys.
func (m Mirror) ByKey() map[chats.Key]*MirrorChat {
	byKey := make(map[chats.Key]*MirrorChat, len(m))
	for i := range m {
		byKey[m[i].Key] = &m[i]
	}
	return byKey
}

// Mirror loads a school's chats, of some types or (none given) of all, sorted by key. A person
// whom the messenger refused long enough ago is left out of the members: to be tried again.
func (s *Store) Mirror(ctx context.Context, id school.ID, types ...chats.Type) (Mirror, error) {
	type chatRow struct {
		ID                                      int64
		Key                                     chats.Key
		Type                                    chats.Type
		ClassID                                 school.ClassID
		Year, Title, Ref, Nonce, Problem, State string
		Code                                    string
		Lacks                                   []messenger.Right
		HasLink, Asked                          bool
		VerifiedAt                              *time.Time
	}
	rows, err := s.pool.Query(ctx, `
		SELECT id, key, type, class_id, year, title, coalesce(ref, '') AS ref, nonce, coalesce(problem, '') AS problem,
			state, coalesce(code, '') AS code, lacks, link IS NOT NULL AS has_link, asked_at IS NOT NULL AS asked, verified_at
		FROM chats WHERE school_id = $1 AND (cardinality($2::text[]) = 0 OR type = ANY($2)) ORDER BY key`, id, typeNames(types))
	found, err := all[chatRow](rows, err)
	if err != nil {
		return nil, err
	}
	mirror := make(Mirror, len(found))
	byID := make(map[int64]*MirrorChat, len(found))
	for i, r := range found {
		mirror[i] = MirrorChat{
			Chat: reconcile.Chat{Key: r.Key, Type: r.Type, Class: r.ClassID, Year: r.Year, State: reconcile.ChatState(r.State), Title: r.Title},
			ID:   r.ID, Ref: messenger.ChatRef(r.Ref), Nonce: r.Nonce, Problem: messenger.Code(r.Problem),
			Lacks: r.Lacks, Code: r.Code, HasLink: r.HasLink, Asked: r.Asked, VerifiedAt: r.VerifiedAt,
		}
		byID[r.ID] = &mirror[i]
	}
	return mirror, s.fillMembers(ctx, id, types, byID)
}

func (s *Store) fillMembers(ctx context.Context, id school.ID, types []chats.Type, byID map[int64]*MirrorChat) error {
	rows, err := s.pool.Query(ctx, `
		SELECT m.chat_id, m.account, m.person_id, m.reasons, m.state, m.admin, m.owner, m.put_back
		FROM chat_members m JOIN chats c ON c.id = m.chat_id
		WHERE c.school_id = $1 AND (cardinality($2::text[]) = 0 OR c.type = ANY($2))
			AND NOT (m.state = 'refused' AND m.retry_at <= now())
		ORDER BY m.chat_id, m.account`, id, typeNames(types))
	if err != nil {
		return err
	}
	var chatID int64
	var m reconcile.Member
	_, err = pgx.ForEachRow(rows, []any{&chatID, &m.Account, &m.Person, &m.Reasons, &m.State, &m.Admin, &m.Owner, &m.PutBack}, func() error {
		if chat := byID[chatID]; chat != nil {
			chat.Members = append(chat.Members, m)
		}
		m.Reasons = nil // the next row must not share this one's slice
		return nil
	})
	return err
}

func typeNames(types []chats.Type) []string {
	return lo.Map(types, func(t chats.Type, _ int) string { return string(t) })
}

// Link opens a chat's invite link, "" if there is none.
func (s *Store) Link(ctx context.Context, chatID int64) (string, error) {
	var sealed []byte
	if err := s.pool.QueryRow(ctx, `SELECT link FROM chats WHERE id = $1`, chatID).Scan(&sealed); err != nil || sealed == nil {
		return "", err
	}
	plain, err := s.open(sealed, sealedLink, itoa(chatID))
	return string(plain), err
}

// Audit records that somebody saw or did what is not for everybody.
func (s *Store) Audit(ctx context.Context, actor, act string, id school.ID, subject string) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO audit (actor, act, school_id, subject) VALUES ($1, $2, $3, $4)`, actor, act, id, subject)
	return err
}
