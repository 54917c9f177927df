//! YAML as upstream prints it after a value in it was replaced: its own layout, the author's quotes.
//!
//! Comments and folded texts are not printed anew: where there are any, the author's layout stays.
//!
//! Source: `go.yaml.in/yaml/v3` 3.0.5, `encode.go`, `emitterc.go`, as `kyaml/yaml/alias.go` sets it up.

use smol_str::SmolStr;
use toft_yaml::{Layout, NodeKind as Kind, Style as Quotes};

use crate::node::{Fields, Node, Scalar, Style, Tag, can_be_plain, resolve};

/// The text of a tree, with the quotes that the nodes of `source` have. `None` where it cannot be told.
pub(super) fn print(node: &Node, source: Option<toft_yaml::Node<'_>>) -> Option<String> {
    let mut printer = Printer {
        text: String::new(),
    };
    printer.block(node, source, 0)?;
    Some(printer.text)
}

struct Printer {
    text: String,
}

type Source<'a> = Option<toft_yaml::Node<'a>>;

fn is_flow(node: &Node, source: Source<'_>) -> bool {
    let is_empty = match node {
        Node::List(items) => items.is_empty(),
        Node::Map(fields) => fields.is_empty(),
        Node::Scalar(_) => false,
    };
    let layout = source.map(toft_yaml::Node::kind);
    is_empty
        || matches!(
            layout,
            Some(Kind::List(Layout::Flow) | Kind::Map(Layout::Flow))
        )
}

fn item(source: Source<'_>, at: usize) -> Source<'_> {
    source.and_then(|source| source.items().nth(at))
}

fn entry<'a>(source: Source<'a>, name: &str) -> Option<(toft_yaml::Node<'a>, toft_yaml::Node<'a>)> {
    let mut entries = source?.entries();
    entries.find(|(key, _)| key.text() == name)
}

impl Printer {
    /// A node that begins where the text ends; what is below goes to lines of this indentation.
    fn block(&mut self, node: &Node, source: Source<'_>, indent: usize) -> Option<()> {
        if is_flow(node, source) {
            return self.flow(node, source);
        }
        match node {
            Node::Scalar(scalar) => self.scalar(scalar, source, Place::Block(indent)),
            Node::List(items) => {
                for (at, child) in items.iter().enumerate() {
                    self.line(at, indent);
                    self.text.push('-');
                    if !is_nothing(child) {
                        self.text.push(' ');
                    }
                    self.block(child, item(source, at), indent + 2)?;
                }
                Some(())
            }
            Node::Map(fields) => self.map(fields, source, indent),
        }
    }

    fn line(&mut self, at: usize, indent: usize) {
        if at > 0 {
            self.new_line(indent);
        }
    }

    fn new_line(&mut self, indent: usize) {
        self.text.push('\n');
        self.text.push_str(&" ".repeat(indent));
    }

    fn map(&mut self, fields: &Fields, source: Source<'_>, indent: usize) -> Option<()> {
        for (at, (name, child)) in fields.iter().enumerate() {
            let written = entry(source, name);
            self.line(at, indent);
            self.key(name, written.map(|(key, _)| key), Place::Block(indent))?;
            self.text.push(':');
            let value = written.map(|(_, value)| value);
            match child {
                Node::List(_) if !is_flow(child, value) => {
                    self.new_line(indent);
                    self.block(child, value, indent)?;
                }
                Node::Map(_) if !is_flow(child, value) => {
                    self.new_line(indent + 2);
                    self.block(child, value, indent + 2)?;
                }
                child => {
                    if !is_nothing(child) {
                        self.text.push(' ');
                    }
                    self.block(child, value, indent)?;
                }
            }
        }
        Some(())
    }

    fn flow(&mut self, node: &Node, source: Source<'_>) -> Option<()> {
        match node {
            Node::Scalar(scalar) => return self.scalar(scalar, source, Place::Flow),
            Node::List(items) => {
                self.text.push('[');
                for (at, child) in items.iter().enumerate() {
                    self.comma(at);
                    self.flow(child, item(source, at))?;
                }
                self.text.push(']');
            }
            Node::Map(fields) => {
                self.text.push('{');
                for (at, (name, child)) in fields.iter().enumerate() {
                    let written = entry(source, name);
                    self.comma(at);
                    self.key(name, written.map(|(key, _)| key), Place::Flow)?;
                    self.text.push(':');
                    if !is_nothing(child) {
                        self.text.push(' ');
                    }
                    self.flow(child, written.map(|(_, value)| value))?;
                }
                self.text.push('}');
            }
        }
        Some(())
    }

