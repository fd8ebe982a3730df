-- +goose Up
ALTER TABLE schools
    -- what the Portal calls the school; '' is its source_id
    ADD COLUMN portal_id text NOT NULL DEFAULT '';

ALTER TABLE communities
    -- a person's token, sealed, with which rooms for video calls are made; the code with which it was refused
    ADD COLUMN user_token         bytea,
    ADD COLUMN user_token_refused text,
    -- sealed; signs calls that are pushed
    ADD COLUMN calls_secret       bytea;

-- A school's account links, as one sealed document, and how their reading stands.
CREATE TABLE account_links (
    school_id   text PRIMARY KEY REFERENCES schools ON DELETE CASCADE,
    sealed      bytea,
    linked      integer NOT NULL DEFAULT 0,
    -- the Portal's time of the last reading that was taken, and ours; null before the first
    as_of       timestamptz,
    read_at     timestamptz,
    -- when all links were read last, and not only what had changed
    complete_at timestamptz,
    -- what is wrong since then; null where the last reading was taken
    problem     jsonb,
    -- how many undone links may be accepted, since a reading was refused for them; null where none was
    refused_loss integer
);

-- Video calls, with what has been done about each.
CREATE TABLE calls (
    school_id  text NOT NULL REFERENCES schools ON DELETE CASCADE,
    id         text NOT NULL,
    -- who told of it last: feed or push
    source     text NOT NULL,
    -- the call, sealed, and its digest
    sealed     bytea NOT NULL,
    digest     text NOT NULL,
    -- when a push said so; what was said earlier and comes later is not heard
    said_at    timestamptz,
    -- when we took in what it says now
    held_at    timestamptz NOT NULL DEFAULT now(),
    ends_at    timestamptz NOT NULL,
    cancelled  boolean NOT NULL,
    -- sealed; where it takes place, if the messenger made the room
    room       bytea,
    -- sealed; the message that announces it, recorded before it is sent
    posted     bytea,
    -- digest of what the Portal shows of it, and when it showed it first
    shown      text,
    -- the organisation in which it does
    shown_in   text,
    shown_at   timestamptz,
    -- the wait until it was first shown: from its publication, and from our taking it in
    lag        interval,
    held_lag   interval,
    problem    text,
    -- nothing more is to be done about it
    done_at    timestamptz,
    PRIMARY KEY (school_id, id)
);
CREATE INDEX open_calls ON calls (ends_at) WHERE done_at IS NULL;

-- The chats that the Portal shows.
CREATE TABLE published_chats (
    school_id    text NOT NULL REFERENCES schools ON DELETE CASCADE,
    organisation text NOT NULL,
    key          text NOT NULL,
    digest       text NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (school_id, organisation, key)
);

-- +goose Down
DROP TABLE published_chats, calls, account_links;
ALTER TABLE schools DROP COLUMN portal_id;
ALTER TABLE communities DROP COLUMN user_token, DROP COLUMN user_token_refused, DROP COLUMN calls_secret;
