package feedtest

import "strings"

// The files of the example.
const (
	Manifest    = "manifest.csv"
	Orgs        = "orgs.csv"
	Sessions    = "academicSessions.csv"
	Courses     = "courses.csv"
	Classes     = "classes.csv"
	Users       = "users.csv"
	Roles       = "roles.csv"
	Profiles    = "userProfiles.csv"
	Enrollments = "enrollments.csv"
	Calls       = "calls.csv"
)

// Today is a day on which the example's school year is running.
const Today = "2026-10-15"

// Example is a district with two schools and no faults. School north has the homeroom classes
// n-1a and n-1b and the subject group n-math of both, school south the class s-1a.
//
// head, tina, boris and clerk work in north, vera in south; vera teaches n-math too. ann and
// ben are students of n-1a, cid of n-1b, dan and eve of s-1a. mum is guardian of ann and cid
// (written in her own row), dad of ben (written in ben's), gran of dan.
func Example() Files {
	f := Files{}
	f.addDistrict()
	f.addPeople()
	f.addEnrollments()
	return f
}

// addDistrict writes the manifest, and what the schools are made of.
func (f Files) addDistrict() {
	f.set(Manifest, "propertyName,value", `
manifest.version|1.0
oneroster.version|1.2
file.academicSessions|bulk
file.classes|bulk
file.courses|bulk
file.demographics|absent
file.enrollments|bulk
file.orgs|bulk
file.roles|bulk
file.userProfiles|bulk
file.users|bulk
source.systemName|Example`)
	f.set(Orgs, "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId", `
district|||District|district||
north|||School North|school||district
south|||School South|school||district`)
	f.set(Sessions, "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear", `
y26|||2026/27|schoolYear|2026-09-01|2027-09-01||2027
h1|||First half|term|2026-09-01|2027-01-01|y26|2027
h2|||Second half|term|2027-01-01|2027-09-01|y26|2027`)
	f.set(Courses, "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes", `
c-home||||Homeroom|||||
c-math||||Mathematics|||||`)
	f.set(Classes, "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods,metadata.cohortId", `
n-1a|||1А||c-home||homeroom||north|h1,h2||||cohort-a
n-1b|||1Б||c-home||homeroom||north|h1,h2||||
n-math|||Mathematics 1||c-math||scheduled||north|h1,h2||||
s-1a|||1А||c-home||homeroom||south|h1,h2||||`)
}

// addPeople writes everybody who works or studies, or belongs to somebody who does.
func (f Files) addPeople() {
	f.set(Users, "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,metadata.accessRole,metadata.actingHead,metadata.employeeClass", `
ann|||true|ann|{sferum:1001},{portal:p-ann}|Ann|Ash|||||||||||
ben|||true|ben||Ben|Birch||||||dad|||||
boris|||true|boris||Boris|Beech|||||||||||1Б
cid|||true|cid|{sferum:1003}|Cid|Cedar|||||||||||
clerk|||true|clerk||Clara|Clover||||||||||true|
dad|||true|dad||Dirk|Birch|||||||||||
dan|||true|dan||Dan|Date|||||||||||
eve|||true|eve||Eve|Elm|||||||||||
gran|||true|gran||Greta|Date||||||dan|||||
head|||true|head||Hugo|Holly|Ivor||||||||administrator||
mum|||true|mum||Mona|Ash||||||ann,cid|||||
tina|||true|tina||Tina|Teak|||||||||||
vera|||true|vera||Vera|Vine|||||||||||`)
	f.set(Roles, "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId,metadata.positionLevel,metadata.pedagogical", `
r-ann|||ann|primary|student|2026-09-01||north|||
r-ben|||ben|primary|student|||north|||
r-boris|||boris|primary|teacher|||north|||
r-cid|||cid|primary|student|||north|||
r-clerk|||clerk|primary|aide|||north|||true
r-dad|||dad|primary|parent|||north|||
r-dan|||dan|primary|student|||south|||
r-eve|||eve|primary|student|||south|||
r-gran|||gran|primary|relative|||south|||
r-head|||head|primary|principal|2020-01-01||north|||
r-mum|||mum|primary|guardian|||north|||
r-tina|||tina|primary|teacher|||north|||
r-vera|||vera|primary|teacher|||south|||`)
	f.set(Profiles, "sourcedId,status,dateLastModified,userSourcedId,profileType,vendorId,applicationId,description,credentialType,username,password", `
p-tina|||tina|x|v|sferum||oauth|2001|
p-mum|||mum|x|3001|sferum||oauth|mum@example.org|
p-dad|||dad|x|9|diary||oauth|9|`)
}

// addEnrollments writes who teaches and who studies in which class.
func (f Files) addEnrollments() {
	f.set(Enrollments, "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate", `
e-01|||n-1a|north|tina|teacher|true||
e-02|||n-1a|north|boris|teacher|false||
e-03|||n-1a|north|ann|student||2026-09-01|
e-04|||n-1a|north|ben|student|||
e-05|||n-1b|north|boris|teacher|true||
e-06|||n-1b|north|cid|student|||
e-07|||n-math|north|vera|teacher|true||
e-08|||n-math|north|ann|student|||
e-09|||n-math|north|cid|student|||
e-10|||s-1a|south|vera|teacher|true||
e-11|||s-1a|south|dan|student|||
e-12|||s-1a|south|eve|student|||`)
}

// set writes one file.
func (f Files) set(file, columns, rows string) { f[file] = table(columns, rows) }

// table lays out rows, one a line, with cells set apart by bars.
func table(columns, rows string) *Sheet {
	s := &Sheet{Columns: strings.Split(columns, ",")}
	for line := range strings.SplitSeq(strings.TrimSpace(rows), "\n") {
		row := Row{}
		for i, cell := range strings.Split(line, "|") {
			row[s.Columns[i]] = cell
		}
		s.Rows = append(s.Rows, row)
	}
	return s
}
