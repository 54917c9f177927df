//! What was rendered before, on disk: one pack for each repository.
//!
//! It saves time and nothing else: what cannot be read is told in the log and made again, and the folder can be
//! deleted at any time. A pack holds what a rendering holds, Secrets too, and is private to its owner.

use std::env;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::NamedTempFile;
use toft_render::{PACK_BYTES_MAX, PackError, Renderings};
use tracing::warn;

/// The number of the format, the name of the folder: another one begins beside it.
const FORMAT: &str = "1";

/// How many packs are kept: those of the repositories that were rendered last.
const PACKS_MAX: usize = 16;

/// Where what was rendered is kept.
#[derive(Clone, Debug)]
pub struct Shelf {
    pack: PathBuf,
    maker: String,
}

impl Shelf {
    /// The place of one repository in a folder that is made when something is kept; `version` is that of Toft.
    ///
    /// Two programs of one version may differ while they are being written: each finds its own only.
    pub fn new(folder: &Path, repository: &Path, version: &str) -> Self {
        let place = repository.canonicalize();
        let place = place.unwrap_or_else(|_| repository.to_owned());
        let name = blake3::hash(place.as_os_str().as_encoded_bytes()).to_hex();
        Self {
            pack: folder.join(FORMAT).join(format!("{name}.pack")),
            maker: maker(version),
        }
    }

    /// What was rendered before; nothing where that cannot be read.
    pub fn open(&self) -> Renderings {
        let nothing = || Renderings::new(&self.maker);
        let bytes: Arc<[u8]> = match read(&self.pack) {
            Ok(bytes) => bytes.into(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return nothing(),
            Err(error) => {
                warn!(error = %error, "what was rendered before cannot be read");
                return nothing();
            }
        };
        match Renderings::unpack(&self.maker, &bytes) {
            Ok(unpacked) => {
                if unpacked.is_damaged {
                    self.warn_of_damage();
                }
                unpacked.renderings
            }
            Err(PackError::Foreign) => nothing(),
            Err(PackError::Damaged) => {
                self.warn_of_damage();
                nothing()
            }
        }
    }

    fn warn_of_damage(&self) {
        let pack = self.pack.display();
        warn!(pack = %pack, "what was rendered before is damaged; what is missing is rendered again");
    }

    /// Keeps what is new, for the next run.
    pub fn keep(&self, renderings: &Renderings) {
        let Some(pack) = renderings.pack() else {
            return;
        };
        if let Err(error) = self.write(&pack) {
            warn!(error = %error, "what was rendered cannot be kept");
        }
    }

    /// Writes beside the place and moves there. Nothing waits for the disk: a pack tells by itself whether it is
    /// whole.
    fn write(&self, pack: &[u8]) -> io::Result<()> {
        let folder = self.pack.parent().unwrap_or(&self.pack);
        let mut private = DirBuilder::new();
        private.recursive(true).mode(0o700).create(folder)?;
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(pack)?;
        file.persist(&self.pack).map_err(|error| error.error)?;
        sweep(folder)
    }
}

/// Who renders, exactly: the version, and the program.
fn maker(version: &str) -> String {
    let program = env::current_exe().and_then(fs::metadata);
    let stamp = program.and_then(|program| {
        let modified = program.modified()?.duration_since(UNIX_EPOCH);
        let modified = modified.unwrap_or(Duration::ZERO).as_nanos();
        Ok(format!("{} {modified}", program.len()))
    });
    format!("{version} {}", stamp.unwrap_or_default())
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = PACK_BYTES_MAX as u64 + 1;
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Removes what has not been written for longest, and what somebody left who died in the middle.
fn sweep(folder: &Path) -> io::Result<()> {
    let mut files: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files.push((entry.metadata()?.modified()?, entry.path()));
    }
    files.sort();
    let surplus = files.len().saturating_sub(PACKS_MAX);
    for (_, path) in files.iter().take(surplus) {
        fs::remove_file(path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use toft_argo::Application;
    use toft_render::{Request, Seen, Surroundings};
    use toft_source::MemoryFiles;
    use toft_value::value;

    use super::*;

    /// Renders one Application; `true` where it was not found.
    fn is_made(renderings: &Renderings, text: &str) -> bool {
        let app = Application::parse(&value!({
            "metadata": {"name": "nas"}, "spec": {"source": {"repoURL": "r", "path": "nas"}},
        }));
        let object = format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {text}}}}}");
        let files = MemoryFiles::new([("nas/a.yaml", object.as_str())]);
        let surroundings = Surroundings::alone();
        let request = Request {
            application: &app.value,
            source: &app.value.sources[0],
            revision: "1",
            surroundings: &surroundings,
        };
        let before = renderings.made();
        let outcome = renderings.render(&files, &request, &mut Seen::default());
        let rendering = &outcome.given.unwrap().rendering;
        assert_eq!(rendering.objects[0].object.name(), text);
        renderings.made() > before
    }

    #[test]
    fn what_was_kept_is_found_by_the_next_run_of_the_same_program_only() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = |version| Shelf::new(folder.path(), Path::new("/lab"), version);
        let first = shelf("1").open();
        assert!(is_made(&first, "a") && is_made(&first, "b"));
        shelf("1").keep(&first);
        let second = shelf("1").open();
        assert!(!is_made(&second, "a") && !is_made(&second, "b"));
        assert!(is_made(&shelf("2").open(), "a"));
        fs::remove_dir_all(folder.path()).unwrap();
        assert!(is_made(&shelf("1").open(), "a"));
    }

    #[test]
    fn what_is_damaged_is_missing_and_the_rest_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path(), Path::new("/lab"), "1");
        let first = shelf.open();
        assert!(is_made(&first, "a") && is_made(&first, "b"));
        shelf.keep(&first);
        let whole = fs::read(&shelf.pack).unwrap();
        let mut missing = [0; 3];
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            fs::write(&shelf.pack, &damaged).unwrap();
            let found = shelf.open();
            let made = ["a", "b"].map(|text| is_made(&found, text));
            missing[made.iter().filter(|made| **made).count()] += 1;
        }
        // A bit in the count of packs harms nothing; one in a length or in the head harms what follows.
        assert!(missing[0] <= 1 && missing[1] > missing[2], "{missing:?}");
        for length in 0..whole.len() {
            fs::write(&shelf.pack, &whole[..length]).unwrap();
            assert!(is_made(&shelf.open(), "a") || is_made(&shelf.open(), "b"));
        }
    }

    #[test]
    fn of_many_repositories_the_last_ones_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..PACKS_MAX + 3 {
            let place = PathBuf::from(format!("/lab{number}"));
            let shelf = Shelf::new(folder.path(), &place, "1");
            let renderings = shelf.open();
            is_made(&renderings, "a");
            shelf.keep(&renderings);
        }
        let kept = fs::read_dir(folder.path().join(FORMAT)).unwrap();
        assert_eq!(kept.count(), PACKS_MAX);
    }
}
