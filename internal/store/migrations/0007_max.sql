-- +goose Up
ALTER TABLE schools
    -- the school that this one takes over from, once its chats are there, on another messenger; null is a school of its own
    ADD COLUMN successor_of text UNIQUE REFERENCES schools,
    DROP CONSTRAINT schools_feed_id_source_id_key;
CREATE UNIQUE INDEX schools_of_source ON schools (feed_id, source_id) WHERE successor_of IS NULL;

ALTER TABLE communities
    -- which messenger the school's chats live on: vk or max
    ADD COLUMN messenger text NOT NULL DEFAULT 'vk',
    -- from where on the events of a long poll are to be told, where the messenger keeps them; null is from now on
    ADD COLUMN events_marker text;

ALTER TABLE chats
    -- the one-time code by which a chat that a person makes is known; null where the messenger makes chats
    ADD COLUMN code  text UNIQUE,
    -- rights that the community needs in the chat and does not have
    ADD COLUMN lacks text[] NOT NULL DEFAULT '{}',
    -- random id of the last message before the chat is left, recorded before it is sent; and when it was sent
    ADD COLUMN farewell     integer,
    ADD COLUMN farewell_at  timestamptz;

-- Chats on a messenger that the school has left.
CREATE TABLE left_chats (
    school_id text NOT NULL REFERENCES schools ON DELETE CASCADE,
    messenger text NOT NULL,
    ref       text NOT NULL,
    key       text NOT NULL,
    type      text NOT NULL,
    title     text NOT NULL,
    members   integer NOT NULL,
    left_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (school_id, messenger, ref)
);

ALTER TABLE chat_members
    -- owns the chat: cannot be turned out where the messenger has owners
    ADD COLUMN owner boolean NOT NULL DEFAULT false;

-- Chats that the community was let into and that are none of the school's yet.
CREATE TABLE standings (
    school_id text NOT NULL REFERENCES schools ON DELETE CASCADE,
    ref       text NOT NULL,
    since     timestamptz NOT NULL DEFAULT now(),
    -- when it was read last since something happened there; null is that it is to be read
    looked_at timestamptz,
    -- counts what has happened there, so that nothing is lost that happens while it is read
    touched   integer NOT NULL DEFAULT 0,
    -- why it was not adopted then; its title, and the account that owns it, 0 if that is not to be seen
    problem   text NOT NULL DEFAULT '',
    title     text NOT NULL DEFAULT '',
    owner     bigint NOT NULL DEFAULT 0,
    lacks     text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (school_id, ref)
);

-- +goose Down
DROP TABLE standings, left_chats;
-- Nothing of before knows another messenger, or a chat that a person is to make.
DELETE FROM chats WHERE state = 'awaited';
UPDATE communities SET community_id = NULL, token = NULL, long_poll = false WHERE messenger <> 'vk';
ALTER TABLE chat_members DROP COLUMN owner;
ALTER TABLE chats DROP COLUMN code, DROP COLUMN lacks, DROP COLUMN farewell, DROP COLUMN farewell_at;
DELETE FROM schools WHERE successor_of IS NOT NULL;
DROP INDEX schools_of_source;
ALTER TABLE schools DROP COLUMN successor_of, ADD UNIQUE (feed_id, source_id);
ALTER TABLE communities DROP COLUMN messenger, DROP COLUMN events_marker;
