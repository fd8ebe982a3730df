package max

import (
	"math"
	"slices"
	"strconv"

	"github.com/samber/lo"
)

// The vendor's bounds on members, and on the admins of a chat.
const (
	membersPerCall = 100
	usualMembers   = 20
	maxAdmins      = 50
)

// Why somebody could not be added.
const (
	failedPrivacy = "add.participant.privacy"
	failedMissing = "add.participant.not.found"
)

func getMembers(x *exchange, b *bot) (any, error) {
	c, err := x.open(b)
	if err != nil {
		return nil, err
	}
	asked, err := x.numbers("user_ids")
	if err != nil {
		return nil, err
	}
	if x.request.URL.Query().Has("user_ids") {
		if len(asked) > membersPerCall { // *assumed*
			return nil, refuse(codePayload, "user_ids has too many of them")
		}
		found := lo.Filter(c.Members, func(m member, _ int) bool { return slices.Contains(asked, m.ID) })
		return memberList{Members: x.members(c, found)}, nil
	}
	count, err := x.number("count", usualMembers, 1, membersPerCall)
	if err != nil {
		return nil, err
	}
	marker, err := x.number("marker", 0, 0, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	// The marker is the last one's place: whoever comes or goes between two pages moves nobody from one to another.
	rest := lo.Filter(c.Members, func(m member, _ int) bool { return m.Place > marker })
	page := memberList{Members: x.members(c, rest[:min(int(count), len(rest))])}
	if len(rest) > int(count) {
		page.Marker = new(rest[count-1].Place)
	}
	return page, nil
}

func (w *World) members(c *chat, some []member) []memberInfo {
	return lo.Map(some, func(m member, _ int) memberInfo { return w.member(c, m) })
}

// getMembership is answered to a bot that is no admin too.
func getMembership(x *exchange, b *bot) (any, error) {
	c, err := x.known(b)
	if err != nil {
		return nil, err
	}
	m, in := c.find(b.ID)
	if !in || c.Closed {
		return nil, refuse(codeChatDenied, "not in the chat")
	}
	return x.member(c, m), nil
}

func leaveChat(x *exchange, b *bot) (any, error) {
	c, err := x.known(b)
	if err != nil {
		return nil, err
	}
	if _, in := c.find(b.ID); !in || c.Closed {
		return nil, refuse(codeChatDenied, "not in the chat")
	}
	return done, x.exit(c, b.ID, b.ID, false)
}

type userIDs struct {
	Users []int64 `json:"user_ids"`
}

func addMembers(x *exchange, b *bot) (any, error) {
	c, err := x.open(b, AddRemoveMembers)
	if err != nil {
		return nil, err
	}
	var who userIDs
	if err := x.decode(&who); err != nil {
		return nil, err
	}
	if len(who.Users) == 0 || len(who.Users) > membersPerCall || len(lo.Uniq(who.Users)) < len(who.Users) {
		return nil, refuse(codePayload, "user_ids is empty, too long or says something twice")
	}
	if b.Adding == AddingRemoved {
		return nil, refuse(codeDenied, "bots do not add members") // *assumed*
	}
	failed := map[string][]int64{}
	for _, id := range who.Users {
		c := x.state.chats[c.ID]
		if code := x.refusal(c, b, id); code != "" {
			failed[code] = append(failed[code], id)
			continue
		}
		if _, in := c.find(id); in {
			continue // done, *assumed*
		}
		if err := x.enter(c, member{ID: id}, b.ID); err != nil {
			return nil, err
		}
	}
	return failures(failed), nil
}

// failures says who could not be added. It is a success only if nobody failed, *assumed*.
func failures(failed map[string][]int64) modified {
	result := modified{outcome: outcome{Success: len(failed) == 0}}
	for _, code := range []string{failedPrivacy, failedMissing} {
		if users := failed[code]; len(users) > 0 {
			result.Failed = append(result.Failed, users...)
			result.Details = append(result.Details, failure{Code: code, Users: users})
		}
	}
	if !result.Success {
		result.Message = "some could not be added"
	}
	return result
}

// refusal tells why a bot cannot add somebody, "" if it can. That restricted adding fails for each person, and that nobody
// is added who is blocked, is *assumed*.
func (w *World) refusal(c *chat, b *bot, id int64) string {
	switch {
	case id <= 0 || w.state.people[id].Adding == PersonMissing:
		return failedMissing
	case b.Adding == AddingRestricted, w.state.people[id].Adding == PersonRefuses, slices.Contains(c.Blocked, id):
		return failedPrivacy
	}
	return ""
}

// removeMember needs no more than the one permission for an admin too, *assumed*.
func removeMember(x *exchange, b *bot) (any, error) {
	c, err := x.open(b, AddRemoveMembers)
	if err != nil {
		return nil, err
	}
	id, err := x.number("user_id", 0, 1, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	block, err := strconv.ParseBool(lo.CoalesceOrEmpty(x.request.URL.Query().Get("block"), "false"))
	if id == 0 || err != nil {
		return nil, refuse(codePayload, "user_id is not given, or block is neither true nor false")
	}
	if id == c.Owner {
		return nil, refuse(codeDenied, "the owner stays") // *assumed*, the refusal as well as its code
	}
	if _, in := c.find(id); !in {
		return softly("not in the chat"), nil // *assumed*
	}
	return done, x.exit(c, id, b.ID, block)
}

func getAdmins(x *exchange, b *bot) (any, error) {
	c, err := x.open(b)
	if err != nil {
		return nil, err
	}
	return memberList{Members: x.members(c, lo.Filter(c.Members, func(m member, _ int) bool { return m.Admin }))}, nil
}

type adminList struct {
	Admins []struct {
		User        int64        `json:"user_id"`
		Permissions []Permission `json:"permissions"`
	} `json:"admins"`
}

// postAdmins gives rights, to all or nobody, *assumed*. Each list replaces what that person had. A bot may give
// rights that it has not itself, *assumed*.
func postAdmins(x *exchange, b *bot) (any, error) {
	c, err := x.open(b, AddAdmins)
	if err != nil {
		return nil, err
	}
	var list adminList
	if err := x.decode(&list); err != nil {
		return nil, err
	}
	if len(list.Admins) == 0 {
		return nil, refuse(codePayload, "admins is empty")
	}
	row, told := c.edited(x.tick()), []telling(nil)
	for _, a := range list.Admins {
		i := row.index(a.User)
		switch {
		case a.Permissions == nil || !lo.Every(Permissions(), a.Permissions) || len(lo.Uniq(a.Permissions)) < len(a.Permissions):
			return nil, refuse(codePayload, "permissions has none that there is in a chat, or one twice")
		case lo.Some(a.Permissions, []Permission{Write, PinMessage}) && !slices.Contains(a.Permissions, ReadAllMessages):
			return nil, refuse(codePayload, "write and pin_message need read_all_messages") // *assumed* to be refused
		case a.User == c.Owner:
			return nil, refuse(codeDenied, "the owner keeps all rights") // *assumed*
		case i < 0:
			return softly("not in the chat"), nil // *assumed*
		}
		told = append(told, x.grant(row, i, true, a.Permissions, b.ID)...)
	}
	if row.admins() > maxAdmins {
		return softly("there are 50 admins already"), nil // *assumed*
	}
	return done, x.commitTold(row, told...)
}

func deleteAdmin(x *exchange, b *bot) (any, error) {
	c, err := x.open(b, AddAdmins)
	if err != nil {
		return nil, err
	}
	id, err := strconv.ParseInt(x.request.PathValue("user"), 10, 64)
	if err != nil {
		return nil, refuse(codePayload, "the user is no number")
	}
	if id == c.Owner {
		return nil, refuse(codeDenied, "the owner stays an admin") // *assumed*
	}
	i := c.index(id)
	if i < 0 || !c.Members[i].Admin {
		return softly("no admin of the chat"), nil // *assumed*
	}
	row := c.edited(x.tick())
	return done, x.commitTold(row, x.grant(row, i, false, nil, b.ID)...)
}

// enter puts somebody into a chat; by is who brought them, 0 if they came by the link.
func (w *World) enter(c *chat, m member, by int64) error {
	row := c.edited(w.tick())
	row.Came++
	m.Place, m.At = row.Came, row.Moved
	row.Members = append(row.Members, m)
	row.Blocked = lo.Without(row.Blocked, m.ID)
	delete(row.Former, m.ID)
	told := []telling{{to: lo.Without(row.listeners(w), m.ID), kind: UserAdded, update: userAdded{
		inChat: w.inChat(row, UserAdded, m.ID), Inviter: lo.EmptyableToPtr(by),
	}}}
	if _, isBot := w.state.bots[m.ID]; isBot {
		told = append(told, telling{to: []int64{m.ID}, kind: BotAdded, update: w.inChat(row, BotAdded, by)})
	}
	return w.commitTold(row, told...)
}

// exit takes somebody out of a chat; by is who did, or they themselves.
func (w *World) exit(c *chat, id, by int64, block bool) error {
	row := c.edited(w.tick())
	row.Members = slices.DeleteFunc(row.Members, func(m member) bool { return m.ID == id })
	if block {
		row.Blocked = append(row.Blocked, id)
	}
	told := []telling{{to: row.listeners(w), kind: UserRemoved, update: userRemoved{
		inChat: w.inChat(row, UserRemoved, id), Admin: lo.Ternary(by == id, nil, &by),
	}}}
	if _, isBot := w.state.bots[id]; isBot {
		if row.Former == nil {
			row.Former = map[int64]bool{}
		}
		row.Former[id] = by == id
		// It is told where it went by itself too, *assumed*.
		told = append(told, telling{to: []int64{id}, kind: BotRemoved, update: w.inChat(row, BotRemoved, by)})
	}
	return w.commitTold(row, told...)
}

// grant changes the rights of a member in a row, and says what is to be told of that: MAX tells a bot of its own
// rights, and nobody of other people's.
func (w *World) grant(row *chat, i int, admin bool, permissions []Permission, by int64) []telling {
	m := &row.Members[i]
	m.Admin, m.Permissions = admin, slices.Clone(permissions)
	if _, isBot := w.state.bots[m.ID]; !isBot {
		return nil
	}
	return []telling{{to: []int64{m.ID}, kind: BotAdminPermissionsChanged, update: permissionsChanged{
		head: row.head(BotAdminPermissionsChanged), User: by, Bot: m.ID, IsAdmin: admin, Permissions: m.Permissions,
	}}}
}
