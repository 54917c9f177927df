//! Charts as archives: files with honest and dishonest names, sizes and links, then broken bytes.

use std::io::Write as _;

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;
use toft_helm::{HelmVersion, TemplateOptions, load_archive, manifests};
use toft_source::RepoPath;
use toft_testkit::Mutator;
use toft_value::Map;

use super::{any, any_part};
use crate::fuzz::input::{Input, cases, files_below};
use crate::fuzz::reshape::{Kind, reshaped};

const ARCHIVE: &str = "chart.tgz";

/// Names that files in archives have where somebody means ill.
const NAMES: &[&str] = &[
    "../evil",
    "/etc/passwd",
    "a/../../evil",
    "a/./b",
    "a//b",
    "c:/x",
    "..\\evil",
    "a",
    "",
    ".",
    "..",
    "Chart.yaml",
    "web/Chart.yaml/x",
    "web/charts/.tgz",
    "web/charts/a.tgz",
    "web/charts/_x/Chart.yaml",
    "web/templates/\u{202e}.yaml",
    "web/templates/_helpers.tpl",
    "web/templates/tests/x.yaml",
    "web/crds/a.yaml",
    "web/values.schema.json",
    "web/requirements.yaml",
];

/// Types of entries: files, links, devices, folders, long names, extended headers.
const TYPES: &[u8] = b"0\x0012345LKgxSV7";

const SIZES: &[&str] = &[
    "00000000000",
    "00000000001",
    "77777777777",
    "00777777777",
    "99999999999",
    "-0000000001",
    "           ",
    "00000000777",
];

pub(super) fn stored() -> Result<Vec<Input>> {
    let mut stored = Vec::new();
    for case in cases("crates/toft-helm/tests/cases")? {
        let files = files_below(&case.join("input"))?.parts.into_iter();
        let files = files.filter_map(|(name, bytes)| {
            let inside = name.strip_prefix("chart/")?;
            Some((format!("web/{inside}"), bytes))
        });
        let input = Input {
            parts: files.collect(),
        };
        if !input.parts.is_empty() {
            stored.push(input);
        }
    }
    Ok(stored)
}

pub(super) fn change(mutator: &mut Mutator, stored: &[Input]) -> Input {
    let mut input = any(mutator, stored).clone();
    if input.parts.iter().any(|(name, _)| name == ARCHIVE) {
        for (_, bytes) in &mut input.parts {
            mutator.damage(bytes);
        }
        return input;
    }
    for _ in 0..=mutator.below(3) {
        let at = mutator.below(input.parts.len());
        let other = any_part(mutator, stored);
        if let Some((name, bytes)) = input.parts.get_mut(at) {
            let kind = if name.contains("templates/") {
                Kind::Template
            } else {
                Kind::Yaml
            };
            *bytes = reshaped(mutator, (bytes, kind), other);
        }
    }
    let tar = packed(mutator, &input);
    Input::of(ARCHIVE, zipped(mutator, tar))
}

fn packed(mutator: &mut Mutator, input: &Input) -> Vec<u8> {
    let mut tar = Vec::new();
    let strange = mutator.below(3) == 0;
    for (name, bytes) in &input.parts {
        let strange = strange && mutator.below(4) == 0;
        let mut name = name.as_str();
        let mut kind = b'0';
        let mut size = format!("{:011o}", bytes.len());
        if strange {
            match mutator.below(4) {
                0 => name = pick(mutator, NAMES),
                1 => {
                    let kinds = TYPES.get(mutator.below(TYPES.len()));
                    kind = kinds.copied().unwrap_or(b'0');
                }
                2 => size = pick(mutator, SIZES).to_owned(),
                _ => entry(&mut tar, (name, kind, &size), bytes),
            }
        }
        entry(&mut tar, (name, kind, &size), bytes);
    }
    if mutator.below(8) > 0 {
        tar.extend([0; 1024]);
    }
    match mutator.below(6) {
        0 => mutator.damage(&mut tar),
        1 => tar.truncate(mutator.below(tar.len())),
        _ => {}
    }
    tar
}

fn pick(mutator: &mut Mutator, from: &[&'static str]) -> &'static str {
    from.get(mutator.below(from.len()))
        .copied()
        .unwrap_or_default()
}

/// One entry of a tar archive, in the old format with the mark of the new.
fn entry(tar: &mut Vec<u8>, (name, kind, size): (&str, u8, &str), content: &[u8]) {
    let mut header = [0_u8; 512];
    let mut put = |at: usize, bytes: &[u8]| {
        for (place, byte) in header.iter_mut().skip(at).zip(bytes) {
            *place = *byte;
        }
    };
    put(0, name.as_bytes().get(..100).unwrap_or(name.as_bytes()));
    put(100, b"0000644\x000000000\x000000000\0");
    put(124, size.as_bytes());
    put(136, b"00000000000\0        ");
    put(156, &[kind]);
    put(157, b"../../outside");
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    for (place, byte) in header
        .iter_mut()
        .skip(148)
        .zip(format!("{sum:06o}\0 ").bytes())
    {
        *place = byte;
    }
    tar.extend(header);
    tar.extend_from_slice(content);
    tar.extend(std::iter::repeat_n(0, (512 - content.len() % 512) % 512));
}

fn zipped(mutator: &mut Mutator, tar: Vec<u8>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let written = encoder.write_all(&tar);
    let mut bytes = match (written, encoder.finish()) {
        (Ok(()), Ok(bytes)) => bytes,
        // A vector takes everything.
        (Err(_), _) | (_, Err(_)) => Vec::new(),
    };
    match mutator.below(10) {
        0 => mutator.damage(&mut bytes),
        1 => bytes.truncate(mutator.below(bytes.len())),
        2 => bytes.extend(bytes.clone()),
        3 => return tar,
        _ => {}
    }
    bytes
}

pub(super) fn run(input: &Input) -> bool {
    let versions = [HelmVersion::V3, HelmVersion::V4];
    let bytes = match input.part(ARCHIVE) {
        [] => return false,
        bytes => bytes,
    };
    let taken = versions.map(|version| {
        let loaded = load_archive(bytes, &RepoPath::root(), version);
        let Some(chart) = loaded.value else {
            return false;
        };
        let options = TemplateOptions::new(version);
        manifests(&chart, &Map::new(), &options).is_ok_and(|all| !all.print().is_empty())
    });
    taken.contains(&true)
}
