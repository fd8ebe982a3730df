package district

import (
	"fmt"
	"math/rand/v2"

	"github.com/samber/lo"
)

// Generate makes up the district.
func Generate(o Options) *Files {
	f := newFiles()
	f.rand = rand.New(rand.NewPCG(o.Seed, uint64(o.Schools)))
	f.addDistrict(o.Year)
	for n := range o.Schools {
		newSchool(f, o, n).make()
		if o.AwkwardCases && n+1 == min(o.Schools, awkwardSchools) {
			f.addAwkwardCases()
		}
	}
	return f
}

// schoolMaker makes one school.
type schoolMaker struct {
	f *Files
	o Options
	r *rand.Rand
	// first: cases that every school has are named by the first school's.
	first    bool
	id       string
	classes  []*class
	teachers []*Row
	families []*family
}

// class is a homeroom class in the making.
type class struct {
	row      *Row
	grade    int
	title    string
	teacher  *Row
	students []*Row
	// size is how many students it gets; unlinked means that nobody in it has an account.
	size     int
	unlinked bool
}

func newSchool(f *Files, o Options, n int) *schoolMaker {
	id := fmt.Sprintf("sch-%d", 101+n)
	f.openSchool(id)
	return &schoolMaker{f: f, o: o, r: rand.New(rand.NewPCG(o.Seed, uint64(n))), first: n == 0, id: id}
}

func (s *schoolMaker) make() {
	number := s.id[len("sch-"):]
	s.f.Orgs().Append(Values{
		colID: s.id, "name": "Школа № " + number, "type": "school", "identifier": number, "parentSourcedId": districtID,
	})
	s.planClasses()
	s.hire()
	s.openClasses()
	for _, c := range s.classes {
		s.admit(c)
	}
	s.divide()
}

// planClasses spreads the classes evenly over the grades, the lower ones first.
func (s *schoolMaker) planClasses() {
	const grades = 11
	count := s.o.MinClasses + s.r.IntN(max(s.o.MaxClasses-s.o.MinClasses, 0)+1)
	for g := 1; g <= grades; g++ {
		parallel := count / grades
		if g <= count%grades {
			parallel++
		}
		for n := range parallel {
			s.classes = append(s.classes, &class{grade: g, title: fmt.Sprintf("%d%s", g, letter(n)), size: s.classSize()})
		}
	}
	if last := len(s.classes) - 1; s.first && s.o.AwkwardCases && last > 1 {
		s.classes[last].size = 0
		s.classes[last-1].unlinked = true
	}
}

func (s *schoolMaker) classSize() int {
	const spread = 3
	if s.o.StudentsPerClass <= spread {
		return max(s.o.StudentsPerClass, 0)
	}
	return s.o.StudentsPerClass - spread + s.r.IntN(2*spread+1)
}

// letter is a class's letter in its grade; past the usual ones it gets a number.
func letter(n int) string {
	letters := []rune("АБВГДЕЖЗИКЛМН")
	if n < len(letters) {
		return string(letters[n])
	}
	return fmt.Sprintf("А%d", n)
}

func (s *schoolMaker) openClasses() {
	for _, c := range s.classes {
		c.row = s.f.addGroup(group{
			school: s.id, title: c.title, grade: grade(c.grade),
			course: courseID(homeroomCourse), code: homeroomCourse, kind: kindClass,
		})
		s.f.enrollTeacher(c.row, c.teacher, true)
	}
	if last := len(s.classes) - 1; s.first && s.o.AwkwardCases && last > 1 {
		s.f.note(NoStudents, Involved{School: s.id, Classes: []string{s.classes[last].row.ID()}})
		s.f.note(NoLinkedMember, Involved{School: s.id, Classes: []string{s.classes[last-1].row.ID()}})
	}
}

// divide makes the subject groups of all classes and finds a teacher for each.
func (s *schoolMaker) divide() {
	var lessons []*lesson
	for _, c := range s.classes {
		if c.size > 0 {
			lessons = append(lessons, s.lessonsOf(c)...)
		}
	}
	s.assign(lessons)
	for _, l := range lessons {
		row := s.f.addGroup(group{
			school: s.id, title: l.title, grade: grade(l.class.grade),
			course: courseID(l.course.code), code: l.course.code, kind: kindGroup,
		})
		s.f.enrollTeacher(row, l.teacher, true)
		for _, student := range l.students {
			s.f.enrollStudent(row, student)
		}
		if l.part == 1 {
			s.f.note(SplitGroup, Involved{School: s.id, Classes: []string{l.class.row.ID(), row.ID()}})
		}
	}
}

// lesson is a subject group in the making.
type lesson struct {
	class    *class
	course   course
	title    string
	part     int // 1 or 2 of a class that is split, 0 of one that is not
	teacher  *Row
	students []*Row
}

func (s *schoolMaker) lessonsOf(c *class) []*lesson {
	count := s.o.Subjects
	if count > 1 {
		count += s.r.IntN(3) - 1
	}
	var lessons []*lesson
	for _, course := range coursesOf(c.grade, count) {
		if half := len(c.students) / 2; course.language && len(c.students) > 23 {
			lessons = append(lessons,
				&lesson{class: c, course: course, title: c.title + "/1", part: 1, students: c.students[:half]},
				&lesson{class: c, course: course, title: c.title + "/2", part: 2, students: c.students[half:]})
			continue
		}
		lessons = append(lessons, &lesson{class: c, course: course, title: c.title, students: c.students})
	}
	return lessons
}

// assign gives every lesson a teacher: in the primary grades mostly the class teacher, else
// one of those who teach the subject in the whole school.
func (s *schoolMaker) assign(lessons []*lesson) {
	load := map[string]int{}
	for _, l := range lessons {
		if l.class.unlinked || l.course.primary && l.class.grade <= 4 {
			l.teacher = l.class.teacher
			continue
		}
		load[l.course.code]++
	}
	staff := s.specialists(load)
	next := map[string]int{}
	for _, l := range lessons {
		if l.teacher != nil {
			continue
		}
		code := l.course.code
		l.teacher = staff[code][next[code]%len(staff[code])]
		next[code]++
	}
}

// specialists shares the teachers out among the subjects by what there is to teach. A subject
// always gets somebody.
func (s *schoolMaker) specialists(load map[string]int) map[string][]*Row {
	staff := map[string][]*Row{}
	free := s.freeTeachers()
	for _, teacher := range free {
		if code := busiest(load, staff); code != "" {
			staff[code] = append(staff[code], teacher)
		}
	}
	for i, c := range courses {
		if load[c.code] > 0 && len(staff[c.code]) == 0 {
			staff[c.code] = []*Row{free[i%len(free)]}
		}
	}
	return staff
}

// busiest is the subject where the next teacher helps most, by D'Hondt's rule.
func busiest(load map[string]int, staff map[string][]*Row) string {
	best := ""
	for _, c := range courses {
		if load[c.code] == 0 {
			continue
		}
		if best == "" || load[c.code]*(len(staff[best])+1) > load[best]*(len(staff[c.code])+1) {
			best = c.code
		}
	}
	return best
}

// freeTeachers are those whom a primary class does not keep busy.
func (s *schoolMaker) freeTeachers() []*Row {
	busy := map[*Row]bool{}
	for _, c := range s.classes {
		busy[c.teacher] = c.grade <= 4 || c.unlinked
	}
	free := lo.Reject(s.teachers, func(t *Row, _ int) bool { return busy[t] })
	if len(free) == 0 {
		return s.teachers
	}
	return free
}
