//! Changes that know how YAML and templates are built: blocks move, words are exchanged, numbers and depths
//! become extreme.

use toft_testkit::Mutator;

/// What scalars and words are replaced by.
const EXTREMES: &[&str] = &[
    "0",
    "-1",
    "1",
    "2",
    "255",
    "65537",
    "99999999",
    "1000000000",
    "2147483648",
    "-2147483649",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "1e400",
    "1e-400",
    "-0",
    "-0.0",
    "0.1",
    ".inf",
    ".nan",
    "0o17",
    "0x7fffffffffffffff",
    "1_000",
    "\"\"",
    "''",
    "null",
    "~",
    "true",
    "no",
    "{}",
    "[]",
    "[null]",
    "{\"\": \"\"}",
    "*",
    ".*",
    "(a+)+$",
    "(a{1000}){1000}",
    "[",
    "(",
    "\\",
    "../../x",
    "/etc/passwd",
    ".",
    "..",
    "/",
    "a/b",
    "a.b.c",
    "$(X)",
    "$$",
    "~1",
    "~0",
    "/-",
    "/0",
    "[0]",
    "[-1]",
    "[name=x]",
    "a[99999]",
    "é",
    "\u{feff}",
    "\u{202e}",
    "😀",
    "2026-02-30",
    "12:30:45",
    "1Gi",
    "v1",
    "apps/v1",
    "Deployment",
    "List",
    "metadata",
    "name",
    "spec",
    "kind",
    "apiVersion",
    "$patch",
    "delete",
    "replace",
    "merge",
    "$setElementOrder/x",
    "$deleteFromPrimitiveList/x",
    "<<",
    "&a",
    "*a",
    "!!binary",
    "!x",
];

/// Pieces of templates.
const TEMPLATE_PIECES: &[&str] = &[
    "{{ end }}",
    "{{ else }}",
    "{{ else if . }}",
    "{{ range . }}",
    "{{ with . }}",
    "{{ break }}",
    "{{ continue }}",
    "{{- ",
    " -}}",
    "{{",
    "}}",
    "{{/*",
    "*/}}",
    "{{ define \"x\" }}",
    "{{ template \"x\" . }}",
    "{{ include \"x\" . }}",
    "{{ block \"x\" . }}",
    "{{ tpl \"{{ . }}\" . }}",
    "{{ until 1000000000 }}",
    "{{ repeat 1000000000 \"ab\" }}",
    "{{ printf \"%1000000000d\" 1 }}",
    "{{ printf \"%*d\" 99999999 1 }}",
    "{{ range until 100000 }}x{{ end }}",
    "{{ $x := . }}",
    "{{ $x = 1 }}",
    "{{ toYaml . }}",
    "{{ . | toJson | fromJson }}",
    "{{ indent 1000000 \"a\" }}",
    "{{ regexMatch \"(a{1000}){1000}\" \"a\" }}",
    "{{ regexReplaceAll \"(a*)*b\" \"aaaaaaaaaaaaaaaaaaaaaaaaaaac\" \"${1}\" }}",
    "{{ slice . 1 0 }}",
    "{{ index . -1 }}",
    "{{ div 1 0 }}",
    "{{ mod 1 0 }}",
    "{{ mul 9223372036854775807 2 }}",
    "{{ dict \"a\" }}",
    "{{ set . \"a\" . }}",
    "{{ deepCopy . }}",
    "{{ mergeOverwrite . . }}",
    "{{ trunc -9223372036854775808 \"a\" }}",
    "{{ substr -5 99 \"é\" }}",
    "{{ wrap 0 \"a b\" }}",
    "{{ abbrev 3 \"abcdef\" }}",
    "{{ seq 1 1000000000 }}",
    "{{ untilStep 0 1000000000 1 }}",
    "{{ date \"2006\" 9223372036854775807 }}",
    "{{ semver \"1\" }}",
    "| ",
    "(",
    ")",
    "\"",
    "`",
    "$",
    ".",
    ":=",
    "not ",
    "and . ",
    "or ",
    "eq ",
    "default ",
    "quote",
    "len ",
    "\\x",
    "'",
    "'a'",
    "0x1p-2",
    "1i",
    "nil",
];

/// How deep wrapped values nest.
const DEPTHS: &[usize] = &[2, 30, 101, 260, 3000];

/// How long a changed text may get.
const TEXT_BYTES_MAX: usize = 200_000;

