package bulk

import (
	"strings"

	"github.com/samber/lo"
)

// refuseForeign tells file sets of other formats by their files.
func (s *Set) refuseForeign() error {
	if s.has("School.csv") || s.has("Section.csv") || s.has("StudentEnrollment.csv") {
		return &BadReadError{
			File: s.names[0], Problem: "these are files of Microsoft School Data Sync, version 1, not of OneRoster", Advice: adviceExport,
		}
	}
	if s.has(manifestFile) {
		return nil
	}
	if s.has("orgs.csv") {
		return &BadReadError{
			File:    manifestFile,
			Problem: "missing, though orgs.csv is there: the files look like Microsoft School Data Sync, version 2, not like OneRoster",
			Advice:  adviceExport + ", or put the manifest of the export back",
		}
	}
	if similar, ok := lo.Find(s.names, func(name string) bool { return strings.EqualFold(name, manifestFile) }); ok {
		return &BadReadError{File: similar, Problem: "the manifest is misspelt", Advice: "name the file " + manifestFile}
	}
	return &BadReadError{
		File: manifestFile, Problem: "missing", Advice: "check the feed's location: it is the folder or zip that holds manifest.csv",
	}
}
