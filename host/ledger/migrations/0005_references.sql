-- Snapshots are looked up by the provider's name for them: a name that comes twice, and what a provider lists.
CREATE INDEX snapshots_by_reference ON snapshots (reference);