    fn comma(&mut self, at: usize) {
        if at > 0 {
            self.text.push_str(", ");
        }
    }

    fn key(&mut self, name: &SmolStr, source: Source<'_>, place: Place) -> Option<()> {
        if name.is_empty() || name.contains('\n') {
            return None;
        }
        let tag = source.map_or(Tag::None, |_| Tag::Str);
        self.scalar(&Scalar::tagged(name.clone(), tag), source, place)
    }

    fn scalar(&mut self, scalar: &Scalar, source: Source<'_>, place: Place) -> Option<()> {
        let text = scalar.text.as_str();
        let quotes = match source.map(toft_yaml::Node::kind) {
            Some(Kind::Scalar(quotes)) => quotes,
            Some(Kind::List(_) | Kind::Map(_) | Kind::Alias) => return None,
            None if scalar.style != Style::Plain => Quotes::DoubleQuoted,
            None => Quotes::Plain,
        };
        if text.chars().any(|one| one.is_control() && one != '\n') {
            return None;
        }
        match quotes {
            Quotes::Folded => None,
            Quotes::Literal => self.literal(text, place),
            Quotes::DoubleQuoted => {
                self.double(text);
                Some(())
            }
            Quotes::SingleQuoted => self.single(text),
            Quotes::Plain if text.contains('\n') => self.literal(text, place),
            Quotes::Plain => {
                let meaning = resolve(text).0;
                match scalar.tag {
                    Tag::Str if meaning != Tag::Str => {
                        self.double(text);
                        return Some(());
                    }
                    Tag::None => {}
                    tag if tag != meaning => return None,
                    _ => {}
                }
                let is_fit = match place {
                    Place::Block(_) => can_be_plain(text),
                    Place::Flow => {
                        can_be_plain(text) && !text.contains([',', '?', '[', ']', '{', '}'])
                    }
                };
                if !is_fit && !text.is_empty() {
                    return self.single(text);
                }
                self.text.push_str(text);
                Some(())
            }
        }
    }

    fn single(&mut self, text: &str) -> Option<()> {
        if text.contains('\n') {
            return None;
        }
        self.text.push('\'');
        self.text.push_str(&text.replace('\'', "''"));
        self.text.push('\'');
        Some(())
    }

    fn double(&mut self, text: &str) {
        self.text.push('"');
        for one in text.chars() {
            match one {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                other => self.text.push(other),
            }
        }
        self.text.push('"');
    }

    fn literal(&mut self, text: &str, place: Place) -> Option<()> {
        let Place::Block(indent) = place else {
            self.double(text);
            return Some(());
        };
        if text.starts_with([' ', '\n']) || text.is_empty() || text.ends_with("\n\n") {
            return None;
        }
        let body = text.strip_suffix('\n');
        self.text.push_str(if body.is_some() { "|" } else { "|-" });
        for line in body.unwrap_or(text).split('\n') {
            self.text.push('\n');
            if !line.is_empty() {
                self.text.push_str(&" ".repeat(indent + 2));
                self.text.push_str(line);
            }
        }
        Some(())
    }
}

/// A null that is written as nothing.
fn is_nothing(node: &Node) -> bool {
    node.is_null() && node.text().is_empty()
}

/// Where a scalar stands.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// In a block whose lines have this indentation.
    Block(usize),
    /// Between brackets.
    Flow,
}

#[cfg(test)]
mod tests {
    use toft_source::Source;

    use super::print;
    use crate::text::documents;

    fn printed(text: &str) -> String {
        let source = Source::new("", text.as_bytes().into());
        let node = documents(&source).unwrap().remove(0).node;
        let tree = toft_yaml::parse(&source).value;
        let root = tree.documents().find_map(|document| document.root());
        print(&node, root).unwrap()
    }

    #[test]
    fn lists_move_to_the_left_and_quotes_stay() {
        let text = "a:\n    - x: \"1\"\n      y: 'b'\n    - [p,  q]\nc:   {d: e}\n";
        let wanted = "a:\n- x: \"1\"\n  y: 'b'\n- [p, q]\nc: {d: e}";
        assert_eq!(printed(text), wanted);
    }

    #[test]
    fn nothing_and_several_lines_stay_what_they_are() {
        assert_eq!(
            printed("a:\nb: |\n    x\n    y\nc: [ ]\n"),
            "a:\nb: |\n  x\n  y\nc: []"
        );
    }
}
