package deploy_test

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/rollcall-edu/rollcall/deploy"
	"github.com/rollcall-edu/rollcall/internal/config"
)

const secretsFolder = "/run/secrets/"

// service looks at one service by itself.
func (c *check) service(name string, s deploy.Service) {
	if ourImage(s) {
		c.program(name, s)
		c.environment(name, s)
	} else {
		c.pinned(name, s.Image)
	}
	c.mounts(name, s)
	c.namedFiles(name, s)
	for _, port := range s.Ports {
		c.want(regexp.MustCompile(`^127\.0\.0\.1:\d+:\d+$`).MatchString(port), "%s: the port %s is not bound to 127.0.0.1", name, port)
	}
	c.want(slices.Contains(s.SecurityOpt, "no-new-privileges:true"), "%s: may gain privileges", name)
	if _, waited := c.waited(name)["service_healthy"]; waited {
		c.want(s.Healthcheck != nil && len(s.Healthcheck.Test) > 1, "%s: others wait for its health, and it has no health check", name)
	}
	_, task := c.waited(name)["service_completed_successfully"]
	lasting := !task && !slices.Contains(s.Profiles, "operators")
	c.want(s.Restart == lo.Ternary(lasting, "unless-stopped", "no"), "%s: it is started again by the rule %q", name, s.Restart)
}

// ourImage tells whether a service runs our programs.
func ourImage(s deploy.Service) bool { return strings.HasPrefix(s.Image, "rollcall:") }

// program looks at what a service of ours runs.
func (c *check) program(name string, s deploy.Service) {
	line := append(slices.Clone(s.Entrypoint), s.Command...)
	if len(line) == 0 || !slices.Contains(c.programs, line[0]) {
		c.refuse("%s: the image has no program for %q", name, line)
		return
	}
	if line[0] == "rollcall" && !strings.HasPrefix(line[1], "-") {
		c.want(c.there("starter/cmd_"+line[1]+".go"), "%s: rollcall has no command %s", name, line[1])
	}
	c.want(s.Build != nil || s.PullPolicy == "never", "%s: nobody makes its image", name)
	c.want(s.Build == nil || lo.HasKey(s.Build.Args, "BUILD_ID") && strings.Contains(c.files[imageFile], "\nARG BUILD_ID"), "%s: its build is given no BUILD_ID", name)
	c.want(s.ReadOnly && slices.Equal(s.CapDrop, []string{"ALL"}), "%s: may do more than it needs to", name)
	c.want(!strings.HasPrefix(s.User, "0:") && s.User != "", "%s: runs as root", name)
}

// volume is one mount: what of the host, or which volume, is where, and whether it can be written.
type volume struct {
	source, target string
	writable       bool
}

func volumes(s deploy.Service) []volume {
	return lo.Map(s.Volumes, func(text string, _ int) volume {
		source, rest, _ := strings.Cut(text, ":")
		target, mode, _ := strings.Cut(rest, ":")
		return volume{source, target, mode != "ro"}
	})
}

// mounts looks at what a service sees of the host.
func (c *check) mounts(name string, s deploy.Service) {
	for _, v := range volumes(s) {
		switch {
		case !strings.HasPrefix(v.source, "."):
			c.want(lo.HasKey(c.Volumes, v.source), "%s: there is no volume %s", name, v.source)
		case !c.there(v.source):
			c.refuse("%s: %s is not there, and deploy/secrets.sh does not make it", name, v.source)
		default:
			// The keyset is replaced when it is rotated, by a command.
			rotates := slices.Contains(s.Profiles, "operators") && v.source == "./secrets/keyset"
			c.want(v.writable == rotates, "%s: %s is writable: %t", name, v.source, v.writable)
		}
	}
	for _, secret := range s.Secrets {
		file := c.Secrets[secret].File
		switch {
		case file == "":
			c.refuse("%s: there is no secret %s", name, secret)
		case !c.there(file):
			c.refuse("%s: deploy/secrets.sh does not make %s", name, file)
		}
	}
}

