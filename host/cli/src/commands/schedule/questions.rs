//! Plain questions on a terminal: one line each, asked again until the answer can be used.

use std::io::{BufRead, Write};

use strongroom_app::Error;

/// Where questions go and answers come from.
pub(super) struct Questions<'a> {
    pub(super) input: &'a mut dyn BufRead,
    pub(super) output: &'a mut dyn Write,
}

impl Questions<'_> {
    /// Asks until the answer passes; the error of `check` is shown before the question is repeated.
    pub(super) fn ask<T>(
        &mut self,
        question: &str,
        check: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Error> {
        let closed =
            || Error::usage("the questions were not answered").hint("`--help` shows the flags");
        loop {
            write!(self.output, "{question} ")
                .and_then(|()| self.output.flush())
                .map_err(|error| closed().because(error))?;
            let mut answer = String::new();
            let read = self.input.read_line(&mut answer);
            if read.map_err(|error| closed().because(error))? == 0 {
                return Err(closed());
            }
            match check(answer.trim()) {
                Ok(value) => return Ok(value),
                Err(why) => {
                    writeln!(self.output, "  {why}").map_err(|error| closed().because(error))?
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_repeated_until_the_answer_can_be_used() {
        let mut input = std::io::Cursor::new("three\n 3 \n");
        let mut output = Vec::new();
        let mut questions = Questions {
            input: &mut input,
            output: &mut output,
        };
        let check = |text: &str| {
            text.parse::<u8>()
                .map_err(|_| format!("`{text}` is no number"))
        };
        assert_eq!(questions.ask("How many?", check).unwrap(), 3);
        let ended = questions.ask("How many?", check).unwrap_err();
        assert_eq!(ended.kind, strongroom_app::Kind::Usage);
        let said = String::from_utf8(output).unwrap();
        assert_eq!(
            said,
            "How many?   `three` is no number\nHow many? How many? "
        );
    }
}
