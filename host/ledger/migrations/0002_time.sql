-- What time needs: limits, priorities, stops, pauses, notices, states of plugins.

-- `deadline` is, while an occurrence was never claimed, when it is too late to begin; the first claim makes it the moment
-- of that claim and `timeout` (milliseconds).
ALTER TABLE occurrences ADD COLUMN timeout BIGINT NOT NULL DEFAULT 7200000;
-- The due time that it makes up for.
ALTER TABLE occurrences ADD COLUMN covers BIGINT;
-- 0 high, 1 normal, 2 low.
ALTER TABLE occurrences ADD COLUMN priority BIGINT NOT NULL DEFAULT 1;
ALTER TABLE occurrences ADD COLUMN account TEXT;
-- 0: waits for nobody; 1: waits for its turn; 2: a backfill, which lets all others go before it.
ALTER TABLE occurrences ADD COLUMN turn BIGINT NOT NULL DEFAULT 1;
-- Beside `person`. NULL: the timetable, or a person's run now; else `backfill`, `event:NAME`, `after:UUID`.
ALTER TABLE occurrences ADD COLUMN cause TEXT;
-- JSON {outcome, reason}: its holder is asked to end it so. NULL whenever nobody holds it.
ALTER TABLE occurrences ADD COLUMN stop TEXT;

-- By priority, then the longest waiting; plugin and account, so that a limit is seen without reading the row.
DROP INDEX occurrences_waiting;
CREATE INDEX occurrences_waiting ON occurrences (priority, ready_at, due, plugin, account) WHERE outcome IS NULL;
CREATE INDEX occurrences_start_by ON occurrences (deadline) WHERE outcome IS NULL AND fence = 0;
CREATE INDEX occurrences_busy ON occurrences (plugin, account)
    WHERE outcome IS NULL AND (host IS NOT NULL OR operation IS NOT NULL);

-- The timetable in force from `planned_until` on; NULL: none.
ALTER TABLE watermarks ADD COLUMN timetable TEXT;

ALTER TABLE plugins ADD COLUMN state TEXT NOT NULL DEFAULT 'active';
ALTER TABLE plugins ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE plugins ADD COLUMN person TEXT NOT NULL DEFAULT 'host';
ALTER TABLE plugins ADD COLUMN reason TEXT NOT NULL DEFAULT '';
UPDATE plugins SET since = first_seen;

-- Rows are never deleted: which due times were paused stays known.
CREATE TABLE pauses (
    schedule TEXT NOT NULL,
    began BIGINT NOT NULL,
    -- NULL: until somebody resumes it.
    until BIGINT,
    person TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (schedule, began)
);

CREATE TABLE notices (
    name TEXT NOT NULL PRIMARY KEY,
    since BIGINT NOT NULL,
    text TEXT NOT NULL
);

-- What did not succeed is rare, and asked for often.
CREATE INDEX occurrences_unsuccessful ON occurrences (ended_at) WHERE outcome <> 'succeeded';
