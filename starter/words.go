package main

import (
	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/messenger"
	"github.com/rollcall-edu/rollcall/internal/reconcile"
	"github.com/rollcall-edu/rollcall/internal/school"
	"github.com/rollcall-edu/rollcall/workflows"
)

// coded is a stable code with its words for people.
type coded struct {
	Code  string `json:"code"`
	Words string `json:"words"`
}

// say gives a code its words; a code without words stands for itself.
func say[K ~string](words map[K]string, code K) coded {
	return coded{Code: string(code), Words: lo.CoalesceOrEmpty(words[code], string(code))}
}

func sayAll[K ~string](words map[K]string, codes []K) []coded {
	return lo.Map(codes, func(code K, _ int) coded { return say(words, code) })
}

// chatTypeNames are the field's own names of the chats.
var chatTypeNames = map[chats.Type]string{
	chats.Teachers: "Учительская",
	chats.Parents:  "Родительский чат",
	chats.Students: "Чат учеников",
	chats.Subject:  "Предметный чат",
}

var reasonWords = map[chats.ReasonCode]string{
	chats.ReasonPedagogical:       "pedagogical employee",
	chats.ReasonHead:              "head of the school (an active position of level «Руководитель 1 уровня»)",
	chats.ReasonActingHead:        "acting head («Является ИО руководителя»)",
	chats.ReasonAccessAdmin:       "access role «Администратор»",
	chats.ReasonAccessHead:        "access role «Руководитель»",
	chats.ReasonSiteAdministrator: "access role «Администратор», given as the role siteAdministrator",
	chats.ReasonClassTeacher:      "class teacher by the class card",
	chats.ReasonGuardian:          "guardian",
	chats.ReasonStudent:           "student",
	chats.ReasonSubjectTeacher:    "subject teacher",
}

var whyWords = map[chats.Why]string{
	chats.WhyNotLinked:     "no messenger account is linked",
	chats.WhyDisputed:      "the account is claimed by two people, or the person has two",
	chats.WhyUnknownPerson: "the source refers to somebody it does not describe",
}

var notYetWords = map[chats.NotYet]string{
	chats.NotYetNoStudents:     "the class has no students",
	chats.NotYetNoClassTeacher: "the class has no class teacher",
	chats.NotYetNoTeacher:      "the group has no subject teacher",
	chats.NotYetNoLinkedMember: "nobody who belongs here has a linked account",
	chats.NotYetLinksUnread:    "the Portal's account links have not been read completely yet",
}

var kindWords = map[reconcile.Kind]string{
	reconcile.Ask:     "ask for the chat",
	reconcile.Create:  "make the chat",
	reconcile.Rename:  "give it its title",
	reconcile.Add:     "put in",
	reconcile.Invite:  "invite by the link",
	reconcile.Remove:  "turn out",
	reconcile.Promote: "make admin",
	reconcile.Demote:  "withdraw admin rights",
}

var ruleWords = map[reconcile.Rule]string{
	reconcile.RuleNewChat:         "the roster calls for this chat",
	reconcile.RuleTitle:           "the title does not follow from the roster any more",
	reconcile.RuleEntitled:        "belongs here and was not here before",
	reconcile.RulePutBack:         "belongs here and went missing",
	reconcile.RuleLeft:            "went again after having been put back",
	reconcile.RuleAddDenied:       "the messenger does not let the community add people",
	reconcile.RuleAdmin:           "must be admin here",
	reconcile.RuleNotAdmin:        "is admin without a ground",
	reconcile.RuleStranger:        "was never placed here by the roster",
	reconcile.RuleGone:            "gone from users, roles and enrolments alike",
	reconcile.RuleEnded:           "a status or an end date says that it has ended",
	reconcile.RuleMoved:           "enrolled in another class of the same kind",
	reconcile.RuleDropped:         "dropped this group, all else stands",
	reconcile.RuleReplaced:        "somebody else teaches now",
	reconcile.RuleWithdrawn:       "no longer this student's guardian",
	reconcile.RuleCleared:         "the flag or access role was taken away",
	reconcile.RuleAccountReplaced: "has another messenger account now",
	reconcile.RuleUnlinked:        "the Portal says that the account link was undone",
	reconcile.RuleApproved:        "an operator approved it",
	"":                            "the roster gives no place here any more, and no reason",
}

var holdWords = map[reconcile.HoldKind]string{
	reconcile.HoldBreaker:    "too many removals at once",
	reconcile.HoldFrozen:     "a source fault names the person: mend it first",
	reconcile.HoldNoEvidence: "the roster gives no place any more, and no reason why",
	reconcile.HoldLastAdmin:  "the next admin is not there yet",
	reconcile.HoldChatGone:   "the messenger gives no access to the chat any more",
	reconcile.HoldOwner:      "owns the chat, and only the owner can leave it or hand it on",
	reconcile.HoldNewYear:    "a new school year, and nothing says which chat continues",
}

// chatState is how a chat stands, as it is shown.
type chatState string

