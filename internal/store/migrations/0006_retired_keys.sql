-- +goose Up
-- Keys that seal nothing any more. What such a key sealed could never be opened: so the database takes no
-- value of theirs, whoever brings it, and however old the keyset is that they have.
CREATE TABLE retired_keys (
    -- what every value of the key begins with: a byte that says so, and the key's id
    prefix     bytea PRIMARY KEY,
    retired_at timestamptz NOT NULL DEFAULT now()
);

-- +goose StatementBegin
-- Volatile, so that it sees what was committed by the time it is asked, and not when its statement began.
CREATE FUNCTION sealed_by_retired_key(sealed bytea) RETURNS boolean LANGUAGE sql VOLATILE AS $$
    SELECT EXISTS (SELECT FROM retired_keys WHERE prefix = substring(sealed FOR 5));
$$;

CREATE FUNCTION refuse_retired_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'RC001', MESSAGE = 'a value was sealed with a key that has been retired';
END;
$$;
-- +goose StatementEnd

CREATE TRIGGER token_by_retired_key BEFORE INSERT OR UPDATE OF token ON communities
    FOR EACH ROW WHEN (sealed_by_retired_key(NEW.token)) EXECUTE FUNCTION refuse_retired_key();
CREATE TRIGGER user_token_by_retired_key BEFORE INSERT OR UPDATE OF user_token ON communities
    FOR EACH ROW WHEN (sealed_by_retired_key(NEW.user_token)) EXECUTE FUNCTION refuse_retired_key();
CREATE TRIGGER callback_secret_by_retired_key BEFORE INSERT OR UPDATE OF callback_secret ON communities
    FOR EACH ROW WHEN (sealed_by_retired_key(NEW.callback_secret)) EXECUTE FUNCTION refuse_retired_key();
CREATE TRIGGER calls_secret_by_retired_key BEFORE INSERT OR UPDATE OF calls_secret ON communities
    FOR EACH ROW WHEN (sealed_by_retired_key(NEW.calls_secret)) EXECUTE FUNCTION refuse_retired_key();
CREATE TRIGGER proxy_by_retired_key BEFORE INSERT OR UPDATE OF proxy ON communities
    FOR EACH ROW WHEN (sealed_by_retired_key(NEW.proxy)) EXECUTE FUNCTION refuse_retired_key();
CREATE TRIGGER push_secret_by_retired_key BEFORE INSERT OR UPDATE OF push_secret ON feeds
    FOR EACH ROW WHEN (sealed_by_retired_key(NEW.push_secret)) EXECUTE FUNCTION refuse_retired_key();
CREATE TRIGGER sealed_by_retired_key BEFORE INSERT OR UPDATE OF sealed ON account_links
    FOR EACH ROW WHEN (sealed_by_retired_key(NEW.sealed)) EXECUTE FUNCTION refuse_retired_key();
CREATE TRIGGER sealed_by_retired_key BEFORE INSERT OR UPDATE OF sealed ON calls
    FOR EACH ROW WHEN (sealed_by_retired_key(NEW.sealed)) EXECUTE FUNCTION refuse_retired_key();
CREATE TRIGGER room_by_retired_key BEFORE INSERT OR UPDATE OF room ON calls
    FOR EACH ROW WHEN (sealed_by_retired_key(NEW.room)) EXECUTE FUNCTION refuse_retired_key();
CREATE TRIGGER posted_by_retired_key BEFORE INSERT OR UPDATE OF posted ON calls
    FOR EACH ROW WHEN (sealed_by_retired_key(NEW.posted)) EXECUTE FUNCTION refuse_retired_key();
CREATE TRIGGER link_by_retired_key BEFORE INSERT OR UPDATE OF link ON chats
    FOR EACH ROW WHEN (sealed_by_retired_key(NEW.link)) EXECUTE FUNCTION refuse_retired_key();
CREATE TRIGGER sealed_by_retired_key BEFORE INSERT OR UPDATE OF sealed ON snapshots
    FOR EACH ROW WHEN (sealed_by_retired_key(NEW.sealed)) EXECUTE FUNCTION refuse_retired_key();

-- +goose Down
DROP TRIGGER token_by_retired_key ON communities;
DROP TRIGGER user_token_by_retired_key ON communities;
DROP TRIGGER callback_secret_by_retired_key ON communities;
DROP TRIGGER calls_secret_by_retired_key ON communities;
DROP TRIGGER proxy_by_retired_key ON communities;
DROP TRIGGER push_secret_by_retired_key ON feeds;
DROP TRIGGER sealed_by_retired_key ON account_links;
DROP TRIGGER sealed_by_retired_key ON calls;
DROP TRIGGER room_by_retired_key ON calls;
DROP TRIGGER posted_by_retired_key ON calls;
DROP TRIGGER link_by_retired_key ON chats;
DROP TRIGGER sealed_by_retired_key ON snapshots;
DROP FUNCTION refuse_retired_key;
DROP FUNCTION sealed_by_retired_key;
DROP TABLE retired_keys;
