-- +goose Up
ALTER TABLE communities
    -- the proxy that the school's traffic goes through, sealed as a whole; null is none
    ADD COLUMN proxy        bytea,
    -- when it was set, or taken away, last; null is never
    ADD COLUMN proxy_set_at timestamptz;

-- +goose Down
ALTER TABLE communities DROP COLUMN proxy, DROP COLUMN proxy_set_at;
