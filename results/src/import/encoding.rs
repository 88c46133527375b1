//! Text out of the bytes of a file: UTF-8, or UTF-16 where a mark at its beginning says so.

/// What files begin with that hold no text, and what to do with them.
const BINARY: [(&[u8], &str); 5] = [
    (b"\x93NUMPY", "an array file of NumPy; save it as text with numpy.savetxt"),
    (b"PK\x03\x04", "a zip archive, such as .npz, .xlsx or .pt; save the matrix in it as CSV"),
    (b"\x1f\x8b", "compressed; unpack it first"),
    (b"\x80\x02", "a pickle; save the matrix in it as text"),
    (b"\x80\x04", "a pickle; save the matrix in it as text"),
];

/// The text of a file.
///
/// # Errors
/// When it is no text: names the line, or the kind of file and what to do with it.
pub fn decode(bytes: &[u8]) -> Result<String, String> {
    if let Some((_, what)) = BINARY.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Err(format!("it is {what}"));
    }
    // PowerShell writes UTF-16 where `>` is used.
    let text = if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        utf16(rest, u16::from_le_bytes)?
    } else if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        utf16(rest, u16::from_be_bytes)?
    } else {
        // Spreadsheets begin their files with this mark.
        let rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let wrong = |error: std::str::Utf8Error| {
            let line = rest[..error.valid_up_to()].split(|&byte| byte == b'\n').count();
            format!("line {line}: not UTF-8; save it as text in that encoding")
        };
        std::str::from_utf8(rest).map_err(wrong)?.into()
    };
    match text.find('\0') {
        Some(at) => {
            let line = text[..at].split('\n').count();
            Err(format!("line {line}: a NUL character; if it is UTF-16 without a mark, save it as UTF-8"))
        }
        None => Ok(text),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("it begins as UTF-16 and ends within a character; it may be cut off".into());
    }
    char::decode_utf16(pairs.iter().map(|&pair| unit(pair)))
        .collect::<Result<String, _>>()
        .map_err(|_| "it begins as UTF-16 and does not go on so; save it as UTF-8".into())
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn every_unicode_encoding_with_a_mark_is_the_same_text() {
        let text = "after,ä\n1,0.9\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            [&b"\xff\xfe"[..], &little].concat(),
            [&b"\xfe\xff"[..], &big].concat(),
        ] {
            assert_eq!(decode(&bytes).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_text_is_named_with_the_remedy() {
        for (bytes, why) in [
            (&b"0.5,0.1\n\xff,0.1\n"[..], "line 2: not UTF-8"),
            (b"\xff\xfea", "ends within a character"),
            (b"\xff\xfe\x00\xd8a\x00", "does not go on so"),
            (b"0\0.\0", "line 1: a NUL character"),
            (b"\x93NUMPY\x01\x00", "numpy.savetxt"),
            (b"PK\x03\x04", "zip archive"),
        ] {
            let error = decode(bytes).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