/// What kind of text is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Yaml,
    Template,
}

/// Changes a text one to four times; `other` is where it takes parts from.
pub(super) fn reshaped(
    mutator: &mut Mutator,
    (bytes, kind): (&[u8], Kind),
    other: &[u8],
) -> Vec<u8> {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    let other = String::from_utf8_lossy(other);
    for _ in 0..=mutator.below(4) {
        text = match kind {
            Kind::Template if mutator.below(3) > 0 => template(mutator, &text, &other),
            Kind::Template | Kind::Yaml => yaml(mutator, &text, &other),
        };
        cut(&mut text);
    }
    let mut bytes = match mutator.below(6) {
        0 => mutator.mutate(text.as_bytes()),
        _ => text.into_bytes(),
    };
    if mutator.below(24) == 0 {
        mutator.damage(&mut bytes);
    }
    bytes
}

fn cut(text: &mut String) {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
}

fn yaml(mutator: &mut Mutator, text: &str, other: &str) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    if lines.is_empty() {
        return other.to_owned();
    }
    let at = mutator.below(lines.len());
    let end = block_end(&lines, at);
    let (before, block, after) = parts(&lines, at, end);
    match mutator.below(9) {
        0 => [before, after].concat(),
        1 => {
            let count = 2 + mutator.below(3) * mutator.below(40);
            [before, block.repeat(count), after].concat()
        }
        2 => [
            before,
            foreign_block(mutator, other, indent(&lines, at)),
            block,
            after,
        ]
        .concat(),
        3 => [
            before,
            foreign_block(mutator, other, indent(&lines, at)),
            after,
        ]
        .concat(),
        4 => {
            let to = mutator.below(lines.len());
            let moved = lines.get(to..block_end(&lines, to)).unwrap_or_default();
            [before, moved.concat(), block, after].concat()
        }
        5 => [before, deep(mutator, &block), after].concat(),
        6 => exchanged(mutator, text, other),
        _ => [before, scalar(mutator, &block), after].concat(),
    }
}

fn parts(lines: &[&str], at: usize, end: usize) -> (String, String, String) {
    let part = |range: std::ops::Range<usize>| lines.get(range).unwrap_or_default().concat();
    (part(0..at), part(at..end), part(end..lines.len()))
}

fn indent(lines: &[&str], at: usize) -> usize {
    let line = lines.get(at).copied().unwrap_or_default();
    line.len() - line.trim_start_matches(' ').len()
}

/// Where the block that begins at a line ends: everything below it that stands deeper.
fn block_end(lines: &[&str], at: usize) -> usize {
    let depth = indent(lines, at);
    let mut rest = lines.iter().enumerate().skip(at + 1);
    let end = rest.find(|(index, line)| !line.trim().is_empty() && indent(lines, *index) <= depth);
    end.map_or(lines.len(), |(index, _)| index)
}

fn foreign_block(mutator: &mut Mutator, other: &str, depth: usize) -> String {
    let lines: Vec<&str> = other.split_inclusive('\n').collect();
    if lines.is_empty() {
        return String::new();
    }
    let at = mutator.below(lines.len());
    let from = indent(&lines, at);
    let block = lines.get(at..block_end(&lines, at)).unwrap_or_default();
    let moved = block.iter().map(|line| {
        let rest = line.get(from.min(indent(&[line], 0))..).unwrap_or_default();
        format!("{}{rest}", " ".repeat(depth))
    });
    moved.collect()
}

/// The value of the first line inside many lists or maps.
fn deep(mutator: &mut Mutator, block: &str) -> String {
    let depth = DEPTHS
        .get(mutator.below(DEPTHS.len()))
        .copied()
        .unwrap_or(1);
    let (head, rest) = block.split_once('\n').unwrap_or((block, ""));
    let key = head.split_once(": ").map_or(head, |(key, _)| key);
    let value = match mutator.below(3) {
        0 => format!("{}{}", "[".repeat(depth), "]".repeat(depth)),
        1 => format!("{}1{}", "{a: ".repeat(depth), "}".repeat(depth)),
        _ => format!("\n{}x", "- ".repeat(depth)),
    };
    format!("{key}: {value}\n{rest}")
}

