//! AES-256 in CBC mode, with a password as the key.
//!
//! Source: sprig v3.3.0 `crypto.go`; NIST SP 800-38A, section 6.2.

use aes::Aes256;
use aes::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _, KeyInit as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Param::Text;
use super::arguments::{shared, text};
use super::{Call, Function, Ran};

pub(super) const TABLE: &[Function] = &[
    Function::new("decryptAES", &[Text, Text], None, |_, v| {
        decrypt(text(v, 0), text(v, 1))
    }),
    Function::new("encryptAES", &[Text, Text], None, |call, v| {
        encrypt(call, text(v, 0), text(v, 1))
    }),
];

const BLOCK_BYTES: usize = 16;

type Block = [u8; BLOCK_BYTES];

/// The cipher whose key is a password, cut or filled up with zeros.
fn cipher(password: &str) -> Aes256 {
    let mut key = [0; 32];
    for (to, from) in key.iter_mut().zip(password.bytes()) {
        *to = from;
    }
    Aes256::new(&key.into())
}

fn xor(left: &Block, right: &Block) -> Block {
    std::array::from_fn(|at| left.get(at).unwrap_or(&0) ^ right.get(at).unwrap_or(&0))
}

fn encrypt(call: &mut Call<'_>, password: &str, plain: &str) -> Ran {
    if plain.is_empty() {
        return Ok(shared(String::new()));
    }
    call.budget.spend(plain.len())?;
    let cipher = cipher(password);
    let mut before: Block = [0; BLOCK_BYTES];
    call.random.fill(&mut before);
    let mut out = before.to_vec();
    let padding = BLOCK_BYTES - plain.len() % BLOCK_BYTES;
    let mut content = plain.as_bytes().to_vec();
    let byte = u8::try_from(padding).unwrap_or_default();
    content.resize(content.len() + padding, byte);
    let (blocks, _) = content.as_chunks::<BLOCK_BYTES>();
    for block in blocks {
        let mut block = xor(block, &before).into();
        cipher.encrypt_block(&mut block);
        before = block.into();
        out.extend(before);
    }
    Ok(shared(STANDARD.encode(out)))
}

/// Where upstream falls over, this says what is wrong.
fn decrypt(password: &str, encrypted: &str) -> Ran {
    if encrypted.is_empty() {
        return Ok(shared(String::new()));
    }
    let bytes = super::encoding::base64_bytes(encrypted)?;
    let (blocks, rest) = bytes.as_chunks::<BLOCK_BYTES>();
    let [first, blocks @ ..] = blocks else {
        return Err("the encrypted text is shorter than one block".to_owned());
    };
    if !rest.is_empty() {
        return Err("crypto/cipher: input not full blocks".to_owned());
    }
    let cipher = cipher(password);
    let mut before = *first;
    let mut plain = Vec::with_capacity(bytes.len());
    for encrypted in blocks {
        let mut block = (*encrypted).into();
        cipher.decrypt_block(&mut block);
        plain.extend(xor(&block.into(), &before));
        before = *encrypted;
    }
    let padding = plain.last().copied().map(usize::from);
    let length = padding.and_then(|padding| plain.len().checked_sub(padding));
    let length = length.ok_or("the password is wrong, or the encrypted text is damaged")?;
    plain.truncate(length);
    Ok(shared(String::from_utf8_lossy(&plain).into_owned()))
}
