package school

import "fmt"

// FaultCode names what is wrong in the source. Codes are stable: they are shown, counted and
// documented.
type FaultCode string

// The source faults. Whoever a fault names is frozen: not removed on the strength of this
// reading.
const (
	FaultUnknownPerson      FaultCode = "unknown-person"      // a row refers to a user who is not in users.csv
	FaultUnknownClass       FaultCode = "unknown-class"       // an enrolment or a call refers to a class that is not in classes.csv
	FaultUnknownSchool      FaultCode = "unknown-school"      // a row refers to an org that is not in orgs.csv
	FaultUnknownCourse      FaultCode = "unknown-course"      // a class refers to a course that is not in courses.csv
	FaultUnknownTerm        FaultCode = "unknown-term"        // a class refers to a session that is not in academicSessions.csv
	FaultNoRole             FaultCode = "no-role"             // an enabled user has no row in roles.csv
	FaultNoClass            FaultCode = "no-class"            // an active student is in no homeroom class
	FaultTwoClasses         FaultCode = "two-classes"         // a student is in two homeroom classes at once
	FaultTwoClassTeachers   FaultCode = "two-class-teachers"  // a class has two primary teachers
	FaultNoGuardianRole     FaultCode = "no-guardian-role"    // somebody linked to a student has no guardian's role
	FaultNoStudents         FaultCode = "no-students"         // a guardian stands for no student
	FaultSharedAccount      FaultCode = "shared-account"      // one messenger account is linked by two people
	FaultTwoAccounts        FaultCode = "two-accounts"        // one person has two messenger accounts
	FaultAccountsDiffer     FaultCode = "accounts-differ"     // the roster and the Portal name different messenger accounts
	FaultSharedIdentity     FaultCode = "shared-identity"     // two people have the same identity on the Portal
	FaultBadValue           FaultCode = "bad-value"           // a value cannot be read (date, account id, boolean), or is none that may stand there
	FaultDuplicate          FaultCode = "duplicate"           // a sourcedId occurs twice
	FaultTailMissing        FaultCode = "tail-missing"        // a file is its last version with the end cut off
	FaultEnrollmentConflict FaultCode = "enrollment-conflict" // an enrolment or a call contradicts the class's own school, or an enrolment the user's role
)

// Fault is something wrong in the source, placed so that somebody can mend it.
type Fault struct {
	Code FaultCode `json:"code"`
	// File, Row (1 is the header) and Column say where; Row 0 is the file as a whole.
	File   string `json:"file,omitempty"`
	Row    int    `json:"row,omitempty"`
	Column string `json:"column,omitempty"`
	// People and Classes are whom the fault names.
	People  []PersonID `json:"people,omitempty"`
	Classes []ClassID  `json:"classes,omitempty"`
	// Advice says what is wrong and what to do, with ids but without names.
	Advice string `json:"advice"`
}

// String writes the fault on one line.
func (f Fault) String() string {
	where := f.File
	if f.Row > 0 {
		where += fmt.Sprintf(":%d", f.Row)
	}
	if f.Column != "" {
		where += " " + f.Column
	}
	return fmt.Sprintf("%s: %s: %s", where, f.Code, f.Advice)
}
