//! Telling diagnostics, with paths as whoever reads them would write them.

use toft_source::{Diagnostic, Label, Source, render_text};

use crate::printer::Printer;

/// From where paths are seen: what is cut from the paths of a tree, and what is put before the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Vantage {
    /// The folder that paths are relative to, as the tree names it, with a slash at its end.
    here: String,
}

impl Vantage {
    /// The tree of all files, seen from the current directory.
    pub(crate) fn of_machine() -> Self {
        let current = std::env::current_dir().unwrap_or_default();
        let here = current.to_string_lossy().trim_matches('/').to_owned();
        Self {
            here: if here.is_empty() { here } else { here + "/" },
        }
    }

    /// A path of the tree.
    fn path(&self, path: &str) -> String {
        match path.strip_prefix(&self.here) {
            Some(rest) => rest.to_owned(),
            // What was brought from outside is called by its address.
            None if path.contains("://") => path.to_owned(),
            None => format!("/{path}"),
        }
    }

    /// A sentence that quotes paths of the tree.
    fn sentence(&self, text: &str) -> String {
        if self.here.is_empty() {
            return text.to_owned();
        }
        let mut seen = text.to_owned();
        // Ours are quoted with backticks, upstream's with apostrophes.
        for quote in ['`', '\''] {
            let quoted = format!("{quote}{}", self.here);
            seen = seen.replace(&quoted, &quote.to_string());
        }
        seen
    }

    fn diagnostic(&self, diagnostic: &Diagnostic) -> Diagnostic {
        let sentences = |texts: &[String]| texts.iter().map(|text| self.sentence(text)).collect();
        let mut seen = diagnostic.clone();
        seen.message = self.sentence(&diagnostic.message);
        seen.notes = sentences(&diagnostic.notes);
        seen.help = sentences(&diagnostic.help);
        for label in &mut seen.labels {
            self.label(label);
        }
        seen
    }

    fn label(&self, label: &mut Label) {
        label.text = self.sentence(&label.text);
        label.source = Source::new(self.path(label.source.name()), label.source.bytes().into());
    }
}

/// Tells diagnostics on stderr.
pub(crate) fn tell(diagnostics: &[Diagnostic], vantage: &Vantage, printer: &mut Printer) {
    if diagnostics.is_empty() {
        return;
    }
    let seen: Vec<Diagnostic> = diagnostics
        .iter()
        .map(|one| vantage.diagnostic(one))
        .collect();
    printer.talk(&render_text(&seen, printer.talk_style()));
}

#[cfg(test)]
mod tests {
    use toft_source::Span;

    use super::*;

    #[test]
    fn paths_are_told_as_they_are_seen_from_the_current_directory() {
        let vantage = Vantage {
            here: "home/me/lab/".to_owned(),
        };
        let source = |name: &str| Source::new(name, b"a: 1\n".as_slice().into());
        let diagnostic = Diagnostic::error("KUS001", "`home/me/lab/a` is not in 'home/me/lab/b'")
            .at(&source("home/me/lab/k.yaml"), Span::new(0, 1), "")
            .at(&source("etc/k.yaml"), Span::new(0, 1), "");
        let seen = vantage.diagnostic(&diagnostic);
        assert_eq!(seen.message, "`a` is not in 'b'");
        let names: Vec<&str> = seen
            .labels
            .iter()
            .map(|label| label.source.name())
            .collect();
        assert_eq!(names, ["k.yaml", "/etc/k.yaml"]);
    }
}
