package district

// The tables, in the order they are written.
const (
	tableManifest    = "manifest"
	tableOrgs        = "orgs"
	tableSessions    = "academicSessions"
	tableCourses     = "courses"
	tableClasses     = "classes"
	tableUsers       = "users"
	tableRoles       = "roles"
	tableProfiles    = "userProfiles"
	tableEnrollments = "enrollments"
)

// Columns that are named more than once.
const (
	colID           = "sourcedId"
	colStatus       = "status"
	colModified     = "dateLastModified"
	colTitle        = "title"
	colGrades       = "grades"
	colBegin        = "beginDate"
	colEnd          = "endDate"
	colUser         = "userSourcedId"
	colOrg          = "orgSourcedId"
	colSchool       = "schoolSourcedId"
	colClass        = "classSourcedId"
	colCourse       = "courseSourcedId"
	colClassType    = "classType"
	colRole         = "role"
	colRoleType     = "roleType"
	colPrimary      = "primary"
	colEnabled      = "enabledUser"
	colUsername     = "username"
	colUserIDs      = "userIds"
	colFamily       = "familyName"
	colAgents       = "agentSourcedIds"
	colPrimaryOrg   = "primaryOrgSourcedId"
	colApplication  = "applicationId"
	colAccessRole   = "metadata.accessRole"
	colActingHead   = "metadata.actingHead"
	colCardClass    = "metadata.employeeClass"
	colPedagogical  = "metadata.pedagogical"
	colLevel        = "metadata.positionLevel"
	colCohort       = "metadata.cohortId"
	colSessionType  = "type"
	colSessionStart = "startDate"
)

// Values that are written more than once.
const (
	yes, no = "true", "false"

	typeHomeroom  = "homeroom"
	typeScheduled = "scheduled"

	roleStudent  = "student"
	roleTeacher  = "teacher"
	roleParent   = "parent"
	roleGuardian = "guardian"
	roleRelative = "relative"

	application = "sferum"
)

type schema struct {
	name    string
	columns []string
}

// schemas are the files with all columns of the OneRoster 1.2 CSV binding, in its order, and
// our metadata columns after them, as the binding wants.
func schemas() []schema {
	return []schema{
		{tableManifest, []string{"propertyName", "value"}},
		{tableOrgs, []string{colID, colStatus, colModified, "name", "type", "identifier", "parentSourcedId"}},
		{tableSessions, []string{
			colID, colStatus, colModified, colTitle, colSessionType, colSessionStart, colEnd, "parentSourcedId", "schoolYear",
		}},
		{tableCourses, []string{
			colID, colStatus, colModified, "schoolYearSourcedId", colTitle, "courseCode", colGrades, colOrg, "subjects", "subjectCodes",
		}},
		{tableClasses, []string{
			colID, colStatus, colModified, colTitle, colGrades, colCourse, "classCode", colClassType, "location",
			colSchool, "termSourcedIds", "subjects", "subjectCodes", "periods", colCohort,
		}},
		{tableUsers, []string{
			colID, colStatus, colModified, colEnabled, colUsername, colUserIDs, "givenName", colFamily, "middleName",
			"identifier", "email", "sms", "phone", colAgents, colGrades, "password", "userMasterIdentifier",
			"preferredGivenName", "preferredMiddleName", "preferredFamilyName", colPrimaryOrg, "pronouns",
			colAccessRole, colActingHead, colCardClass,
		}},
		{tableRoles, []string{
			colID, colStatus, colModified, colUser, colRoleType, colRole, colBegin, colEnd, colOrg, "userProfileSourcedId",
			colLevel, colPedagogical,
		}},
		{tableProfiles, []string{
			colID, colStatus, colModified, colUser, "profileType", "vendorId", colApplication, "description",
			"credentialType", colUsername, "password",
		}},
		{tableEnrollments, []string{
			colID, colStatus, colModified, colClass, colSchool, colUser, colRole, colPrimary, colBegin, colEnd,
		}},
	}
}

// manifest lists every file that the binding knows; those we do not write are absent.
func manifest() [][2]string {
	rows := [][2]string{{"manifest.version", "1.0"}, {"oneroster.version", "1.2"}}
	for _, file := range []string{
		tableSessions, "categories", tableClasses, "classResources", tableCourses, "courseResources", "demographics",
		tableEnrollments, "lineItemLearningObjectiveIds", "lineItems", "lineItemScoreScales", tableOrgs, "resources",
		"resultLearningObjectiveIds", "results", "resultScoreScales", tableRoles, "scoreScales", tableProfiles,
		"userResources", tableUsers,
	} {
		mode := "absent"
		if written(file) {
			mode = "bulk"
		}
		rows = append(rows, [2]string{"file." + file, mode})
	}
	return append(rows, [2]string{"source.systemName", "Rollcall sandbox"}, [2]string{"source.systemCode", "sandbox"})
}

func written(file string) bool {
	switch file {
	case tableOrgs, tableSessions, tableCourses, tableClasses, tableUsers, tableRoles, tableProfiles, tableEnrollments:
		return true
	}
	return false
}
