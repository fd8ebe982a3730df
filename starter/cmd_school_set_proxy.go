package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/samber/lo"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/rollcall-edu/rollcall/internal/proxy"
	"github.com/rollcall-edu/rollcall/internal/school"
)

// maxProxyFile bounds a file with settings, in bytes; five lines are some hundred.
const maxProxyFile = 16 << 10

type setProxyOptions struct {
	server, username, file string
	port                   int
	off                    bool
	// portGiven tells --port 0 from none.
	portGiven bool
}

func newSchoolSetProxy(a *app) *cobra.Command {
	var o setProxyOptions
	cmd := &cobra.Command{
		Use:   "set-proxy SCHOOL --server HOST --port N [--username NAME] | --from-file FILE | --off",
		Short: "Send a school's traffic through its proxy",
		Long: `Stores the proxy that the school sits behind, sealed. All that Rollcall sends for
this school goes through it, by HTTP CONNECT, and nothing around it: while the
proxy does not let it through, the school's chats are not followed. What is under
way when it is set ends as it began; a pass is asked for then.

With --username the proxy is logged in to (Basic). The password is read from
standard input and never from an argument, which other users of the machine could
see; on a terminal it is asked for and not shown.

--from-file reads the form of the administrator's manual, and - reads it from
standard input:

  proxy_server=proxy.school.example
  proxy_port=3128
  proxy_username=rollcall
  proxy_password=…
  proxy_auth=1

--off has the traffic go directly again. See also: rollcall school check.`,
		Example: `  rollcall school set-proxy school-17 --server proxy.school.example --port 3128
  rollcall school set-proxy school-17 --server 10.0.0.1 --port 3128 --username rollcall < password.txt
  rollcall school set-proxy school-17 --from-file proxy.txt
  rollcall school set-proxy school-17 --off`,
		Args: names("SCHOOL"),
	}
	cmd.RunE = a.runs(func(ctx context.Context, args []string) error {
		o.portGiven = cmd.Flags().Changed("port")
		return runSetProxy(ctx, a, school.ID(args[0]), o)
	})
	cmd.Flags().StringVar(&o.server, "server", "", "host name or IP address of the proxy")
	cmd.Flags().IntVar(&o.port, "port", 0, "port of the proxy, e.g. 3128")
	cmd.Flags().StringVar(&o.username, "username", "", "name to log in with; the password is read from standard input")
	cmd.Flags().StringVar(&o.file, "from-file", "", "file with the settings as lines of key=value")
	cmd.Flags().BoolVar(&o.off, "off", false, "use no proxy any more")
	return cmd
}

func runSetProxy(ctx context.Context, a *app, id school.ID, o setProxyOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	st, err := a.openSealed(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	if _, err := schoolItself(ctx, st, id, "set it"); err != nil {
		return err // before a password is asked for in vain
	}
	if o.off {
		if err := st.SetProxy(ctx, id, nil); err != nil {
			return err
		}
		return a.show(proxyView{School: id})
	}
	settings, err := o.settings(ctx, a)
	if err != nil {
		return err
	}
	if err := st.SetProxy(ctx, id, &settings); err != nil {
		return err
	}
	return a.show(proxyView{School: id, Proxy: settings.Address(), Login: settings.Auth})
}

func (o setProxyOptions) check() error {
	one := o.server != "" || o.portGiven || o.username != ""
	ways := lo.Count([]bool{one, o.file != "", o.off}, true)
	switch {
	case ways == 0:
		return usagef("nothing to set: give --server and --port, --from-file, or --off")
	case ways > 1:
		return usagef("give either --server and --port, or --from-file, or --off")
	case one && (o.server == "" || !o.portGiven):
		return usagef("--server and --port go together: give both")
	case one:
		// The login is not known yet.
		return asUsage(proxy.Settings{Server: o.server, Port: o.port, Username: o.username}.Validate())
	}
	return nil
}

func (o setProxyOptions) settings(ctx context.Context, a *app) (proxy.Settings, error) {
	if o.file != "" {
		text, err := readProxyFile(ctx, a, o.file)
		if err != nil {
			return proxy.Settings{}, err
		}
		settings, err := proxy.Parse(text)
		return settings, asUsage(err)
	}
	settings := proxy.Settings{Server: o.server, Port: o.port, Username: o.username, Auth: o.username != ""}
	if !settings.Auth {
		return settings, nil
	}
	var err error
	if settings.Password, err = readProxyPassword(ctx, a); err != nil {
		return proxy.Settings{}, err
	}
	return settings, asUsage(settings.Validate())
}

func asUsage(err error) error {
	if err == nil {
		return nil
	}
	return &usageError{err}
}

// readProxyPassword reads the password as a token is read. What it refuses it does not quote.
func readProxyPassword(ctx context.Context, a *app) (string, error) {
	if file, ok := a.in.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		fmt.Fprintln(a.err, "Give the password for the proxy.")
	}
	password, err := readToken(ctx, a.in, a.err)
	if _, usage := errors.AsType[*usageError](err); usage {
		return "", usagef("give the proxy's password on standard input, alone; one with blanks in it can be given with --from-file")
	}
	return password, err
}

// readProxyFile reads a file of settings; "-" is standard input.
func readProxyFile(ctx context.Context, a *app, name string) (string, error) {
	in := a.in
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return "", asUsage(err)
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	raw, err := interruptible(ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(in, maxProxyFile+1)) })
	if err != nil {
		return "", err
	}
	if len(raw) > maxProxyFile {
		return "", usagef("what was given is too long for proxy settings: give the five lines alone")
	}
	return string(raw), nil
}

// proxyView is what proxy a school has; of a login only whether there is one.
type proxyView struct {
	School school.ID `json:"school"`
	// Proxy is its host:port, "" for none.
	Proxy string `json:"proxy"`
	Login bool   `json:"login"`
}

func (v proxyView) text(p *page) {
	if v.Proxy == "" {
		p.line("school %s goes through no proxy now", v.School)
		return
	}
	p.line("school %s goes through the proxy %s now, %s", v.School, v.Proxy, lo.Ternary(v.Login, "with a login", "without a login"))
	p.line("whether it lets the school through: rollcall school check %s", v.School)
}
