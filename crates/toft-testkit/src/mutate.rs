//! A seeded mutator for YAML: keeps most of a document and breaks a little of it.

/// Pieces of syntax that are put in and exchanged.
const PIECES: [&str; 64] = [
    "\n",
    "  ",
    " ",
    "\t",
    ":",
    ": ",
    "- ",
    "-",
    "? ",
    "?",
    "#",
    " #",
    "'",
    "\"",
    "\\",
    "|",
    "|-",
    "|+2",
    ">",
    ">-",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a ",
    "*a",
    "<<: *a",
    "!!int ",
    "!!str ",
    "!!float ",
    "!x ",
    "!!binary ",
    "%",
    "@",
    "`",
    "---\n",
    "...\n",
    "\r\n",
    "\r",
    "é",
    "\u{2028}",
    "\u{85}",
    "\u{feff}",
    "😀",
    "~",
    "null",
    "yes",
    "0o17",
    "0x1F",
    "1_000",
    "1e3",
    ".5",
    "-.inf",
    "2020-01-01",
    "12:30:45",
    "\n\n",
    "\n  ",
    "\\n",
    "\\x41",
    "''",
    "{}",
    "[]",
    "a: b",
];

/// Changes documents; by chance, but the same chance every time (xorshift64*).
#[derive(Clone, Debug)]
pub struct Mutator {
    state: u64,
}

impl Mutator {
    /// The same seed gives the same changes.
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed | 1 << 40,
        }
    }

    /// A number below `bound`, by chance; zero where there is none.
    pub fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let number = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap_or(0) % bound.max(1)
    }

    /// One to four changes; half of the time to a part of the document only, so that it stays small.
    pub fn mutate(&mut self, document: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(document);
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        if self.below(2) == 0 && lines.len() > 8 {
            let start = self.below(lines.len() - 8);
            let count = 1 + self.below(12);
            lines = lines.into_iter().skip(start).take(count).collect();
        }
        for _ in 0..=self.below(4) {
            self.change(&mut lines);
        }
        let mut text = lines.concat();
        if self.below(8) == 0 {
            text.truncate(text.trim_end().len());
        }
        text.into_bytes()
    }

    /// Overwrites up to four bytes by any others.
    pub fn damage(&mut self, document: &mut [u8]) {
        for _ in 0..=self.below(4) {
            let at = self.below(document.len());
            let byte = u8::try_from(self.below(256)).unwrap_or(0);
            if let Some(place) = document.get_mut(at) {
                *place = byte;
            }
        }
    }

    fn change(&mut self, lines: &mut Vec<String>) {
        if lines.is_empty() {
            lines.push(String::new());
        }
        let at = self.below(lines.len());
        match self.below(8) {
            0 => drop(lines.remove(at)),
            1 => {
                let other = self.below(lines.len());
                lines.swap(at, other);
            }
            2 => {
                let copy = lines.get(at).cloned().unwrap_or_default();
                lines.insert(at, copy);
            }
            3 => {
                let spaces = " ".repeat(1 + self.below(3));
                if let Some(line) = lines.get_mut(at) {
                    line.insert_str(0, &spaces);
                }
            }
            4 => {
                if let Some(line) = lines.get_mut(at) {
                    *line = line.trim_start_matches(' ').to_owned();
                }
            }
            _ => {
                let piece = PIECES
                    .get(self.below(PIECES.len()))
                    .copied()
                    .unwrap_or_default();
                let position = self.below(lines.get(at).map_or(0, String::len) + 1);
                let removed = self.below(3);
                if let Some(line) = lines.get_mut(at) {
                    splice(line, (position, removed), piece);
                }
            }
        }
    }
}

fn splice(line: &mut String, (position, removed): (usize, usize), piece: &str) {
    let start = (0..=position)
        .rev()
        .find(|at| line.is_char_boundary(*at))
        .unwrap_or(0);
    let end = (start + removed).min(line.len());
    let end = (end..=line.len())
        .find(|at| line.is_char_boundary(*at))
        .unwrap_or(line.len());
    line.replace_range(start..end, piece);
}
