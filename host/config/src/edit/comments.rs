//! The comments of a TOML text, found without understanding the text: strings are passed over, the rest is searched.

/// Every comment without the blanks at its end, in order of their texts: tidying moves a comment with its key.
pub(super) fn comments(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['#', '"', '\'']) {
        let here = rest.get(at..).unwrap_or_default();
        rest = if here.starts_with('#') {
            let (comment, after) = here.split_at(here.find('\n').unwrap_or(here.len()));
            found.push(comment.trim_end());
            after
        } else {
            after_string(here)
        };
    }
    found.sort_unstable();
    found
}

/// What follows the string with which a text begins.
fn after_string(text: &str) -> &str {
    let quote = text.get(..1).unwrap_or_default();
    let long = quote.repeat(3);
    let close = if text.starts_with(&long) {
        &long
    } else {
        quote
    };
    let mut rest = text.get(close.len()..).unwrap_or_default();
    loop {
        let Some(end) = rest.find(close) else {
            return "";
        };
        let escape = rest.find('\\').filter(|at| quote == "\"" && *at < end);
        if let Some(escape) = escape {
            let mut after = rest.get(escape + 1..).unwrap_or_default().chars();
            after.next();
            rest = after.as_str();
            continue;
        }
        rest = rest.get(end + close.len()..).unwrap_or_default();
        // A long string may end in quotes of its own.
        while close.len() == 3 && rest.starts_with(quote) {
            rest = rest.get(1..).unwrap_or_default();
        }
        return rest;
    }
}

#[cfg(test)]
mod tests {
    use super::comments;

    #[test]
    fn a_hash_in_a_string_is_no_comment() {
        let text = "a = \"# \\\" # no\" # one \nb = '# no' #two\nc = \"\"\"\n# no \" # no\"\"\"\" # three\n";
        assert_eq!(comments(text), ["# one", "# three", "#two"]);
        assert_eq!(comments("d = '''# no\\'''# yes"), ["# yes"]);
        assert_eq!(comments("e = \"\" # yes\nf = \"not closed # no"), ["# yes"]);
    }
}
