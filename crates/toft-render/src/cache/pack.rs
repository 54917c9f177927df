//! Renderings in one piece of bytes, for whoever keeps them from one run to the next.

use std::sync::Arc;

use super::digest::{Digest, Fields};
use super::look::Look;
use super::wire::{Reader, Unfit, Writer};
use super::{Body, ENTRIES_MAX, Entry, Kept, Renderings};

/// The first bytes of a pack; the number is that of its format.
const MAGIC: &[u8; 8] = b"toftren1";

/// The largest pack. The 300 Applications of the largest public homelab come to some ten megabytes.
pub const PACK_BYTES_MAX: usize = 64 << 20;

/// After how many packs a rendering that nobody asked for is left out: whoever goes back and forth between some
/// branches finds it.
const UNUSED_MAX: u64 = 8;

/// Why bytes are no pack of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// Another release wrote it.
    #[error("another release wrote it")]
    Foreign,
    /// It is not what anybody wrote.
    #[error("it is damaged")]
    Damaged,
}

/// What is in a pack.
#[derive(Debug)]
pub struct Unpacked {
    /// What could be read.
    pub renderings: Renderings,
    /// Whether something could not: it is missing, and will be made again.
    pub is_damaged: bool,
}

impl Renderings {
    /// Everything that was used lately, as bytes; `None` where nothing is new since the last time.
    pub fn pack(&self) -> Option<Vec<u8>> {
        let mut kept = self.kept();
        if !kept.is_new {
            return None;
        }
        kept.is_new = false;
        let mut packed = Writer::default();
        packed.0.extend_from_slice(MAGIC);
        packed.text(&kept.maker);
        packed.number(kept.packed + 1);
        let oldest = (kept.packed + 1).saturating_sub(UNUSED_MAX);
        let mut lately: Vec<(&Digest, &Entry)> = Vec::with_capacity(kept.count);
        for (key, variants) in &kept.entries {
            let variants = variants.iter().filter(|entry| entry.used >= oldest);
            lately.extend(variants.map(|entry| (key, entry)));
        }
        // Where there is too much, the longest unused is left out; the sort keeps the order of the others.
        lately.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.used));
        for (key, entry) in lately {
            let Ok(record) = record(key, entry) else {
                continue;
            };
            if packed.0.len() + record.len() > PACK_BYTES_MAX {
                break;
            }
            packed.bytes(&record);
            packed.0.extend_from_slice(&checksum(&record));
        }
        kept.packed += 1;
        Some(packed.0)
    }

    /// What a pack of the same maker holds.
    ///
    /// # Errors
    /// Another release wrote it, or nobody did.
    pub fn unpack(maker: &str, pack: &Arc<[u8]>) -> Result<Unpacked, PackError> {
        let mut reader = Reader(pack);
        if reader.array() != Ok(*MAGIC) {
            return Err(PackError::Foreign);
        }
        if reader.text().map_err(|Unfit| PackError::Damaged)? != maker {
            return Err(PackError::Foreign);
        }
        let packed = reader.number().map_err(|Unfit| PackError::Damaged)?;
        let mut kept = Kept {
            packed,
            ..Kept::nothing(maker)
        };
        let mut is_damaged = false;
        while !reader.0.is_empty() && kept.count < ENTRIES_MAX {
            let Ok((record, sum)) = next(&mut reader) else {
                // Where the next one begins is not known any more.
                is_damaged = true;
                break;
            };
            let entry = if checksum(record) == sum {
                entry(record, (pack, pack.len() - reader.0.len() - sum.len()))
            } else {
                Err(Unfit)
            };
            match entry {
                Ok((key, entry)) => {
                    kept.entries.entry(key).or_default().push(entry);
                    kept.count += 1;
                }
                Err(Unfit) => is_damaged = true,
            }
        }
        // What is damaged is written anew.
        kept.is_new = is_damaged;
        Ok(Unpacked {
            renderings: Self::holding(kept),
            is_damaged,
        })
    }
}

fn next<'a>(reader: &mut Reader<'a>) -> Result<(&'a [u8], [u8; 16]), Unfit> {
    Ok((reader.bytes()?, reader.array()?))
}

fn checksum(record: &[u8]) -> [u8; 16] {
    let mut fields = Fields::default();
    let digest = fields.bytes(record).finish();
    let (sum, _) = digest.split_first_chunk().unwrap_or((&[0; 16], &[]));
    *sum
}

fn record(key: &Digest, entry: &Entry) -> Result<Vec<u8>, Unfit> {
    let mut record = Writer::default();
    record.0.extend_from_slice(key);
    record.number(entry.used);
    record.number(entry.looks.len() as u64);
    for (look, digest) in &*entry.looks {
        record.look(look);
        record.0.extend_from_slice(digest);
    }
    match &entry.body {
        Body::Given(given) => record.given(given)?,
        Body::Packed(pack, range) => {
            let body = pack.get(range.clone()).ok_or(Unfit)?;
            record.0.extend_from_slice(body);
        }
    }
    Ok(record.0)
}

/// An entry whose record ends at a place in the pack; what it gives is read when somebody asks.
fn entry(record: &[u8], (pack, end): (&Arc<[u8]>, usize)) -> Result<(Digest, Entry), Unfit> {
    let mut reader = Reader(record);
    let key = reader.array()?;
    let used = reader.number()?;
    let count = reader.count()?;
    let looks = (0..count).map(|_| Ok((reader.look()?, reader.array()?)));
    let looks = looks.collect::<Result<Arc<[(Look, Digest)]>, Unfit>>()?;
    let body = Body::Packed(Arc::clone(pack), end - reader.0.len()..end);
    Ok((key, Entry { looks, body, used }))
}
