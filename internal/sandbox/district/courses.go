package district

import (
	"fmt"
	"strings"
)

// course is a subject as the district teaches it.
type course struct {
	code, title string
	// from and to are the grades that take it.
	from, to int
	// primary: in grades 1 to 4 the class teacher teaches it.
	primary bool
	// language: larger classes learn it in two groups.
	language bool
}

const homeroomCourse = "HR"

// courses are in the order in which a class takes them up: the first ones are never left out.
var courses = []course{
	{code: "RUS", title: "Русский язык", from: 1, to: 11, primary: true},
	{code: "MAT", title: "Математика", from: 1, to: 6, primary: true},
	{code: "ALG", title: "Алгебра", from: 7, to: 11},
	{code: "ENG", title: "Английский язык", from: 2, to: 11, language: true},
	{code: "REA", title: "Литературное чтение", from: 1, to: 4, primary: true},
	{code: "LIT", title: "Литература", from: 5, to: 11},
	{code: "WLD", title: "Окружающий мир", from: 1, to: 4, primary: true},
	{code: "GEO", title: "Геометрия", from: 7, to: 11},
	{code: "PHE", title: "Физическая культура", from: 1, to: 11},
	{code: "HIS", title: "История", from: 5, to: 11},
	{code: "PHY", title: "Физика", from: 7, to: 11},
	{code: "BIO", title: "Биология", from: 5, to: 11},
	{code: "CHE", title: "Химия", from: 8, to: 11},
	{code: "INF", title: "Информатика", from: 7, to: 11},
	{code: "GGR", title: "География", from: 5, to: 9},
	{code: "SOC", title: "Обществознание", from: 8, to: 11},
	{code: "MUS", title: "Музыка", from: 1, to: 7},
	{code: "ART", title: "Изобразительное искусство", from: 1, to: 7},
	{code: "TEC", title: "Труд (технология)", from: 1, to: 9},
	{code: "EXT", title: "Разговоры о важном, классные часы", from: 1, to: 11, primary: true},
}

// coursesOf are the first n courses of a grade.
func coursesOf(grade, n int) []course {
	var taken []course
	for _, c := range courses {
		if len(taken) < n && c.from <= grade && grade <= c.to {
			taken = append(taken, c)
		}
	}
	return taken
}

func courseID(code string) string { return "crs-" + strings.ToLower(code) }

func grade(n int) string { return fmt.Sprintf("%02d", n) }

const districtID = "dst-1"

// addDistrict writes all that the schools share.
func (f *Files) addDistrict(year int) {
	for _, row := range manifest() {
		f.Table(tableManifest).Append(Values{"propertyName": row[0], "value": row[1]})
	}
	f.Orgs().Append(Values{colID: districtID, "name": "Заречный район", "type": "district", "identifier": "78-1"})
	f.session, f.first, f.Day = fmt.Sprintf("ses-%d", year), year, fmt.Sprintf("%d-09-01", year)
	f.addSessions(year)
	f.addCourse(course{code: homeroomCourse, title: "Классное руководство", from: 1, to: 11})
	for _, c := range courses {
		f.addCourse(c)
	}
}

func (f *Files) addSessions(year int) {
	title := fmt.Sprintf("%d/%d", year, year+1)
	turn, end := fmt.Sprintf("%d-01-01", year+1), fmt.Sprintf("%d-09-01", year+1)
	session := func(id, title, kind, start, end, parent string) {
		f.Sessions().Append(Values{
			colID: id, colTitle: title, colSessionType: kind, colSessionStart: start, colEnd: end,
			"parentSourcedId": parent, "schoolYear": fmt.Sprint(year + 1),
		})
	}
	session(f.session, title, "schoolYear", f.Day, end, "")
	session(f.session+"-1", "1 полугодие "+title, "semester", f.Day, turn, f.session)
	session(f.session+"-2", "2 полугодие "+title, "semester", turn, end, f.session)
}

func (f *Files) addCourse(c course) {
	var grades []string
	for n := c.from; n <= c.to; n++ {
		grades = append(grades, grade(n))
	}
	f.Courses().Append(Values{
		colID: courseID(c.code), "schoolYearSourcedId": f.session, colTitle: c.title, "courseCode": c.code,
		colGrades: strings.Join(grades, ","), colOrg: districtID,
	})
}