// onHost finds what a service sees at a path: a path from the repository on, "" where it sees nothing there.
func (c *check) onHost(s deploy.Service, seen string) string {
	if secret, is := strings.CutPrefix(seen, secretsFolder); is && slices.Contains(s.Secrets, secret) {
		return c.Secrets[secret].File
	}
	for _, v := range volumes(s) {
		if within, err := filepath.Rel(v.target, seen); err == nil && !strings.HasPrefix(within, "..") && strings.HasPrefix(v.source, ".") {
			return path.Join(v.source, within)
		}
	}
	return ""
}

// namedFiles looks at the files that settings and command lines name.
func (c *check) namedFiles(name string, s deploy.Service) {
	named := map[string]string{}
	for variable, value := range s.Environment {
		if strings.HasSuffix(variable, "_FILE") || strings.HasSuffix(variable, "_FILE_PATH") {
			named[variable] = value
		}
	}
	for i, word := range append(slices.Clone(s.Entrypoint), s.Command...) {
		_, value, option := strings.Cut(word, "--config.file=")
		if !option {
			_, value, option = strings.Cut(word, "--config=")
		}
		if !option && i > 0 && strings.HasPrefix(word, "/") {
			value, option = word, true
		}
		if option {
			named["its command"] = value
		}
	}
	for what, value := range named {
		if value == "" {
			continue
		}
		host := c.onHost(s, value)
		c.want(host != "" && c.there(host), "%s: %s names %s, which it does not see", name, what, value)
	}
}

// waited gives the conditions under which others wait for a service.
func (c *check) waited(name string) map[string]bool {
	conditions := map[string]bool{}
	for _, other := range c.Services {
		if d, waits := other.DependsOn[name]; waits {
			conditions[d.Condition] = true
		}
	}
	return conditions
}

// order looks at who waits for whom.
func (c *check) order() {
	for name, s := range c.Services {
		for other := range s.DependsOn {
			c.want(lo.HasKey(c.Services, other), "%s: waits for %s, which there is not", name, other)
		}
	}
	const healthy, completed = "service_healthy", "service_completed_successfully"
	for _, step := range []struct{ after, before, condition string }{
		{"temporal-schema", "postgres", healthy},
		{"temporal", "temporal-schema", completed},
		{"temporal-namespace", "temporal", healthy},
		{"migrate", "postgres", healthy},
		{"migrate", "temporal-namespace", completed},
		{"worker", "migrate", completed},
		{"worker-previous", "migrate", completed},
	} {
		condition := c.Services[step.after].DependsOn[step.before].Condition
		c.want(condition == step.condition, "%s: does not wait for %s (%s)", step.after, step.before, step.condition)
	}
}

// longestStop is how long a worker may take to end: its activities, and then what is still to be exported.
const longestStop = 30 * time.Second

// but leaves out of an environment what the build before may be allowed, and the new one is not.
func but(environment map[string]string) map[string]string {
	return lo.OmitByKeys(environment, []string{config.EnvAllowUnknown})
}

// workers looks at what makes it possible that there are several, and that each may end at any time.
func (c *check) workers() {
	w := c.Services["worker"]
	c.want(w.Deploy.Replicas >= 2, "worker: there are not two of it")
	c.want(len(w.Ports) == 0, "worker: two of it cannot have the same port of the host")
	for _, name := range []string{"worker", "worker-previous"} {
		s := c.Services[name]
		c.want(s.StopGracePeriod >= longestStop, "%s: is not given %s to end", name, longestStop)
		c.want(fmt.Sprint(but(s.Environment)) == fmt.Sprint(but(w.Environment)) && slices.Equal(s.Volumes, w.Volumes) && slices.Equal(s.Secrets, w.Secrets),
			"%s: does not have what worker has", name)
	}
	c.want(c.Services["worker-previous"].Environment[config.EnvAllowUnknown] == "1", "worker-previous: would not start with a setting that is new")
}
