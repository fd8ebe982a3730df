package temporalserver

import (
	"fmt"
	"net/url"
	"time"

	"github.com/samber/lo"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/common/primitives"

	"github.com/rollcall-edu/rollcall/devstack/internal/port"
)

const (
	// shards is the parallelism of history; it is fixed when the data is made. A laptop has few cores.
	shards = 4
	// Each of the four services opens both pools: 4 × (20 + 10) connections at most.
	mainConnections       = 20
	visibilityConnections = 10

	clusterName = "active"
	archivalOff = "disabled"
)

// ports are the gRPC ports of the services.
type ports map[primitives.ServiceName]int

func choosePorts(frontend int) (ports, error) {
	chosen, err := port.Use(frontend, "Temporal", "--temporal-port")
	if err != nil {
		return nil, err
	}
	p := ports{primitives.FrontendService: chosen}
	for _, service := range []primitives.ServiceName{
		primitives.HistoryService, primitives.MatchingService, primitives.WorkerService,
	} {
		free, err := port.Free()
		if err != nil {
			return nil, err
		}
		p[service] = free
	}
	return p, nil
}

func (p ports) frontend() string { return port.Address(p[primitives.FrontendService]) }

// hosts tells each service where the others are, in place of a gossip ring of one machine.
func (p ports) hosts() map[primitives.ServiceName]static.Hosts {
	return lo.MapValues(p, func(n int, _ primitives.ServiceName) static.Hosts {
		return static.SingleLocalHost(port.Address(n))
	})
}

func (p ports) services() map[string]config.Service {
	return lo.MapEntries(p, func(name primitives.ServiceName, n int) (string, config.Service) {
		return string(name), config.Service{RPC: config.RPC{GRPCPort: n, BindOnIP: port.Host}}
	})
}

func serverConfig(p ports, persistence config.Persistence, metricsAddress string) *config.Config {
	off := config.ArchivalNamespaceDefaults{
		History:    config.HistoryArchivalNamespaceDefaults{State: archivalOff},
		Visibility: config.VisibilityArchivalNamespaceDefaults{State: archivalOff},
	}
	return &config.Config{
		Global: config.Global{
			Membership: config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: port.Host},
			Metrics: &metrics.Config{Prometheus: &metrics.PrometheusConfig{
				ListenAddress: metricsAddress, HandlerPath: "/metrics", Framework: "opentelemetry",
			}},
		},
		Persistence: persistence,
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: p.frontend()},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services:            p.services(),
		Archival: config.Archival{
			History:    config.HistoryArchival{State: archivalOff},
			Visibility: config.VisibilityArchival{State: archivalOff},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: off},
		PublicClient:      config.PublicClient{HostPort: p.frontend()},
	}
}

func persistenceConfig(db Databases) (config.Persistence, error) {
	main, err := sqlConfig(db.DSN(MainDatabase), mainConnections)
	if err != nil {
		return config.Persistence{}, err
	}
	visibility, err := sqlConfig(db.DSN(VisibilityDatabase), visibilityConnections)
	if err != nil {
		return config.Persistence{}, err
	}
	return config.Persistence{
		DefaultStore:     MainDatabase,
		VisibilityStore:  VisibilityDatabase,
		NumHistoryShards: shards,
		DataStores: map[string]config.DataStore{
			MainDatabase:       {SQL: main},
			VisibilityDatabase: {SQL: visibility},
		},
	}, nil
}

func sqlConfig(dsn string, connections int) (*config.SQL, error) {
	u, err := url.Parse(dsn)
	if err != nil || u.Host == "" || u.User == nil {
		// The URL holds a password: neither it nor the parser's error, which quotes it, may be shown.
		return nil, fmt.Errorf("the database address is not a URL like postgres://user:password@host:port/database")
	}
	password, _ := u.User.Password()
	return &config.SQL{
		PluginName:      postgresql.PluginNamePGX,
		ConnectProtocol: "tcp",
		ConnectAddr:     u.Host,
		DatabaseName:    u.Path[1:],
		User:            u.User.Username(),
		Password:        password,
		ConnectAttributes: lo.MapValues(u.Query(), func(values []string, _ string) string {
			return values[0]
		}),
		MaxConns:        connections,
		MaxIdleConns:    connections,
		MaxConnLifetime: time.Hour,
	}, nil
}

// dynamicConfig is what Rollcall needs of a server beyond its defaults; docs for production repeat the
// first block.
func dynamicConfig(o Options) dynamicconfig.StaticClient {
	settings := dynamicconfig.StaticClient{
		// Schools share the workers' slots fairly.
		dynamicconfig.MatchingEnableFairness.Key(): true,

		// Order by priority and fairness is kept per partition, and one machine needs one.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
		// A search attribute or a namespace can be used at once after it was made.
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
		dynamicconfig.NamespaceCacheRefreshInterval.Key():           time.Second,
		// A private server calls nobody.
		dynamicconfig.EnableServerVersionCheck.Key(): false,
	}
	if o.SuggestContinueAsNew > 0 {
		settings[dynamicconfig.HistoryCountSuggestContinueAsNew.Key()] = o.SuggestContinueAsNew
	}
	return settings
}
