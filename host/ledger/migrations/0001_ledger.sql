-- The ledger. Types are TEXT, BIGINT and BLOB only (BYTEA on PostgreSQL, the one word that differs there).
-- Ids are 16 bytes, moments whole milliseconds since 1970 UTC, documents JSON text.

-- Due times of schedules. One row is written before anything runs, and ends in exactly one outcome.
CREATE TABLE occurrences (
    id BLOB NOT NULL PRIMARY KEY,
    schedule TEXT NOT NULL,
    tenant TEXT NOT NULL,
    plugin TEXT NOT NULL,
    due BIGINT NOT NULL,
    deadline BIGINT NOT NULL,
    -- NULL: the timetable; else the person who asked.
    person TEXT,
    planned_at BIGINT NOT NULL,
    -- From when it may be claimed: not before its time, or when the present claim's lease runs out.
    ready_at BIGINT NOT NULL,
    -- The claim: who has it, and how many there were.
    host BLOB,
    fence BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    operation TEXT,
    failure TEXT,
    -- NULL: unfinished.
    outcome TEXT,
    reason TEXT,
    evidence TEXT,
    ended_at BIGINT,
    -- Time first: what is planned together lies together.
    UNIQUE (due, schedule, tenant)
);

-- Unfinished ones are few: small indexes that stay in memory.
CREATE INDEX occurrences_waiting ON occurrences (ready_at, due) WHERE outcome IS NULL;
CREATE INDEX occurrences_under_way ON occurrences (schedule, tenant) WHERE outcome IS NULL;

-- Keyed by time first: rows come in order, where ids alone would scatter every batch over the whole table.
CREATE TABLE attempts (
    due BIGINT NOT NULL,
    occurrence BLOB NOT NULL REFERENCES occurrences (id),
    number BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    digest TEXT NOT NULL,
    ending TEXT NOT NULL,
    failure TEXT,
    detail TEXT NOT NULL,
    PRIMARY KEY (due, occurrence, number)
);

-- Up to which due time each schedule was planned.
CREATE TABLE watermarks (
    schedule TEXT NOT NULL PRIMARY KEY,
    planned_until BIGINT NOT NULL
);

-- The catalog. Rows are never deleted: what is gone stays on record.
CREATE TABLE snapshots (
    id BLOB NOT NULL PRIMARY KEY,
    occurrence BLOB NOT NULL,
    schedule TEXT NOT NULL,
    tenant TEXT NOT NULL,
    plugin TEXT NOT NULL,
    plugin_digest TEXT NOT NULL,
    reference TEXT NOT NULL,
    taken_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    size BIGINT,
    files BIGINT,
    evidence TEXT NOT NULL,
    last_error TEXT,
    verified_at BIGINT,
    gone_at BIGINT
);

CREATE INDEX snapshots_on_shelf ON snapshots (schedule, tenant, taken_at) WHERE state <> 'gone';

CREATE TABLE holds (
    snapshot BLOB NOT NULL REFERENCES snapshots (id),
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    until BIGINT,
    PRIMARY KEY (snapshot, name)
);

CREATE TABLE plugins (
    digest TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    size BIGINT NOT NULL,
    description TEXT NOT NULL,
    first_seen BIGINT NOT NULL
);

-- Values of plugins. The counter outlives a deleted value, so that no version is ever given twice.
CREATE TABLE state_values (
    plugin TEXT NOT NULL,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    value BLOB NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (plugin, tenant, name)
);

CREATE TABLE state_versions (
    plugin TEXT NOT NULL,
    tenant TEXT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (plugin, tenant)
);

-- The audit log: entries as they are hashed, and the right edge of their tree with its signed head.
CREATE TABLE audit_entries (
    sequence BIGINT NOT NULL PRIMARY KEY,
    entry TEXT NOT NULL
);

CREATE TABLE audit_head (
    -- Always 1: there is one head.
    id BIGINT NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    edge BLOB NOT NULL,
    checkpoint TEXT NOT NULL,
    verifier TEXT NOT NULL
);
