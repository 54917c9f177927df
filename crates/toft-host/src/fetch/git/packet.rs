//! Git's packets: four hexadecimal digits of length, and what they count.

/// One packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    Data(&'a [u8]),
    /// One without content, which ends something.
    Mark,
}

impl<'a> Packet<'a> {
    /// The text of a packet, without the end of its line.
    pub(super) fn text(&self) -> Option<&'a str> {
        match self {
            Self::Data(bytes) => Some(std::str::from_utf8(bytes).ok()?.trim_end_matches('\n')),
            Self::Mark => None,
        }
    }
}

/// A text as a packet; ours are short.
pub(super) fn line(text: &str) -> Vec<u8> {
    format!("{:04x}{text}", text.len() + 4).into_bytes()
}

/// The packets in an answer.
pub(super) fn packets(mut bytes: &[u8]) -> Result<Vec<Packet<'_>>, String> {
    const BROKEN: &str = "it ends in the middle of a packet";
    let mut packets = Vec::new();
    while !bytes.is_empty() {
        let (length, _) = bytes.split_at_checked(4).ok_or(BROKEN)?;
        let length = std::str::from_utf8(length).ok();
        let length = length.and_then(|length| usize::from_str_radix(length, 16).ok());
        let length = length.ok_or("it has no packets")?;
        let (packet, rest) = bytes.split_at_checked(length.max(4)).ok_or(BROKEN)?;
        packets.push(match packet {
            _ if length < 4 => Packet::Mark,
            [_, _, _, _, data @ ..] => Packet::Data(data),
            _ => Packet::Mark,
        });
        bytes = rest;
    }
    Ok(packets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = line("version 2\n");
        bytes.extend(b"0001");
        bytes.extend(line("x"));
        bytes.extend(b"0000");
        let read = packets(&bytes).unwrap();
        assert_eq!(
            read,
            [
                Packet::Data(b"version 2\n"),
                Packet::Mark,
                Packet::Data(b"x"),
                Packet::Mark
            ]
        );
        assert_eq!(read[0].text(), Some("version 2"));
    }

    #[test]
    fn what_is_cut_off_is_told() {
        assert!(packets(b"0009abc").is_err());
        assert!(packets(b"00").is_err());
        assert!(packets(b"<html>").is_err());
        assert!(packets(b"\xff\xff\xff\xff").is_err());
    }
}
