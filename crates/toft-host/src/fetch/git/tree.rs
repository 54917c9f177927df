//! A pack to the tree of a commit, as an archive that the cache can keep.

use std::sync::atomic::AtomicBool;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::tree::EntryKind;
use gix_pack::Bundle;
use gix_pack::bundle::write::Options;
use tar::{Builder, EntryType, Header};

/// The largest object of a pack that is taken apart: ten times the largest file that is read.
const OBJECT_BYTES_MAX: usize = 80 * 1024 * 1024;

/// How much the files of a commit may have together.
const TREE_BYTES_MAX: usize = 512 * 1024 * 1024;

/// How many files a commit may have; the largest public homelab repository has some thousands.
const FILES_MAX: usize = 100_000;

/// How deep folders may nest in a commit.
const DEPTH_MAX: usize = 64;

/// The tree of a commit in a pack, as an archive. Submodules are other repositories, and left out.
pub(super) fn archive(pack: &[u8], commit: &str) -> Result<Vec<u8>, String> {
    let told = |error: &dyn std::fmt::Display| format!("its objects cannot be read: {error}");
    let folder = tempfile::tempdir().map_err(|error| told(&error))?;
    gix::init_bare(folder.path()).map_err(|error| told(&error))?;
    let packs = folder.path().join("objects").join("pack");
    let options = Options {
        thread_limit: Some(1),
        alloc_limit_bytes: Some(OBJECT_BYTES_MAX),
        ..Options::default()
    };
    let mut bytes = pack;
    Bundle::write_to_directory(
        &mut bytes,
        Some(&packs),
        &mut gix::progress::Discard,
        &AtomicBool::new(false),
        None::<gix::objs::find::Never>,
        gix::hash::Kind::Sha1,
        options,
    )
    .map_err(|error| told(&error))?;
    let opened = gix::open_opts(folder.path(), gix::open::Options::isolated());
    let repository = opened.map_err(|error| told(&error))?;
    let id = ObjectId::from_hex(commit.as_bytes()).map_err(|error| told(&error))?;
    // A tag that names a commit is as good as the commit.
    let object = repository.find_object(id).map_err(|error| told(&error))?;
    let tree = object.peel_to_tree().map_err(|error| told(&error))?;
    let mut writer = Writer {
        repository: &repository,
        archive: Builder::new(Vec::new()),
        files: 0,
        bytes: 0,
    };
    writer.add(tree.id, "", 0)?;
    writer.archive.into_inner().map_err(|error| told(&error))
}

struct Writer<'a> {
    repository: &'a gix::Repository,
    archive: Builder<Vec<u8>>,
    files: usize,
    bytes: usize,
}

impl Writer<'_> {
    fn add(&mut self, tree: ObjectId, at: &str, depth: usize) -> Result<(), String> {
        if depth > DEPTH_MAX {
            return Err(format!("its folders nest deeper than {DEPTH_MAX}"));
        }
        let told =
            |error: &dyn std::fmt::Display| format!("its folder `{at}` cannot be read: {error}");
        let repository = self.repository;
        let tree = repository.find_tree(tree).map_err(|error| told(&error))?;
        for entry in tree.iter() {
            let entry = entry.map_err(|error| told(&error))?;
            let Ok(name) = entry.filename().to_str() else {
                continue;
            };
            let path = if at.is_empty() {
                name.to_owned()
            } else {
                format!("{at}/{name}")
            };
            match entry.mode().kind() {
                EntryKind::Tree => self.add(entry.object_id(), &path, depth + 1)?,
                EntryKind::Blob | EntryKind::BlobExecutable => {
                    self.append(entry.object_id(), &path, EntryType::Regular)?;
                }
                EntryKind::Link => self.append(entry.object_id(), &path, EntryType::Symlink)?,
                EntryKind::Commit => {}
            }
        }
        Ok(())
    }

    fn append(&mut self, id: ObjectId, path: &str, kind: EntryType) -> Result<(), String> {
        let told =
            |error: &dyn std::fmt::Display| format!("its file `{path}` cannot be read: {error}");
        let blob = self
            .repository
            .find_object(id)
            .map_err(|error| told(&error))?;
        self.files += 1;
        self.bytes += blob.data.len();
        if self.files > FILES_MAX || self.bytes > TREE_BYTES_MAX {
            return Err(format!(
                "it holds more than {FILES_MAX} files or {TREE_BYTES_MAX} bytes"
            ));
        }
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o644);
        // A link is kept with its text as its content, as Git has it.
        header.set_size(blob.data.len() as u64);
        let written = self
            .archive
            .append_data(&mut header, path, blob.data.as_slice());
        written.map_err(|error| told(&error))
    }
}
