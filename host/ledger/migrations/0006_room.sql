-- What waits and is held by nobody, by what is limited together: behind a full limit nothing is walked over.
CREATE INDEX occurrences_by_room ON occurrences (plugin, COALESCE(account, ''), priority, ready_at, due)
    WHERE outcome IS NULL AND host IS NULL AND operation IS NULL;

-- Limits are seen there, so this one is narrow again.
DROP INDEX occurrences_waiting;
CREATE INDEX occurrences_waiting ON occurrences (priority, ready_at, due) WHERE outcome IS NULL;