const (
	chatLive    chatState = "live"
	chatDormant chatState = "dormant"
	chatMaking  chatState = "being-made"
	chatAwaited chatState = "awaited"
	chatToMake  chatState = "to-make"
	chatNotYet  chatState = "not-yet"
	chatHeld    chatState = "held"
	chatGone    chatState = "gone"
)

var chatStateWords = map[chatState]string{
	chatLive:    "live",
	chatDormant: "without a class",
	chatMaking:  "being made",
	chatAwaited: "a person is to make it: see --to-make",
	chatToMake:  "to be made",
	chatNotYet:  "not yet",
	chatHeld:    "held",
	chatGone:    "gone",
}

// memberState is how somebody stands to a chat, as it is shown.
type memberState string

const (
	memberPresent  memberState = "member"
	memberInvited  memberState = "invited"
	memberLeft     memberState = "left"
	memberRefused  memberState = "refused"
	memberWent     memberState = "went"
	memberToAdd    memberState = "to-add"
	memberMissing  memberState = "missing"
	memberStranger memberState = "stranger"
	memberNoPlace  memberState = "no-place"
)

var memberStateWords = map[memberState]string{
	memberPresent:  "member",
	memberInvited:  "invited",
	memberLeft:     "left",
	memberRefused:  "refused",
	memberWent:     "went",
	memberToAdd:    "not in yet",
	memberMissing:  "missing",
	memberStranger: "stranger",
	memberNoPlace:  "no place here",
}

// memberNotes say more about the states that are not plain.
var memberNotes = map[memberState]string{
	memberInvited: "expected by the invite link",
	memberLeft:    "went, or was turned out, once more after having been put back: only invited",
	memberRefused: "the messenger does not let this person be added: tried again after a day",
	memberWent:    "was here and is not any more",
}

// nextPass says what the next pass does about somebody who is not in a chat and belongs there.
var nextPass = map[reconcile.Kind]string{
	reconcile.Add:    "put in at the next pass",
	reconcile.Invite: "invited by the link at the next pass",
}

var messengerWords = map[messenger.Code]string{
	messenger.CodeTokenRefused: "the messenger refuses the token: set a new one",
	messenger.CodeTokenRights:  "the token lacks a right: set one with messages and community management",
	messenger.CodeChatGone:     "the chat does not exist any more",
	messenger.CodeChatDenied:   "the community has no access to the chat, or is not its admin",
}

// troubleWordsMAX are messengerWords where a bot has the community's part.
var troubleWordsMAX = map[messenger.Code]string{
	messenger.CodeChatDenied: "the bot has no access to the chat, or is not its admin",
}

// sayTrouble says what is wrong with a chat, in its messenger's terms.
func sayTrouble(on messenger.Protocol, code messenger.Code) coded {
	if words := troubleWordsMAX[code]; on == messenger.MAX && words != "" {
		return coded{Code: string(code), Words: words}
	}
	return say(messengerWords, code)
}

// servedWords are what a pass does beside its plans' operations.
var servedWords = map[string]string{
	workflows.ServedChats:         "show chat on the Portal",
	workflows.ServedRooms:         "make room",
	workflows.ServedFinished:      "close room",
	workflows.ServedFarewells:     "say farewell",
	workflows.ServedAnnouncements: "announce call",
	workflows.ServedTakenBack:     "take back announcement",
	workflows.ServedCalls:         "show call on the Portal",
	workflows.ServedRemoved:       "take call off the Portal",
}

// tokenState is how a school's community token stands.
type tokenState string

const (
	tokenUnset   tokenState = "unset"
	tokenSet     tokenState = "set"
	tokenRefused tokenState = "refused"
)

var faultWords = map[school.FaultCode]string{
	school.FaultUnknownPerson:      "refers to a user who is not there",
	school.FaultUnknownClass:       "refers to a class that is not there",
	school.FaultUnknownSchool:      "refers to an org that is not there",
	school.FaultUnknownCourse:      "refers to a course that is not there",
	school.FaultUnknownTerm:        "refers to a session that is not there",
	school.FaultNoRole:             "an enabled user without a role",
	school.FaultNoClass:            "an active student without a homeroom class",
	school.FaultTwoClasses:         "a student in two homeroom classes",
	school.FaultTwoClassTeachers:   "a class with two class teachers",
	school.FaultNoGuardianRole:     "linked to a student, and no guardian",
	school.FaultNoStudents:         "a guardian without a student",
	school.FaultSharedAccount:      "one messenger account, two people",
	school.FaultTwoAccounts:        "one person, two messenger accounts",
	school.FaultAccountsDiffer:     "the roster has another messenger account than the Portal",
	school.FaultSharedIdentity:     "one identity on the Portal, two people",
	school.FaultBadValue:           "a value that cannot be read",
	school.FaultDuplicate:          "a sourcedId that occurs twice",
	school.FaultTailMissing:        "the end of the file is missing",
	school.FaultEnrollmentConflict: "an enrolment that contradicts the class or the role",
}
