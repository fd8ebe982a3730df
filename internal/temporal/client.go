package temporal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/log"
)

// Dial connects as the standard configuration says: a profile of the Temporal configuration
// file, and the TEMPORAL_* environment variables over it (TEMPORAL_ADDRESS,
// TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_*). Nothing set means 127.0.0.1:7233.
func Dial(ctx context.Context, logger *slog.Logger) (client.Client, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, fmt.Errorf("read the Temporal configuration: %w", err)
	}
	options.Logger = Logger(logger)
	if err := instrument(&options); err != nil {
		return nil, err
	}
	c, err := client.DialContext(ctx, options)
	if err != nil {
		address := options.HostPort
		if address == "" {
			address = client.DefaultHostPort
		}
		return nil, fmt.Errorf("no Temporal server answers at %s (set TEMPORAL_ADDRESS, or start one): %w", address, err)
	}
	return c, nil
}

// Logger is a logger as the SDK takes it.
func Logger(logger *slog.Logger) log.Logger { return log.NewStructuredLogger(logger) }

// EnsureSearchAttributes registers the search attributes that the namespace lacks and gives
// their names. It may be run twice, and by several processes at once.
func EnsureSearchAttributes(ctx context.Context, c client.Client, namespace string, wanted map[string]enumspb.IndexedValueType) ([]string, error) {
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return nil, fmt.Errorf("list the namespace's search attributes: %w", err)
	}
	missing := map[string]enumspb.IndexedValueType{}
	var names []string
	for name, kind := range wanted {
		if _, there := have.GetCustomAttributes()[name]; !there {
			missing[name] = kind
			names = append(names, name)
		}
	}
	if len(missing) == 0 {
		return nil, nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: missing})
	if _, exists := errors.AsType[*serviceerror.AlreadyExists](err); err != nil && !exists {
		return nil, fmt.Errorf("register search attributes: %w", err)
	}
	return names, nil
}

// Namespace is the namespace that Dial uses.
func Namespace() (string, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return "", fmt.Errorf("read the Temporal configuration: %w", err)
	}
	if options.Namespace == "" {
		return client.DefaultNamespace, nil
	}
	return options.Namespace, nil
}
