-- +goose Up
-- The spans of passes, for rollcall trace, for a day or so. They are there to be looked at and for nothing
-- else: what a crash of the database takes with it is no loss, and so they cost it as little as may be.
CREATE UNLOGGED TABLE spans (
    school_id  text NOT NULL,
    -- the pass; null where a span belongs to none, or it is not known to which
    epoch      bigint,
    trace_id   bytea NOT NULL,
    span_id    bytea NOT NULL,
    parent_id  bytea,
    name       text NOT NULL,
    started_at timestamptz NOT NULL,
    duration   interval NOT NULL,
    -- code of what went wrong; '' is nothing
    status     text NOT NULL,
    attributes jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX spans_of_pass ON spans (school_id, epoch, started_at);
CREATE INDEX spans_by_age ON spans USING brin (started_at);

-- +goose Down
DROP TABLE spans;
