package oneroster

import "github.com/rollcall-edu/rollcall/internal/oneroster/bulk"

// The files that are read.
const (
	fileOrgs        = "orgs.csv"
	fileSessions    = "academicSessions.csv"
	fileCourses     = "courses.csv"
	fileClasses     = "classes.csv"
	fileUsers       = "users.csv"
	fileRoles       = "roles.csv"
	fileProfiles    = "userProfiles.csv"
	fileEnrollments = "enrollments.csv"
	fileCalls       = "calls.csv"
)

// ownFiles are files that OneRoster does not know.
func ownFiles() []string { return []string{fileCalls} }

// The columns that are read.
const (
	colID      = "sourcedId"
	colStatus  = "status"
	colName    = "name"
	colType    = "type"
	colTitle   = "title"
	colParent  = "parentSourcedId"
	colStart   = "startDate"
	colBegin   = "beginDate"
	colEnd     = "endDate"
	colYear    = "schoolYear"
	colCourse  = "courseSourcedId"
	colKind    = "classType"
	colSchool  = "schoolSourcedId"
	colTerms   = "termSourcedIds"
	colEnabled = "enabledUser"
	colUserIDs = "userIds"
	colGiven   = "givenName"
	colFamily  = "familyName"
	colMiddle  = "middleName"
	colAgents  = "agentSourcedIds"
	colUser    = "userSourcedId"
	colClass   = "classSourcedId"
	colOrg     = "orgSourcedId"
	colRole    = "role"
	colPrimary = "primary"
	colVendor  = "vendorId"
	colApp     = "applicationId"
	colLogin   = "username"

	colChat      = "chat"
	colTeacher   = "teacherSourcedId"
	colStarts    = "startTime"
	colEnds      = "endTime"
	colLink      = "joinUrl"
	colPublished = "publishedAt"
	colCancelled = "cancelled"

	colCohort      = "metadata.cohortId"
	colAccess      = "metadata.accessRole"
	colActing      = "metadata.actingHead"
	colCard        = "metadata.employeeClass"
	colLevel       = "metadata.positionLevel"
	colPedagogical = "metadata.pedagogical"
)

// source is a file to read, and what to do with each of its rows.
type source struct {
	bulk.Table
	// optional files may be absent, and may have a header only.
	optional bool
	load     func(row)
}

func (l *loader) sources() []source {
	table := func(file string, required []string, optional ...string) bulk.Table {
		return bulk.Table{File: file, Required: required, Optional: append(optional, colStatus)}
	}
	return []source{
		{Table: table(fileOrgs, []string{colID, colName, colType}, colParent), load: l.org},
		{Table: table(fileSessions, []string{colID, colTitle, colType, colStart, colEnd, colYear}), load: l.session},
		{Table: table(fileCourses, []string{colID, colTitle}), load: l.course},
		{Table: table(fileClasses, []string{colID, colTitle, colCourse, colKind, colSchool, colTerms}, colCohort), load: l.class},
		{Table: table(fileUsers, []string{colID, colEnabled, colLogin, colUserIDs, colGiven, colFamily},
			colMiddle, colAgents, colAccess, colActing, colCard, colLevel, colPedagogical), load: l.user},
		{Table: table(fileRoles, []string{colID, colUser, colRole, colOrg}, colBegin, colEnd, colLevel, colPedagogical), load: l.role},
		{Table: table(fileProfiles, []string{colID, colUser, colVendor, colLogin}, colApp), load: l.profile, optional: true},
		{Table: table(fileEnrollments, []string{colID, colClass, colSchool, colUser, colRole}, colPrimary, colBegin, colEnd), load: l.enrollment},
		{Table: table(fileCalls, []string{colID, colSchool, colTitle, colStarts},
			colClass, colChat, colTeacher, colEnds, colLink, colPublished, colCancelled), load: l.call, optional: true},
	}
}
