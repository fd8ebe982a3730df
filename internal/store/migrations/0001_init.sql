-- +goose Up
CREATE TABLE districts (
    id         text PRIMARY KEY,
    name       text NOT NULL,
    titles     jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE feeds (
    id          text PRIMARY KEY,
    district_id text NOT NULL REFERENCES districts,
    location    text NOT NULL,
    -- the file set looked at last, whatever came of it
    fingerprint text NOT NULL DEFAULT '',
    -- what the last accepted reading looked like, to tell a damaged one by
    receipt     jsonb,
    accepted_at timestamptz,
    -- what is wrong since then; null where the last reading was accepted
    problem     jsonb,
    read_at     timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE schools (
    id            text PRIMARY KEY,
    district_id   text NOT NULL REFERENCES districts,
    feed_id       text NOT NULL REFERENCES feeds,
    source_id     text NOT NULL,
    name          text NOT NULL,
    subject_chats boolean NOT NULL DEFAULT true,
    -- digest of the snapshot in force
    snapshot      text,
    -- why the last reading was not taken over for this school
    problem       jsonb,
    created_at    timestamptz NOT NULL DEFAULT now(),
    UNIQUE (feed_id, source_id)
);

-- One row per school and token. Every messenger request begins with one update of this row,
-- which takes budget and checks the fence.
CREATE TABLE communities (
    school_id       text PRIMARY KEY REFERENCES schools ON DELETE CASCADE,
    community_id    bigint,
    token           bytea,
    token_set_at    timestamptz,
    -- raised at every pass; whoever comes with an older one is refused
    epoch           bigint NOT NULL DEFAULT 0,
    -- when the token's next request may leave (GCRA)
    next_request_at timestamptz NOT NULL DEFAULT 'epoch',
    -- whether the token may add people: '', granted, denied
    adding          text NOT NULL DEFAULT '',
    -- code of the refusal; null while the token is good as far as we know
    refused         text
) WITH (fillfactor = 50);

CREATE TABLE snapshots (
    school_id  text NOT NULL REFERENCES schools ON DELETE CASCADE,
    digest     text NOT NULL,
    sealed     bytea NOT NULL,
    people     integer NOT NULL,
    classes    integer NOT NULL,
    faults     integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (school_id, digest)
);

-- The mirror: chats as the messenger has them, as far as we know.
CREATE TABLE chats (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    school_id   text NOT NULL REFERENCES schools ON DELETE CASCADE,
    key         text NOT NULL,
    type        text NOT NULL,
    class_id    text NOT NULL DEFAULT '',
    year        text NOT NULL DEFAULT '',
    state       text NOT NULL,
    title       text NOT NULL,
    -- the messenger's name of the chat; null until its creation is confirmed
    ref         text,
    -- the title under which it is created, by which it is found after a lost reply
    nonce       text NOT NULL,
    -- when the messenger was asked to make it; until then it cannot exist
    asked_at    timestamptz,
    link        bytea,
    -- code of what is wrong with the chat
    problem     text,
    verified_at timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (school_id, key)
);

CREATE TABLE chat_members (
    chat_id   bigint NOT NULL REFERENCES chats ON DELETE CASCADE,
    account   bigint NOT NULL,
    person_id text NOT NULL DEFAULT '',
    reasons   jsonb NOT NULL DEFAULT '[]',
    state     text NOT NULL,
    admin     boolean NOT NULL DEFAULT false,
    put_back  boolean NOT NULL DEFAULT false,
    -- why the messenger refused the person, and when to try again
    problem   text,
    retry_at  timestamptz,
    since     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (chat_id, account)
);

CREATE TABLE passes (
    school_id    text NOT NULL REFERENCES schools ON DELETE CASCADE,
    epoch        bigint NOT NULL,
    trigger      text NOT NULL,
    requested_by text NOT NULL DEFAULT '',
    verify       boolean NOT NULL,
    scope        jsonb NOT NULL,
    snapshot     text,
    requests     integer NOT NULL,
    started_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz,
    outcome      text,
    report       jsonb,
    PRIMARY KEY (school_id, epoch)
);

CREATE TABLE requests (
    id           text NOT NULL,
    school_id    text NOT NULL REFERENCES schools ON DELETE CASCADE,
    trigger      text NOT NULL,
    requested_by text NOT NULL DEFAULT '',
    received_at  timestamptz NOT NULL DEFAULT now(),
    epoch        bigint,
    outcome      text,
    problem      jsonb,
    answered_at  timestamptz,
    PRIMARY KEY (school_id, id)
);

CREATE TABLE plans (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    school_id  text NOT NULL REFERENCES schools ON DELETE CASCADE,
    epoch      bigint NOT NULL,
    chat_type  text NOT NULL,
    snapshot   text NOT NULL,
    digest     text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (school_id, epoch, chat_type)
);

CREATE TABLE plan_operations (
    plan_id  bigint NOT NULL REFERENCES plans ON DELETE CASCADE,
    seq      integer NOT NULL,
    chat_key text NOT NULL,
    step     smallint NOT NULL,
    kind     text NOT NULL,
    account  bigint NOT NULL DEFAULT 0,
    person_id text NOT NULL DEFAULT '',
    title    text NOT NULL DEFAULT '',
    rule     text NOT NULL,
    reasons  jsonb NOT NULL DEFAULT '[]',
    state    text NOT NULL DEFAULT 'pending',
    code     text,
    done_at  timestamptz,
    PRIMARY KEY (plan_id, seq)
);

CREATE TABLE holds (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    school_id text NOT NULL REFERENCES schools ON DELETE CASCADE,
    chat_type text NOT NULL,
    chat_key  text NOT NULL,
    kind      text NOT NULL,
    operation jsonb NOT NULL,
    faults    text[] NOT NULL DEFAULT '{}',
    since     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX holds_of_type ON holds (school_id, chat_type);

-- The digest of the holds stored for a chat type: an unchanged set is no work.
CREATE TABLE hold_sets (
    school_id text NOT NULL REFERENCES schools ON DELETE CASCADE,
    chat_type text NOT NULL,
    digest    text NOT NULL,
    PRIMARY KEY (school_id, chat_type)
);

-- Who was shown what must not be seen by everybody, or changed it.
CREATE TABLE audit (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT now(),
    actor     text NOT NULL,
    act       text NOT NULL,
    school_id text NOT NULL DEFAULT '',
    subject   text NOT NULL DEFAULT ''
);

-- +goose Down
DROP TABLE audit, hold_sets, holds, plan_operations, plans, requests, passes, chat_members, chats, snapshots,
    communities, schools, feeds, districts;
