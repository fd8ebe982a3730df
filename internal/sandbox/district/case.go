package district

// Case is the name of something in the district that is worth looking at.
type Case string

// Cases of every district, awkward or not. The people are given in the order named.
const (
	// Head: an employee with an active position of level 1, the role principal.
	Head Case = "head"
	// AccessAdministrator: an employee whose user account has the access role «Администратор».
	AccessAdministrator Case = "access-administrator"
	// AccessHead: an employee, not pedagogical, with the access role «Руководитель».
	AccessHead Case = "access-head"
	// SiteAdministrator: an employee, not pedagogical, with the OneRoster role of that name.
	SiteAdministrator Case = "site-administrator"
	// Counselor: a pedagogical employee who is no teacher.
	Counselor Case = "counselor"
	// PedagogicalByMark: an aide who is pedagogical by metadata.pedagogical.
	PedagogicalByMark Case = "pedagogical-by-mark"
	// NonPedagogical: two aides who are not pedagogical; the first is marked so, the second
	// is so by role.
	NonPedagogical Case = "non-pedagogical"
	// SplitGroup: a class, and one of the two groups in which it learns a language.
	SplitGroup Case = "split-group"
	// SharedGuardian: a guardian, and their students in different classes.
	SharedGuardian Case = "shared-guardian"
	// LinkOnStudent: a guardian and a student, tied together in the student's row.
	LinkOnStudent Case = "link-on-student"
	// LinkOnGuardian: a guardian and a student, tied together in the guardian's row.
	LinkOnGuardian Case = "link-on-guardian"
	// LinkOnBoth: a guardian and a student, tied together in either's row.
	LinkOnBoth Case = "link-on-both"
	// AccountInUserIDs: a guardian whose account stands in userIds and not in userProfiles.
	AccountInUserIDs Case = "account-in-user-ids"
	// UnlinkedStudent: a student without a messenger account.
	UnlinkedStudent Case = "unlinked-student"
	// UnlinkedGuardian: a guardian without a messenger account.
	UnlinkedGuardian Case = "unlinked-guardian"
	// UnlinkedTeacher: a teacher without a messenger account.
	UnlinkedTeacher Case = "unlinked-teacher"
)

// Cases of a district with AwkwardCases.
const (
	// TeacherParent: the class teacher of the class, and their own child in it.
	TeacherParent Case = "teacher-parent"
	// VisitingTeacher: somebody who teaches the group, and is employed by another school only.
	VisitingTeacher Case = "visiting-teacher"
	// TwoSchools: somebody employed by School and by another, who teaches the groups, one in
	// each.
	TwoSchools Case = "two-schools"
	// HeadByLevel: a head with the role aide, by metadata.positionLevel.
	HeadByLevel Case = "head-by-level"
	// ExHead: a teacher whose position of level 1 has ended; Rows has that role.
	ExHead Case = "ex-head"
	// ActingHead: a teacher flagged acting head.
	ActingHead Case = "acting-head"
	// DismissedDisabled: a teacher dismissed by enabledUser=false, still enrolled as the
	// group's second teacher.
	DismissedDisabled Case = "dismissed-disabled"
	// DismissedByDate: a teacher whose only role has ended, still enrolled as the group's
	// second teacher.
	DismissedByDate Case = "dismissed-by-date"
	// RoleToBeDeleted: a teacher whose only role has the status tobedeleted; Rows has it.
	RoleToBeDeleted Case = "role-to-be-deleted"
	// NoClassTeacher: a class whose card names no class teacher.
	NoClassTeacher Case = "no-class-teacher"
	// NoStudents: a class without students, and without subject groups.
	NoStudents Case = "no-students"
	// NoLinkedMember: a class in which nobody has an account: no student, no guardian, no
	// teacher, in none of its subject groups either.
	NoLinkedMember Case = "no-linked-member"
	// TwoClassTeachers: a class with two primary teachers. A fault.
	TwoClassTeachers Case = "two-class-teachers"
	// SecondHomeroomTeacher: a class with its class teacher, and a teacher in its homeroom
	// enrolments who is not primary: the second of the people.
	SecondHomeroomTeacher Case = "second-homeroom-teacher"
	// CardClass: a class teacher, their class, and the other class that their own card names.
	CardClass Case = "card-class"
	// SharedAccount: two guardians of different families who linked one account. A fault.
	SharedAccount Case = "shared-account"
	// TwoAccounts: a guardian with two accounts. A fault.
	TwoAccounts Case = "two-accounts"
	// GuardianWithoutStudent: a parent who is tied to nobody. A fault.
	GuardianWithoutStudent Case = "guardian-without-student"
	// StudentWithoutClass: a student who is enrolled nowhere. A fault.
	StudentWithoutClass Case = "student-without-class"
	// UnknownUser: a class, and the enrolment in it (Rows) of somebody who is not in
	// users.csv. A fault.
	UnknownUser Case = "unknown-user"
	// Expelled: a student whose role and enrolments have ended; Rows has the enrolments.
	Expelled Case = "expelled"
	// QuotedTitle: a class with a quote and a comma in its title.
	QuotedTitle Case = "quoted-title"
)

// Cases are all the names, in the order they are explained in.
func Cases() []Case {
	return []Case{
		Head, AccessAdministrator, AccessHead, SiteAdministrator, Counselor, PedagogicalByMark, NonPedagogical,
		SplitGroup, SharedGuardian, LinkOnStudent, LinkOnGuardian, LinkOnBoth, AccountInUserIDs,
		UnlinkedStudent, UnlinkedGuardian, UnlinkedTeacher,
		TeacherParent, VisitingTeacher, TwoSchools, HeadByLevel, ExHead, ActingHead, DismissedDisabled,
		DismissedByDate, RoleToBeDeleted, NoClassTeacher, NoStudents, NoLinkedMember, TwoClassTeachers,
		SecondHomeroomTeacher, CardClass, SharedAccount, TwoAccounts, GuardianWithoutStudent,
		StudentWithoutClass, UnknownUser, Expelled, QuotedTitle,
	}
}

// Involved are the sourcedIds that a case is about, as its name explains.
type Involved struct {
	School string
	People []string
	// Classes are homeroom classes and subject groups.
	Classes []string
	// Rows are rows of roles.csv or enrollments.csv.
	Rows []string
}

// Case tells whom a case is about; false means that the district does not have it: it is too
// small, was made without awkward cases, or was loaded.
func (f *Files) Case(c Case) (Involved, bool) {
	involved, ok := f.cases[c]
	return involved, ok
}

// note names a case, unless the district has one already.
func (f *Files) note(c Case, involved Involved) {
	if _, known := f.cases[c]; !known {
		f.cases[c] = involved
	}
}
