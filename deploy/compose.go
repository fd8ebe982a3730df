// Package deploy reads docker-compose.yml, for the tests: those that hold it against the programs, and the
// end-to-end test that runs the programs with the environment it gives them. No program imports it.
package deploy

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Compose is the file, as far as ours uses what there is. What it does not know it does not read.
type Compose struct {
	Name     string             `yaml:"name"`
	Services map[string]Service `yaml:"services"`
	Secrets  map[string]Secret  `yaml:"secrets"`
	Volumes  map[string]any     `yaml:"volumes"`
	// Parts are what begins with x-, which the services are put together from.
	Parts map[string]any `yaml:",inline"`
}

// Service is what one container, or several alike, are made from.
type Service struct {
	Image           string                `yaml:"image"`
	Build           *Build                `yaml:"build"`
	PullPolicy      string                `yaml:"pull_policy"`
	Entrypoint      []string              `yaml:"entrypoint"`
	Command         []string              `yaml:"command"`
	Environment     map[string]string     `yaml:"environment"`
	Secrets         []string              `yaml:"secrets"`
	Volumes         []string              `yaml:"volumes"`
	Ports           []string              `yaml:"ports"`
	Networks        any                   `yaml:"networks"`
	DependsOn       map[string]Dependency `yaml:"depends_on"`
	Healthcheck     *Healthcheck          `yaml:"healthcheck"`
	Deploy          Deployment            `yaml:"deploy"`
	Restart         string                `yaml:"restart"`
	StopGracePeriod time.Duration         `yaml:"stop_grace_period"`
	Profiles        []string              `yaml:"profiles"`
	User            string                `yaml:"user"`
	ReadOnly        bool                  `yaml:"read_only"`
	CapDrop         []string              `yaml:"cap_drop"`
	SecurityOpt     []string              `yaml:"security_opt"`
	ShmSize         string                `yaml:"shm_size"`
	Logging         any                   `yaml:"logging"`
}

// Build says what an image is made from.
type Build struct {
	Context string            `yaml:"context"`
	Args    map[string]string `yaml:"args"`
}

// Dependency is what has to be true of another service before one is started.
type Dependency struct {
	Condition string `yaml:"condition"`
}

// Healthcheck is how it is found out whether a container is well.
type Healthcheck struct {
	Test        []string      `yaml:"test"`
	Interval    time.Duration `yaml:"interval"`
	Timeout     time.Duration `yaml:"timeout"`
	StartPeriod time.Duration `yaml:"start_period"`
	Retries     int           `yaml:"retries"`
}

// Deployment is how many containers there are of a service, 0 for one, and what each may take.
type Deployment struct {
	Replicas  int `yaml:"replicas"`
	Resources any `yaml:"resources"`
}

// Secret is a file that a service sees under /run/secrets.
type Secret struct {
	File string `yaml:"file"`
}

// Parse reads the file's content, with the variables that stand in it: those of the file .env. What is not
// known here is refused, for it is most likely misspelt.
func Parse(content []byte, variables map[string]string) (*Compose, error) {
	text, err := interpolate(string(content), variables)
	if err != nil {
		return nil, err
	}
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.KnownFields(true)
	var c Compose
	if err := decoder.Decode(&c); err != nil {
		return nil, err
	}
	for name := range c.Parts {
		if !strings.HasPrefix(name, "x-") {
			return nil, fmt.Errorf("field %s not found at the top", name)
		}
	}
	return &c, nil
}

// WorkerEnvironment is the environment that the compose file at this path gives the service worker, with no
// variable set in .env. Paths in it are those in the container.
func WorkerEnvironment(path string) (map[string]string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, err := Parse(content, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	worker, there := c.Services["worker"]
	if !there {
		return nil, fmt.Errorf("%s has no service worker", path)
	}
	return worker.Environment, nil
}
