//! Statements sent together: the way to the connection's own thread and back costs more than most of them do.
//!
//! They run in order, each in the transaction that the ones before it left open; the first that fails ends the batch.
//! (PostgreSQL: a pipeline.) Parameters are `?` only, as `QueryBuilder` writes them.

use futures::TryStreamExt;
use sqlx::sqlite::SqliteRow;
use sqlx::{Either, Executor, QueryBuilder, Sqlite, SqliteConnection};

use super::columns::corrupt;
use crate::error::LedgerError;

/// The text of one message, in bytes, beyond which another one is begun: SQLite refuses a million.
const MESSAGE: usize = 256 << 10;

/// Before a number of rows that is bound. With the parameter alone SQLite plans by its value, and so parses and plans the
/// statement anew each time it is bound, which costs more than most statements do.
pub(super) const AT_MOST: &str = " LIMIT 0 + ";

/// The end of an `UPDATE occurrences … FROM given`: without it SQLite looks for every row of the table among a few
/// hundred given ones, instead of the other way round.
pub(super) fn among(given: &str) -> String {
    format!(" AND occurrences.id IN (SELECT id FROM {given})")
}

/// Statements in the making.
pub(super) struct Batch {
    full: Vec<QueryBuilder<Sqlite>>,
    query: QueryBuilder<Sqlite>,
    statements: usize,
}

/// What one statement came to.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) rows: Vec<SqliteRow>,
    /// Rows written; after a select without meaning.
    pub(super) affected: u64,
}

/// What the statements of a batch came to, in order.
pub(super) struct Answers(std::vec::IntoIter<Answer>);

impl Batch {
    pub(super) fn new() -> Self {
        Self {
            full: Vec::new(),
            query: QueryBuilder::new(""),
            statements: 0,
        }
    }

    /// Begins the next statement; what follows is pushed to the builder.
    pub(super) fn add(&mut self, statement: &str) -> &mut QueryBuilder<Sqlite> {
        self.statements += 1;
        let length = self.query.sql().as_str().len();
        match length {
            0 => {}
            1..MESSAGE => {
                self.query.push("; ");
            }
            MESSAGE.. => {
                let next = QueryBuilder::new("");
                self.full.push(std::mem::replace(&mut self.query, next));
            }
        }
        self.query.push(statement)
    }

    /// The text of them all.
    #[cfg(test)]
    pub(super) fn sql(&self) -> String {
        self.query.sql().as_str().to_owned()
    }

    /// How many statements there are.
    pub(super) fn len(&self) -> usize {
        self.statements
    }

    /// Runs them all.
    pub(super) async fn send(
        self,
        connection: &mut SqliteConnection,
    ) -> Result<Answers, LedgerError> {
        let mut answers = Vec::with_capacity(self.statements);
        let mut answer = Answer::default();
        for mut query in self.full.into_iter().chain([self.query]) {
            let mut results = (&mut *connection).fetch_many(query.build());
            while let Some(result) = results.try_next().await? {
                match result {
                    Either::Right(row) => answer.rows.push(row),
                    Either::Left(done) => {
                        answer.affected = done.rows_affected();
                        answers.push(std::mem::take(&mut answer));
                    }
                }
            }
        }
        if answers.len() != self.statements {
            return Err(corrupt("a batch of statements did not come to its end"));
        }
        Ok(Answers(answers.into_iter()))
    }
}

impl Answers {
    /// What the next statement came to.
    pub(super) fn next(&mut self) -> Answer {
        self.0.next().unwrap_or_default()
    }

    /// Passes over those of so many statements.
    pub(super) fn skip(&mut self, statements: usize) {
        self.0.by_ref().take(statements).for_each(drop);
    }
}
