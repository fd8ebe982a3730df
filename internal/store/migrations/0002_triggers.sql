-- +goose Up
ALTER TABLE districts
    -- the time zone of cron expressions
    ADD COLUMN time_zone text NOT NULL DEFAULT 'Europe/Moscow',
    -- when all schools are gone through, a cron expression; '' is never
    ADD COLUMN nightly text NOT NULL DEFAULT '30 2 * * *';

ALTER TABLE feeds
    -- sealed; signs "the roster has changed"
    ADD COLUMN push_secret bytea;

ALTER TABLE schools
    ADD COLUMN schedule jsonb NOT NULL DEFAULT '{"every": "30m"}';

ALTER TABLE passes
    -- id of the request it serves; of several merged, the most urgent one's
    ADD COLUMN request_id text NOT NULL DEFAULT '';

ALTER TABLE communities
    -- whether the token was found to be this community's
    ADD COLUMN checked         boolean NOT NULL DEFAULT false,
    -- what VK's callback protocol needs: the string that confirms the address, and the sealed secret
    -- that every event carries
    ADD COLUMN confirmation    text NOT NULL DEFAULT '',
    ADD COLUMN callback_secret bytea,
    -- whether a worker listens by long poll
    ADD COLUMN long_poll       boolean NOT NULL DEFAULT false,
    -- the event stream has no gap since, and is proven until
    ADD COLUMN events_since    timestamptz,
    ADD COLUMN events_until    timestamptz;

ALTER TABLE plans
    -- 0 is the pass's own plan; others are urgent parts let through while it ran
    ADD COLUMN part integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT plans_school_id_epoch_chat_type_key,
    ADD UNIQUE (school_id, epoch, chat_type, part);

CREATE INDEX open_passes ON passes (school_id) WHERE finished_at IS NULL;

-- Requests for passes that have been decided on and not yet handed to the lanes. A row is written in
-- the transaction that makes the pass needed, so neither is ever there without the other.
CREATE TABLE outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    school_id  text NOT NULL REFERENCES schools ON DELETE CASCADE,
    trigger    text NOT NULL,
    scope      jsonb NOT NULL DEFAULT '{}',
    verify     boolean NOT NULL DEFAULT false,
    requested_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_of_school ON outbox (school_id, id);

-- Events of the messenger that have been taken, by the messenger's own id, so that none is taken twice.
CREATE TABLE events (
    school_id text NOT NULL REFERENCES schools ON DELETE CASCADE,
    event_id  text NOT NULL,
    taken_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (school_id, event_id)
);
CREATE INDEX events_by_age ON events (taken_at);

-- Activities that have been given to somebody anew: whoever has an earlier attempt is refused.
CREATE TABLE attempts (
    school_id text NOT NULL REFERENCES schools ON DELETE CASCADE,
    activity  text NOT NULL,
    attempt   integer NOT NULL,
    PRIMARY KEY (school_id, activity)
);

CREATE TABLE sweeps (
    id           text PRIMARY KEY,
    workflow_id  text NOT NULL,
    district_id  text NOT NULL REFERENCES districts ON DELETE CASCADE,
    trigger      text NOT NULL,
    requested_by text NOT NULL DEFAULT '',
    schools      integer NOT NULL,
    started_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz,
    report       jsonb
);
CREATE INDEX sweeps_of_district ON sweeps (district_id, started_at);

ALTER TABLE holds
    -- waiting, approved, rejected or expired
    ADD COLUMN state      text NOT NULL DEFAULT 'waiting',
    ADD COLUMN decided_by text NOT NULL DEFAULT '',
    ADD COLUMN decided_at timestamptz;

-- +goose Down
ALTER TABLE holds DROP COLUMN state, DROP COLUMN decided_by, DROP COLUMN decided_at;
DROP INDEX open_passes;
DROP TABLE sweeps, attempts, events, outbox;
DELETE FROM plans WHERE part > 0;
ALTER TABLE plans DROP CONSTRAINT plans_school_id_epoch_chat_type_part_key, DROP COLUMN part,
    ADD UNIQUE (school_id, epoch, chat_type);
ALTER TABLE passes DROP COLUMN request_id;
ALTER TABLE communities DROP COLUMN checked, DROP COLUMN confirmation, DROP COLUMN callback_secret, DROP COLUMN long_poll,
    DROP COLUMN events_since, DROP COLUMN events_until;
ALTER TABLE schools DROP COLUMN schedule;
ALTER TABLE feeds DROP COLUMN push_secret;
ALTER TABLE districts DROP COLUMN time_zone, DROP COLUMN nightly;
