package sandbox

import (
	"context"

	"github.com/rollcall-edu/rollcall/internal/sandbox/max"
	"github.com/rollcall-edu/rollcall/internal/sandbox/traffic"
)

// MaxRegisterBot makes a bot, or changes its token and name.
func (c *Client) MaxRegisterBot(ctx context.Context, r max.Registration) (max.Bot, error) {
	return send[max.Bot](ctx, c, pathMaxBots, r)
}

// MaxSetSwitches changes how MAX treats a bot.
func (c *Client) MaxSetSwitches(ctx context.Context, s max.Switching) (max.Bot, error) {
	return send[max.Bot](ctx, c, pathMaxSwitches, s)
}

// MaxSetAdding says what becomes of a bot's calls that add people.
func (c *Client) MaxSetAdding(ctx context.Context, bot int64, adding max.Adding) (max.Bot, error) {
	return c.MaxSetSwitches(ctx, max.Switching{Bot: bot, Adding: &adding})
}

// MaxSetPerson gives somebody a name, and says how they take being added.
func (c *Client) MaxSetPerson(ctx context.Context, p max.Person) (max.Person, error) {
	return send[max.Person](ctx, c, pathMaxPeople, p)
}

// MaxMakeChat has a person make a chat.
func (c *Client) MaxMakeChat(ctx context.Context, m max.Making) (max.Chat, error) {
	return send[max.Chat](ctx, c, pathMaxChats, m)
}

// MaxAddBot lets a bot into a chat.
func (c *Client) MaxAddBot(ctx context.Context, r max.BotRights) (max.Chat, error) {
	return send[max.Chat](ctx, c, pathMaxBotAdd, r)
}

// MaxSetBotPermissions gives a bot other rights in a chat.
func (c *Client) MaxSetBotPermissions(ctx context.Context, r max.BotRights) (max.Chat, error) {
	return send[max.Chat](ctx, c, pathMaxBotPermissions, r)
}

// MaxRemoveBot turns a bot out of a chat.
func (c *Client) MaxRemoveBot(ctx context.Context, r max.BotRights) (max.Chat, error) {
	return send[max.Chat](ctx, c, pathMaxBotRemove, r)
}

// MaxJoin lets somebody in by a link.
func (c *Client) MaxJoin(ctx context.Context, j max.Joining) (max.Chat, error) {
	return send[max.Chat](ctx, c, pathMaxJoin, j)
}

// MaxAdd lets somebody in whom an admin adds by hand.
func (c *Client) MaxAdd(ctx context.Context, s max.Seat) (max.Chat, error) {
	return send[max.Chat](ctx, c, pathMaxAdd, s)
}

// MaxLeave lets a member go of their own will.
func (c *Client) MaxLeave(ctx context.Context, s max.Seat) (max.Chat, error) {
	return send[max.Chat](ctx, c, pathMaxLeave, s)
}

// MaxKick lets a member be turned out by hand.
func (c *Client) MaxKick(ctx context.Context, k max.Kicking) (max.Chat, error) {
	return send[max.Chat](ctx, c, pathMaxKick, k)
}

// MaxSetAdmin makes a member an admin by hand, or takes that away.
func (c *Client) MaxSetAdmin(ctx context.Context, r max.Rights) (max.Chat, error) {
	return send[max.Chat](ctx, c, pathMaxAdmin, r)
}

// MaxRename gives a chat another title by hand.
func (c *Client) MaxRename(ctx context.Context, r max.Renaming) (max.Chat, error) {
	return send[max.Chat](ctx, c, pathMaxRename, r)
}

// MaxClose has the owner end a chat.
func (c *Client) MaxClose(ctx context.Context, r max.ChatRef) (max.Chat, error) {
	return send[max.Chat](ctx, c, pathMaxClose, r)
}

// MaxState gives all that there is on MAX.
func (c *Client) MaxState(ctx context.Context) (max.State, error) {
	return fetch[max.State](ctx, c, pathMaxState, nil)
}

// MaxLog gives the log's entries of MAX after seq since, of one bot or, with 0, of all.
func (c *Client) MaxLog(ctx context.Context, since, bot int64) ([]traffic.Entry, error) {
	return fetch[[]traffic.Entry](ctx, c, pathMaxLog, numbers{"since": since, "bot": bot})
}

// MaxFault puts a fault in force for one of MAX's calls, by the vendor's name, e.g. getMembers, or * for any; its GroupID is
// a bot, its ErrorCode an HTTP status.
func (c *Client) MaxFault(ctx context.Context, call string, f traffic.Fault) error {
	f.Method = max.MethodPrefix + call
	return c.AddFault(ctx, f)
}