fn scalar(mutator: &mut Mutator, block: &str) -> String {
    let (head, rest) = block.split_once('\n').unwrap_or((block, ""));
    let extreme = extreme(mutator);
    match (head.split_once(": "), mutator.below(4)) {
        (Some((key, _)), 0..=2) => format!("{key}: {extreme}\n{rest}"),
        (Some((key, value)), _) => {
            let start = key.len() - key.trim_start_matches([' ', '-']).len();
            let (lead, _) = key.split_at(start);
            format!("{lead}{extreme}: {value}\n{rest}")
        }
        (None, _) => {
            let start = head.len() - head.trim_start_matches([' ', '-']).len();
            let (lead, _) = head.split_at(start);
            format!("{lead}{extreme}\n{rest}")
        }
    }
}

fn extreme(mutator: &mut Mutator) -> String {
    if mutator.below(40) == 0 {
        return "x".repeat(1 + mutator.below(70_000));
    }
    EXTREMES
        .get(mutator.below(EXTREMES.len()))
        .copied()
        .unwrap_or_default()
        .to_owned()
}

/// A word of the text becomes another: of the other text, of this one, or an extreme.
fn exchanged(mutator: &mut Mutator, text: &str, other: &str) -> String {
    let words = words(text);
    let Some((start, end)) = words.get(mutator.below(words.len())).copied() else {
        return text.to_owned();
    };
    let from = if mutator.below(2) == 0 { text } else { other };
    let pool = self::words(from);
    let picked = pool.get(mutator.below(pool.len()));
    let new = match (mutator.below(3), picked) {
        (0, _) | (_, None) => extreme(mutator),
        (_, Some((start, end))) => from.get(*start..*end).unwrap_or_default().to_owned(),
    };
    let (before, after) = (text.get(..start), text.get(end..));
    [before.unwrap_or_default(), &new, after.unwrap_or_default()].concat()
}

/// Where the words of a text are.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, char) in text.char_indices() {
        let inside = char.is_alphanumeric() || "._-$/".contains(char);
        match (start, inside) {
            (None, true) => start = Some(at),
            (Some(begin), false) => {
                words.push((begin, at));
                start = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    words.extend(start.map(|begin| (begin, text.len())));
    words
}

fn template(mutator: &mut Mutator, text: &str, other: &str) -> String {
    let actions = actions(text);
    let (start, end) = match actions.get(mutator.below(actions.len())) {
        Some(found) => *found,
        None => (0, 0),
    };
    let (before, after) = (
        text.get(..start).unwrap_or_default(),
        text.get(end..).unwrap_or_default(),
    );
    let action = text.get(start..end).unwrap_or_default();
    let pool = self::actions(other);
    let foreign = pool.get(mutator.below(pool.len()));
    let foreign = foreign
        .and_then(|(start, end)| other.get(*start..*end))
        .unwrap_or_default();
    let piece = TEMPLATE_PIECES
        .get(mutator.below(TEMPLATE_PIECES.len()))
        .copied()
        .unwrap_or_default();
    match mutator.below(9) {
        0 => [before, after].concat(),
        1 => [before, action, action, after].concat(),
        2 => [before, foreign, action, after].concat(),
        3 => [before, foreign, after].concat(),
        4 => [before, piece, action, after].concat(),
        5 => {
            let inner = action
                .trim_start_matches("{{")
                .trim_start_matches("- ")
                .trim_end_matches("}}");
            let depth = DEPTHS
                .get(mutator.below(DEPTHS.len()))
                .copied()
                .unwrap_or(1);
            let (open, close) = ("(".repeat(depth), ")".repeat(depth));
            [before, "{{", &open, inner, &close, "}}", after].concat()
        }
        6 => {
            let depth = DEPTHS
                .get(mutator.below(DEPTHS.len()))
                .copied()
                .unwrap_or(1);
            let open = ["{{ range . }}", "{{ with . }}", "{{ if . }}", "{{ if 1 }}"];
            let open = open
                .get(mutator.below(open.len()))
                .copied()
                .unwrap_or_default();
            [
                before,
                &open.repeat(depth),
                action,
                &"{{ end }}".repeat(depth),
                after,
            ]
            .concat()
        }
        _ => [before, &exchanged(mutator, action, foreign), after].concat(),
    }
}

/// Where the actions of a template are.
fn actions(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find("{{")) {
        let start = at + start;
        let rest = text.get(start..).unwrap_or_default();
        let end = rest.find("}}").map_or(text.len(), |end| start + end + 2);
        found.push((start, end));
        at = end;
    }
    found
}
