package main

import (
	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
)

// The manual's words for «Чаты Сферум», and our own where it has none.
const (
	linksHead   = "Чаты Сферум"
	linksBase   = "База ссылок"
	linksNoData = "Нет данных"
	linksBranch = "Раздел"
)

// linksColumns are the manual's.
func linksColumns() []string {
	return []string{"Название параметра", "Расположение или статус данных", "Условие проверки", "Актуальность проверки", "Предупредительный лимит"}
}

var linksTokenWords = map[tokenState]string{
	tokenUnset:   linksNoData,
	tokenSet:     "задан, не показывается",
	tokenRefused: "задан, но мессенджер его не принимает",
}

// linksBranchWords are the headings that are no class.
var linksBranchWords = map[string]string{
	headSeveral: "Несколько классов",
	headNone:    "Класса нет в контингенте",
}

// linkCheck is what was checked of a chat's link, and how it came out.
type linkCheck string

const (
	linkVerified   linkCheck = "verified"
	linkUnverified linkCheck = "unverified"
	linkUnread     linkCheck = "unread"
	linkNoClass    linkCheck = "no-class"
	linkNoAccess   linkCheck = "no-access"
	linkNoChat     linkCheck = "no-chat"
)

var linkCheckWords = map[linkCheck]string{
	linkVerified:   "ссылка есть, состав проверен",
	linkUnverified: "ссылка есть, состав ещё не проверен",
	linkUnread:     "чат есть, ссылки нет",
	linkNoClass:    "чат есть, класса в контингенте нет",
	linkNoAccess:   "доступа к чату нет",
	linkNoChat:     "чат не создан",
}

// linkAge is how fresh a check is.
type linkAge string

const (
	linkFresh linkAge = "fresh"
	linkStale linkAge = "stale"
	linkNever linkAge = "never"
)

var linkAgeWords = map[linkAge]string{
	linkFresh: "проверено",
	linkStale: "проверка устарела",
	linkNever: "не проверялось",
}

// noLinkWords say by a chat's state why it has no link.
var noLinkWords = map[chatState]string{
	chatLive:    "ссылка ещё не получена",
	chatDormant: "ссылка не получена",
	chatMaking:  "чат создаётся",
	chatAwaited: "чат ещё не создан в мессенджере: rollcall chats ШКОЛА --to-make",
	chatToMake:  "чат будет создан при следующем обмене",
	chatNotYet:  "чат создавать рано",
	chatHeld:    "чат не создаётся без решения оператора",
	chatGone:    "к чату больше нет доступа",
}

var notYetLinkWords = map[chats.NotYet]string{
	chats.NotYetNoStudents:     "в классе нет обучающихся",
	chats.NotYetNoClassTeacher: "в карточке класса нет классного руководителя",
	chats.NotYetNoTeacher:      "не назначен учитель-предметник",
	chats.NotYetNoLinkedMember: "никто из участников не связал учётную запись",
	chats.NotYetLinksUnread:    "связи учётных записей с Портала ещё не прочитаны полностью",
}

var heldLinkWords = map[reconcile.HoldKind]string{
	reconcile.HoldChatGone: "к чату больше нет доступа, заново он создаётся по решению оператора",
	reconcile.HoldNewYear:  "новый учебный год: какой чат продолжается, решает оператор",
}
