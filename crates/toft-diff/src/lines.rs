//! Two texts to the lines that change, with the words that change in them.

use similar::{Algorithm, ChangeTag, DiffOp, InlineChangeOptions, TextDiff};

/// How many lines stand around a change, as `diff -u` has it.
pub const CONTEXT_LINES: usize = 3;

/// How many lines both texts may have together to be compared line by line. The largest custom resource
/// definition of public homelabs has 40,000; what is larger is told as changed, without lines.
pub const LINES_MAX: usize = 200_000;

/// How many lines of one change are compared word by word; nobody reads words in more.
const WORD_LINES_MAX: usize = 100;

/// Lines that belong together: a change and what stands around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// The number of its first line before, from 1; 0 where nothing was there.
    pub before: usize,
    /// The number of its first line after, from 1; 0 where nothing is there.
    pub after: usize,
    /// The lines.
    pub lines: Vec<Line>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What happens to it.
    pub mark: Mark,
    /// Its text without the break, cut where emphasis begins and ends.
    pub parts: Vec<Part>,
}

impl Line {
    /// The text of the line.
    pub fn text(&self) -> String {
        self.parts.iter().map(|part| part.text.as_str()).collect()
    }
}

/// What happens to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It stays.
    Same,
    /// It goes.
    Removed,
    /// It comes.
    Added,
}

impl Mark {
    /// The character that `diff -u` puts before the line.
    pub fn sign(self) -> char {
        match self {
            Self::Same => ' ',
            Self::Removed => '-',
            Self::Added => '+',
        }
    }
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The text.
    pub text: String,
    /// Whether it is what changes in the line.
    pub is_changed: bool,
}

/// The changes from one text to the other; `None` where they are too long to be compared.
pub(crate) fn hunks(before: &str, after: &str) -> Option<Vec<Hunk>> {
    if before.lines().count() + after.lines().count() > LINES_MAX {
        return None;
    }
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Myers)
        .diff_lines(before, after);
    let groups = diff.grouped_ops(CONTEXT_LINES);
    Some(groups.iter().map(|ops| hunk(&diff, ops)).collect())
}

fn hunk(diff: &TextDiff<'_, '_, str>, ops: &[DiffOp]) -> Hunk {
    let starts = ops.first().map(|op| (op.old_range(), op.new_range()));
    let (before, after) = starts.unwrap_or_default();
    let number = |start: usize, of: usize| if of == 0 { 0 } else { start + 1 };
    Hunk {
        before: number(before.start, diff.old_len()),
        after: number(after.start, diff.new_len()),
        lines: ops.iter().flat_map(|op| lines(diff, op)).collect(),
    }
}

fn lines(diff: &TextDiff<'_, '_, str>, op: &DiffOp) -> Vec<Line> {
    if op.old_range().len() + op.new_range().len() > WORD_LINES_MAX {
        let changes = diff.iter_changes(op);
        return changes
            .map(|change| line(change.tag(), [(false, change.value())]))
            .collect();
    }
    // No deadline: the same texts give the same words, however busy the machine is.
    let options = InlineChangeOptions::new();
    diff.iter_inline_changes_with_options_deadline(op, options, None)
        .map(|change| line(change.tag(), change.values().iter().copied()))
        .collect()
}

fn line<'a>(tag: ChangeTag, parts: impl IntoIterator<Item = (bool, &'a str)>) -> Line {
    let mark = match tag {
        ChangeTag::Equal => Mark::Same,
        ChangeTag::Delete => Mark::Removed,
        ChangeTag::Insert => Mark::Added,
    };
    let parts = parts.into_iter().map(|(is_changed, text)| Part {
        text: text.trim_end_matches('\n').to_owned(),
        is_changed,
    });
    Line {
        mark,
        parts: parts.filter(|part| !part.text.is_empty()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_word_stands_out_in_its_line() {
        let hunks = hunks("a: 1\nimage: app:1\nz: 1\n", "a: 1\nimage: app:2\nz: 1\n").unwrap();
        let [hunk] = hunks.as_slice() else {
            panic!("one change is one hunk");
        };
        let signs: String = hunk.lines.iter().map(|line| line.mark.sign()).collect();
        assert_eq!(signs, " -+ ");
        let changed = |line: &Line| -> Vec<String> {
            let parts = line.parts.iter().filter(|part| part.is_changed);
            parts.map(|part| part.text.clone()).collect()
        };
        assert_eq!(changed(&hunk.lines[1]), ["app:1"]);
        assert_eq!(changed(&hunk.lines[2]), ["app:2"]);
    }

    #[test]
    fn two_long_texts_with_nothing_in_common_are_compared_in_bounded_work() {
        let text = |seed: usize| -> String {
            let numbers = (0..20_000).map(|line| (line * 7919 + seed) % 100_003);
            let lines: Vec<String> = numbers.map(|number| number.to_string()).collect();
            lines.join("\n")
        };
        assert!(hunks(&text(1), &text(50_000)).is_some());
        assert!(hunks(&"a\n".repeat(LINES_MAX), "b\n").is_none());
    }
}
