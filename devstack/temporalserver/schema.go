package temporalserver

import (
	"context"
	"fmt"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/tools/common/schema"
	"go.temporal.io/server/tools/sql"
)

// The databases, each with the name of its embedded schema.
const (
	MainDatabase       = "temporal"
	VisibilityDatabase = "temporal_visibility"

	mainSchema       = "postgresql/v12/temporal"
	visibilitySchema = "postgresql/v12/visibility"
)

// Databases is the PostgreSQL server that holds the data.
type Databases interface {
	// DSN returns a database's address, postgres://user:password@host:port/name.
	DSN(database string) string
	// CreateDatabase leaves a database that exists as it is.
	CreateDatabase(ctx context.Context, name string) error
}

// migrate makes the databases and brings their schema to this server's version, from any earlier one. It
// works below Temporal's command-line tool, which ends the process on an error.
func migrate(ctx context.Context, db Databases, persistence config.Persistence, logger log.Logger) error {
	for database, schemaName := range map[string]string{
		MainDatabase:       mainSchema,
		VisibilityDatabase: visibilitySchema,
	} {
		if err := db.CreateDatabase(ctx, database); err != nil {
			return err
		}
		if err := migrateDatabase(persistence.DataStores[database].SQL, schemaName, "", logger); err != nil {
			return fmt.Errorf("bring the schema of database %s up to date: %w", database, err)
		}
	}
	return nil
}

// migrateDatabase goes up to the target version, the newest when it is "".
func migrateDatabase(cfg *config.SQL, schemaName, target string, logger log.Logger) error {
	conn, err := sql.NewConnection(cfg, logger)
	if err != nil {
		return err
	}
	defer conn.Close()
	// Version 0.0 is the empty schema: on a database that has one already, this changes nothing.
	setup := &schema.SetupConfig{InitialVersion: "0.0"}
	if err := schema.NewSetupSchemaTask(conn, setup, logger).Run(); err != nil {
		return err
	}
	update := &schema.UpdateConfig{SchemaName: schemaName, TargetVersion: target}
	return schema.NewUpdateSchemaTask(conn, update, logger).Run()
}
