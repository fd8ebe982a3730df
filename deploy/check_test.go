package deploy_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"github.com/rollcall-edu/rollcall/deploy"
	"github.com/rollcall-edu/rollcall/internal/config"
)

// The files that have to agree with each other, by their paths.
const (
	composeFile    = "docker-compose.yml"
	imageFile      = "Dockerfile"
	prometheusFile = "deploy/prometheus/prometheus.yml"
	collectorFile  = "deploy/otel-collector/config.yaml"
	sourcesFile    = "deploy/grafana/provisioning/datasources/rollcall.yaml"
	boardsFile     = "deploy/grafana/provisioning/dashboards/rollcall.yaml"
	dynamicFile    = "deploy/temporal/dynamicconfig.yaml"
	namespaceFile  = "deploy/temporal/namespace.sh"
	stackFile      = "devstack/go.mod"
)

// deployment is all that the check looks at.
type deployment struct {
	files    map[string]string
	settings []config.Setting
	// root has what deploy/secrets.sh makes.
	root string
}

// ours is the deployment as it is, with what deploy/secrets.sh has made in a folder.
func ours(t *testing.T, root string) *deployment {
	t.Helper()
	d := &deployment{files: map[string]string{}, settings: config.Registry(), root: root}
	for _, file := range []string{composeFile, imageFile, prometheusFile, collectorFile, sourcesFile, boardsFile, dynamicFile, namespaceFile, stackFile} {
		d.files[file] = read(t, file)
	}
	return d
}

func TestTheFilesAgreeWithThePrograms(t *testing.T) {
	t.Parallel()
	require.Empty(t, ours(t, made(t)).problems())
}

// everything that may stand in .env, or is the shell's.
var everything = map[string]string{
	"BUILD_ID": "1.4.0", "PREVIOUS_BUILD_ID": "1.3.0", "RUN_AS": "1000:1000", "ROSTERS": "./roster",
	"ROLLCALL_MAX_CA_FILE": "/run/secrets/max-ca.pem", "ROLLCALL_MAX_ADDING": "1",
	"ROLLCALL_PORTAL_URL": "https://portal.example/rollcall", "ROLLCALL_EVENTS_ADDRESS": ":8180",
	"ROLLCALL_LOG_LEVEL": "warn", "ROLLCALL_TRACES_KEPT": "1h", "ROLLCALL_ALLOW_UNKNOWN": "1", "USER": "i.petrov",
}

// problems lists all that does not agree, sorted, with nothing in .env and with everything.
func (d *deployment) problems() []string {
	var all []string
	for _, variables := range []map[string]string{nil, everything} {
		compose, err := deploy.Parse([]byte(d.files[composeFile]), variables)
		if err != nil {
			return []string{composeFile + ": " + err.Error()}
		}
		c := &check{deployment: d, Compose: compose, outside: variables}
		c.image()
		c.variables()
		for _, name := range slices.Sorted(maps.Keys(compose.Services)) {
			c.service(name, compose.Services[name])
		}
		c.order()
		c.workers()
		c.versions()
		c.telemetry()
		c.temporal()
		all = append(all, c.found...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// check collects problems.
type check struct {
	*deployment
	*deploy.Compose
	// outside are the variables that the file was read with.
	outside map[string]string
	// programs are what is in the image.
	programs []string
	found    []string
}

func (c *check) refuse(format string, args ...any) {
	c.found = append(c.found, fmt.Sprintf(format, args...))
}

// want refuses unless something is so.
func (c *check) want(is bool, format string, args ...any) {
	if !is {
		c.refuse(format, args...)
	}
}

// variables refuses what stands in the file and is not described at its beginning, or the other way round.
func (c *check) variables() {
	head, _, _ := strings.Cut(c.files[composeFile], "\nname:")
	for _, found := range regexp.MustCompile(`\$\{([A-Z_]+)`).FindAllStringSubmatch(c.files[composeFile], -1) {
		c.want(strings.Contains(head, found[1]), "%s is not described at the beginning of %s", found[1], composeFile)
		c.want(lo.HasKey(everything, found[1]), "%s is not among what the check sets", found[1])
	}
	for name := range everything {
		c.want(strings.Contains(c.files[composeFile], "${"+name), "%s is used nowhere in %s", name, composeFile)
	}
}

// image looks at what is built.
func (c *check) image() {
	text := c.files[imageFile]
	stages := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatchIndex(text, -1)
	if len(stages) < 2 {
		c.refuse("%s has no stage of its own for building", imageFile)
		return
	}
	for _, stage := range stages {
		c.pinned(imageFile, text[stage[2]:stage[3]])
	}
	last := text[stages[len(stages)-1][0]:]
	c.want(strings.Contains(text, "CGO_ENABLED=0"), "%s does not link the programs statically", imageFile)
	user := regexp.MustCompile(`(?m)^USER (\d+):(\d+)$`).FindStringSubmatch(last)
	c.want(user != nil && user[1] != "0", "%s runs the programs as root", imageFile)
	c.want(strings.Contains(last, "ARG BUILD_ID") && strings.Contains(last, "ENV "+config.EnvBuildID+"=${BUILD_ID}"), "%s does not put BUILD_ID into %s", imageFile, config.EnvBuildID)
	c.want(strings.Contains(last, "ca-certificates.crt"), "%s brings no certificates", imageFile)
	for _, copied := range regexp.MustCompile(`(?m)^COPY --from=build (.+) /usr/local/bin/$`).FindAllStringSubmatch(last, -1) {
		for _, file := range strings.Fields(copied[1]) {
			c.programs = append(c.programs, filepath.Base(file))
			c.want(regexp.MustCompile(`go build .*-o `+regexp.QuoteMeta(file)+` `).MatchString(text), "%s copies %s, which it does not build", imageFile, file)
		}
	}
}

// pinned refuses an image that may be another one tomorrow.
func (c *check) pinned(where, image string) {
	_, tag, _ := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	c.want(regexp.MustCompile(`^v?\d+\.\d+`).MatchString(tag), "%s: the image %s is not pinned to a version", where, image)
}

// versions holds Temporal's images to what the tests run, and PostgreSQL to what the programs need.
func (c *check) versions() {
	version := func(module string) string {
		found := regexp.MustCompile(`(?m)^\s` + regexp.QuoteMeta(module) + ` v(\S+)$`).FindStringSubmatch(c.files[stackFile])
		if found == nil {
			c.refuse("%s does not name %s", stackFile, module)
			return ""
		}
		return found[1]
	}
	server, ui := version("go.temporal.io/server"), version("github.com/temporalio/ui-server/v2")
	for service, image := range map[string]string{
		"temporal": "temporalio/server:" + server, "temporal-schema": "temporalio/admin-tools:" + server,
		"temporal-namespace": "temporalio/admin-tools:" + server, "temporal-ui": "temporalio/ui:" + ui,
	} {
		c.want(c.Services[service].Image == image, "%s: the image is %s, tested is %s", service, c.Services[service].Image, image)
	}
	var major int
	_, err := fmt.Sscanf(c.Services["postgres"].Image, "postgres:%d.", &major)
	// From 18 on the image keeps its data elsewhere.
	c.want(err == nil && major >= 15 && major < 18, "postgres: the image %s is not PostgreSQL 15 to 17", c.Services["postgres"].Image)
}

// there tells whether a path is in the repository, or deploy/secrets.sh makes it.
func (c *check) there(path string) bool {
	return lo.SomeBy([]string{"..", c.root}, func(root string) bool {
		_, err := os.Stat(filepath.Join(root, path))
		return err == nil
	})
}
