//! Digests of what decides a rendering.

use std::sync::Arc;

use toft_source::{EntryKind, Files, ReadError, RepoPath};

/// How deep a tree from outside is looked at; ten times the deepest public repository found.
const DEPTH_MAX: usize = 64;

/// The digest of something; what is equal has equal digests, and nothing else does.
pub(super) type Digest = [u8; 32];

/// Takes in fields one after the other, so that no two sequences of fields look alike.
#[derive(Default)]
pub(super) struct Fields(blake3::Hasher);

impl Fields {
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
        self
    }

    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        self.0.update(&number.to_le_bytes());
        self
    }

    pub(super) fn finish(&self) -> Digest {
        self.0.finalize().into()
    }
}

pub(super) fn of_file(answer: &Result<Arc<[u8]>, ReadError>) -> Digest {
    let mut fields = Fields::default();
    match answer {
        Ok(bytes) => fields.number(0).bytes(bytes),
        Err(error) => failure(&mut fields, error),
    };
    fields.finish()
}

pub(super) fn of_kind(files: &dyn Files, path: &RepoPath) -> Digest {
    let mut fields = Fields::default();
    match files.kind(path) {
        Ok(kind) => fields.number(kind.map_or(0, number)),
        Err(error) => failure(&mut fields, &error),
    };
    match files.canonical(path) {
        Ok(path) => fields.number(0).text(path.as_str()),
        Err(error) => failure(&mut fields, &error),
    };
    fields.finish()
}

pub(super) fn of_list(files: &dyn Files, folder: &RepoPath) -> Digest {
    let mut fields = Fields::default();
    match files.list(folder) {
        Ok(entries) => {
            fields.number(0);
            for entry in entries {
                fields.text(&entry.name).number(number(entry.kind));
            }
        }
        Err(error) => {
            failure(&mut fields, &error);
        }
    }
    fields.finish()
}

/// Everything of a tree: names, kinds, contents, and where links lead.
pub(super) fn of_tree(tree: &dyn Files) -> Digest {
    let mut fields = Fields::default();
    take_in(&mut fields, tree, (&RepoPath::root(), DEPTH_MAX));
    fields.finish()
}

pub(super) fn of_failure(error: &ReadError) -> Digest {
    let mut fields = Fields::default();
    failure(&mut fields, error);
    fields.finish()
}

fn take_in(fields: &mut Fields, tree: &dyn Files, (folder, depth): (&RepoPath, usize)) {
    let Some(deeper) = depth.checked_sub(1) else {
        return;
    };
    let entries = match tree.list(folder) {
        Ok(entries) => entries,
        Err(error) => {
            failure(fields, &error);
            return;
        }
    };
    fields.number(entries.len() as u64);
    for entry in entries {
        fields.text(&entry.name).number(number(entry.kind));
        let Ok(path) = folder.join(&entry.name) else {
            continue;
        };
        match tree.canonical(&path) {
            Ok(leads_to) if leads_to == path => fields.number(0),
            Ok(leads_to) => fields.number(1).text(leads_to.as_str()),
            Err(error) => failure(fields, &error),
        };
        match entry.kind {
            EntryKind::Directory => take_in(fields, tree, (&path, deeper)),
            EntryKind::File => {
                fields.bytes(&of_file(&tree.read(&path)));
            }
        }
    }
}

fn number(kind: EntryKind) -> u64 {
    match kind {
        EntryKind::File => 1,
        EntryKind::Directory => 2,
    }
}

/// A failure is an answer too: once it is gone, the answer is another one.
fn failure<'a>(fields: &'a mut Fields, error: &ReadError) -> &'a mut Fields {
    fields.number(u64::MAX).text(&format!("{error:?}"))
}
