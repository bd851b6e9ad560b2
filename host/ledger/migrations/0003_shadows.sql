-- Rehearsals: what a shadow does is recorded like everything else, and marked.

-- The schedule that it rehearsed beside; NULL: it was no rehearsal.
ALTER TABLE occurrences ADD COLUMN shadow_of TEXT;
