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

// refusalRest is how long a person whom the messenger refused is left alone.
const refusalRest = 24 * time.Hour

// AskForChats records that the messenger is about to be asked to make these chats: from now
// on they may exist, whatever comes back.
func (s *Store) AskForChats(ctx context.Context, ids []int64) error {
	_, err := s.pool.Exec(ctx, `UPDATE chats SET asked_at = now() WHERE id = ANY($1) AND asked_at IS NULL`, ids)
	return err
}

// Effects collects what messenger calls brought about, to be recorded as one act: the
// mirror and the plan's operations never disagree.
type Effects struct {
	store *Store
	batch pgx.Batch
	// links are apart: one that cannot be sealed or written takes nothing else with it.
	links pgx.Batch
	err   error
}

// NewEffects begins an empty collection.
func (s *Store) NewEffects() *Effects { return &Effects{store: s} }

// Record writes the collected effects. All but links stand also where there is an error about a link.
func (e *Effects) Record(ctx context.Context) error {
	for _, batch := range []*pgx.Batch{&e.batch, &e.links} {
		if batch.Len() == 0 {
			continue
		}
		if err := e.store.tx(ctx, func(tx pgx.Tx) error { return sendBatch(ctx, tx, batch) }); err != nil {
			return err
		}
	}
	return e.err
}

// ChatMade: the messenger has made the chat, still under its nonce.
func (e *Effects) ChatMade(chat int64, ref messenger.ChatRef) {
	e.batch.Queue(`UPDATE chats SET state = 'live', ref = $2, title = nonce, problem = NULL, verified_at = now() WHERE id = $1`, chat, ref)
}

// LinkRead: the chat's invite link is known. An empty one is ignored.
func (e *Effects) LinkRead(chat int64, link string) {
	if link == "" {
		return
	}
	sealed, err := e.store.seal([]byte(link), sealedLink, itoa(chat))
	if err != nil {
		e.err = err
		return
	}
	e.links.Queue(`UPDATE chats SET link = $2 WHERE id = $1`, chat, sealed)
}

// TitleSet: the chat has this title now.
func (e *Effects) TitleSet(chat int64, title string) {
	e.batch.Queue(`UPDATE chats SET title = $2 WHERE id = $1`, chat, title)
}

// ChatTrouble: the messenger gives no access to the chat, or (an empty code) gives it again.
func (e *Effects) ChatTrouble(chat int64, code messenger.Code) {
	e.batch.Queue(`UPDATE chats SET state = $2, problem = nullif($3, ''), verified_at = NULL WHERE id = $1`,
		chat, lo.Ternary(code == "", reconcile.ChatLive, reconcile.ChatGone), string(code))
}

// RightsAre: these are the rights that the community needs in the chat and does not have.
func (e *Effects) RightsAre(chat int64, lacks []messenger.Right) {
	e.batch.Queue(`UPDATE chats SET lacks = $2 WHERE id = $1`, chat, lo.Ternary(lacks == nil, []messenger.Right{}, lacks))
}

// ChatsVerified: the chats have been read just now.
func (e *Effects) ChatsVerified(chats []int64) {
	e.batch.Queue(`UPDATE chats SET verified_at = now() WHERE id = ANY($1)`, chats)
}

// MemberIs: the person's account is in this state in the chat. The operation gives person and
// grounds; putBack tells that the person was brought back after going.
func (e *Effects) MemberIs(chat int64, state reconcile.MemberState, o reconcile.Operation, putBack bool) {
	e.batch.Queue(`
		INSERT INTO chat_members (chat_id, account, person_id, reasons, state, put_back) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (chat_id, account) DO UPDATE SET person_id = excluded.person_id, reasons = excluded.reasons,
			state = excluded.state, admin = CASE WHEN excluded.state = 'present' THEN chat_members.admin ELSE false END,
			put_back = chat_members.put_back OR excluded.put_back, problem = NULL, retry_at = NULL, since = now()`,
		chat, o.Account, o.Person, lo.Ternary(o.Reasons == nil, []chats.Reason{}, o.Reasons), state, putBack)
}

// MemberRefused: the messenger did not let the person be added; not tried again for a day.
func (e *Effects) MemberRefused(chat int64, o reconcile.Operation, code messenger.Code) {
	e.MemberIs(chat, reconcile.MemberRefused, o, false)
	e.batch.Queue(`UPDATE chat_members SET problem = $3, retry_at = now() + $4 WHERE chat_id = $1 AND account = $2`,
		chat, o.Account, string(code), refusalRest)
}

// MemberSeen: an account is in the chat that was not known to be.
func (e *Effects) MemberSeen(chat int64, m messenger.Member) {
	e.batch.Queue(`
		INSERT INTO chat_members (chat_id, account, state, admin, owner) VALUES ($1, $2, 'present', $3, $4)
		ON CONFLICT (chat_id, account) DO UPDATE SET state = 'present', admin = excluded.admin, owner = excluded.owner, problem = NULL, retry_at = NULL,
			since = CASE WHEN chat_members.state = 'present' THEN chat_members.since ELSE now() END`,
		chat, m.Account, m.Admin, m.Owner)
}

// MemberWent: an account is no longer in the chat, and not by our doing.
func (e *Effects) MemberWent(chat int64, account school.AccountID) {
	e.batch.Queue(`
		UPDATE chat_members SET state = 'missing', admin = false, owner = false, since = now() WHERE chat_id = $1 AND account = $2`, chat, account)
}

// MemberRemoved: an account was turned out.
func (e *Effects) MemberRemoved(chat int64, account school.AccountID) {
	e.batch.Queue(`DELETE FROM chat_members WHERE chat_id = $1 AND account = $2`, chat, account)
}

// AdminIs: an account has, or has not, admin rights.
func (e *Effects) AdminIs(chat int64, account school.AccountID, admin bool) {
	e.batch.Queue(`UPDATE chat_members SET admin = $3 WHERE chat_id = $1 AND account = $2`, chat, account, admin)
}

// Operation: an operation of a plan has ended.
func (e *Effects) Operation(plan int64, seq int, state OperationState, code messenger.Code) {
	e.batch.Queue(`
		UPDATE plan_operations SET state = $3, code = nullif($4, ''), done_at = now() WHERE plan_id = $1 AND seq = $2`,
		plan, seq, state, string(code))
}
