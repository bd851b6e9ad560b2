-- Shelves whose newest good snapshot may not become too old.

-- Rows are never deleted: since when a schedule is known for a tenant stays known.
CREATE TABLE shelf_ages (
    schedule TEXT NOT NULL,
    tenant TEXT NOT NULL,
    since BIGINT NOT NULL,
    -- Milliseconds; NULL: nothing is asked any more.
    max_age BIGINT,
    -- Since when it was too old, once somebody was told; NULL: it is not.
    told BIGINT,
    PRIMARY KEY (schedule, tenant)
);
