package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/internal/chats"
	"github.com/rollcall-edu/rollcall/internal/school"
)

type linksOptions struct {
	showLinks bool
	// csv is the file to write, "-" for standard output, "" for none.
	csv string
}

func newLinks(a *app) *cobra.Command {
	var o linksOptions
	cmd := &cobra.Command{
		Use:   "links SCHOOL",
		Short: "Show a school's base of links, as the manual's «Чаты Сферум»",
		Long: `Shows the school's «База ссылок» (community id, and how its token stands) and the
tree of «Цифровой профиль» → «Чаты Сферум»: Учительская, and under each class its
Родительский чат, Чат учеников and subject chats. The columns are the manual's,
and so the words are Russian:

  Название параметра               the chat
  Расположение или статус данных   its invite link, or «Нет данных» and why
  Условие проверки                 what is checked, and how it came out
  Актуальность проверки            when the messenger was last asked about it,
                                   in the time zone of the district
  Предупредительный лимит          how old that may be before it is pointed out

An invite link is a key to a children's chat. Without --show-links only that there
is one is told; with it each showing is recorded in the audit under your login
first, be it in the table, in JSON or in a file.

--csv writes the tree as CSV that a Russian Excel opens, in place of showing it:
cells parted by semicolons, a column more for the branch, UTF-8 with a byte order
mark. Only you can read the file.`,
		Example: "  rollcall links school-17\n  rollcall links school-17 --csv links.csv\n  rollcall links school-17 --show-links --csv - > links.csv",
		Args:    names("SCHOOL"),
		RunE:    a.runs(func(ctx context.Context, args []string) error { return runLinks(ctx, a, school.ID(args[0]), o) }),
	}
	cmd.Flags().BoolVar(&o.showLinks, "show-links", false, "show the invite links; this is recorded")
	cmd.Flags().StringVar(&o.csv, "csv", "", "write a CSV file instead, - is standard output")
	return cmd
}

func runLinks(ctx context.Context, a *app, id school.ID, o linksOptions) error {
	if o.csv != "" && a.format == formatJSON {
		return usagef("--csv and -o json are two formats: give one of them")
	}
	st, err := a.openSealed(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	s, err := a.surveyIn(ctx, st, id)
	if err != nil {
		return err
	}
	var links map[chats.Key]string
	if o.showLinks {
		if links, err = openLinks(ctx, st, a.login(), s); err != nil {
			return err
		}
	}
	v := viewLinks(s, links, a.now())
	if o.csv != "" {
		return a.writeCSV(o.csv, v.records())
	}
	return a.show(v)
}
