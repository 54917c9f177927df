//! Tables as kubectl prints them: columns three spaces apart, headings in capitals.

use unicode_width::UnicodeWidthStr as _;

use crate::printer::{Printer, Tone, inert};

/// What stands between two columns.
const GAP: usize = 3;

/// A table that grows row by row.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<Cell>>,
}

/// One cell.
#[derive(Debug)]
pub(crate) struct Cell {
    text: String,
    tone: Option<Tone>,
}

impl Cell {
    /// A cell whose text has a tone.
    pub(crate) fn toned(text: impl Into<String>, tone: Option<Tone>) -> Self {
        Self {
            text: inert(&text.into()),
            tone,
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::toned(text, None)
    }
}

impl Table {
    /// A table with these headings.
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self {
            rows: vec![
                headings
                    .iter()
                    .map(|heading| Cell::from(*heading))
                    .collect(),
            ],
        }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The table as text for stdout.
    pub(crate) fn text(&self, printer: &Printer) -> String {
        let mut widths: Vec<usize> = Vec::new();
        for row in &self.rows {
            widths.resize(widths.len().max(row.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.text.width());
            }
        }
        let mut text = String::new();
        for row in &self.rows {
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let painted = cell.tone.map(|tone| printer.paint_data(&cell.text, tone));
                text.push_str(painted.as_deref().unwrap_or(&cell.text));
                if at + 1 < row.len() {
                    let missing = width.saturating_sub(cell.text.width());
                    text.extend(std::iter::repeat_n(' ', missing + GAP));
                }
            }
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["NAME", "HEALTH"]);
        table.row(["sonarr".into(), "Healthy".into()]);
        table.row(["日本".into(), "Missing".into()]);
        let text = table.text(&Printer::plain());
        assert_eq!(
            text,
            "NAME     HEALTH\nsonarr   Healthy\n日本     Missing\n"
        );
    }
}
