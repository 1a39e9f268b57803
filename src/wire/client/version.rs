//! How clients write their version into a peer id.

/// The way a version is written behind a signature. Letters are bytes, `nn` is a decimal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// None, or one that says nothing.
    Unversioned,
    /// Letters and digits as they stand, one for each `a`: `a.a-aa`.
    Shape(&'static str),
    /// `abcd`, base 62: a.b.c.d.
    Four,
    /// `abc`, base 62: a.b.c. What follows is a build flag.
    Three,
    /// As `Four` without a last zero: for codes that nobody has described.
    Guess,
    /// `ab`, base 62: a.b.
    Two,
    /// `a`, base 62: a.x.
    Major,
    /// Two decimal numbers, the minor of two digits: `0108` is 1.08.
    Pairs,
    /// Two decimal numbers: `0109` is 1.9.
    Numbers,
    /// Three decimal numbers of two digits: `010203` is 1.2.3.
    ThreeNumbers,
    /// `aa-b-cc-`: decimal numbers that end with a dash each.
    Dashed,
    /// `a-b-c`, a digit each.
    Burst,
    /// Text with dots that ends with a dash: `2.7.2-`.
    Dotted,
    /// Three characters of digits and dots.
    Btpd,
    /// Hexadecimal `abc` and a mark; a third part of two decimal digits moves the mark to where the dash was.
    MicroTorrent,
    /// `0006` is 0.6, `0072` is 0.72, `294Z` is 2.94 (Dev), `4Az0` is 4.10.61.
    Transmission,
    /// `33D1` is 3.3 Dev 1, `33R1` is 3.3 RC 1, `3310` is 3.3.1.
    KTorrent,
    /// `abc0`: a.b.c, `abcd`: a.b.cd.
    Xfplay,
    /// `A0B` is 1.0.5, `A0C` is 1.0.6.
    BitsOnWheels,
    /// `abc` and a mark.
    Xbt,
    /// So many digits of a build number, then nothing but lower-case hexadecimal digits.
    Build(usize),
    /// Three digits, then dashes.
    TopBt,
    /// Two bytes in front of the signature, and the user's name behind it.
    Rufus,
    /// A user's name of twelve characters, then bytes that are no text.
    Exeem,
}

impl Scheme {
    /// The version in `id`, behind a signature that ends at `end`; empty where there is none to be read.
    /// `None`: what follows does not look like this client.
    pub(super) fn read(self, id: &[u8; 20], end: usize) -> Option<String> {
        let text = &id[end..];
        match self {
            Self::Unversioned => Some(String::new()),
            Self::Shape(shape) => shaped(text, shape),
            Self::Four => digits(text, 4),
            Self::Three => digits(text, 3),
            Self::Guess => guess(text),
            Self::Two => digits(text, 2),
            Self::Major => digits(text, 1).map(|major| major + ".x"),
            Self::Pairs => pairs(text).map(|(major, minor)| format!("{major}.{minor:02}")),
            Self::Numbers => pairs(text).map(|(major, minor)| format!("{major}.{minor}")),
            Self::ThreeNumbers => three_numbers(text),
            Self::Dashed => dashed(text),
            Self::Burst => pattern(text, "#-#-#").map(|text| text.replace('-', ".")),
            Self::Dotted => dotted(text),
            Self::Btpd => within(text, 3, |byte| byte.is_ascii_digit() || byte == b'.'),
            Self::MicroTorrent => micro_torrent(text),
            Self::Transmission => transmission(text),
            Self::KTorrent => ktorrent(text),
            Self::Rufus => rufus(id, end),
            Self::Build(length) => build(text, length),
            Self::TopBt => pattern(text, "###-").and_then(|_| digits(text, 3)),
            Self::Exeem => exeem(text),
            Self::BitsOnWheels => bits_on_wheels(text),
            Self::Xbt => xbt(text),
            Self::Xfplay if text[3] == b'0' => digits(text, 3),
            Self::Xfplay => shaped(text, "a.a.aa"),
        }
    }
}

/// `0-9`, `A-Z`, `a-z`.
pub(super) fn base_62(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'Z' => Some(digit - b'A' + 10),
        b'a'..=b'z' => Some(digit - b'a' + 36),
        _ => None,
    }
}

/// The first digits, dots between them. One that is none is an `x`, but the first has to be one.
fn digits(text: &[u8], count: usize) -> Option<String> {
    base_62(text[0])?;
    let digit =
        |byte: &u8| base_62(*byte).map_or_else(|| "x".to_owned(), |digit| digit.to_string());
    let digits: Vec<String> = text[..count].iter().map(digit).collect();
    Some(digits.join("."))
}

fn guess(text: &[u8]) -> Option<String> {
    within(text, 4, |byte| byte.is_ascii_alphanumeric())?;
    digits(text, if text[3] == b'0' { 3 } else { 4 })
}

/// The first characters as they stand, if each may stand there.
fn within(text: &[u8], count: usize, may: impl Fn(u8) -> bool) -> Option<String> {
    let text = &text[..count];
    text.iter()
        .all(|byte| byte.is_ascii() && may(*byte))
        .then(|| String::from_utf8_lossy(text).into_owned())
}

/// The text in front, if it is like `like`: `#` stands for a decimal digit.
fn pattern(text: &[u8], like: &str) -> Option<String> {
    let fits = |(byte, like): (&u8, u8)| match like {
        b'#' => byte.is_ascii_digit(),
        other => *byte == other,
    };
    let fits = text.iter().zip(like.bytes()).all(fits);
    fits.then(|| String::from_utf8_lossy(&text[..like.len()]).into_owned())
}

/// The letters and digits in front, one for each `a` of the shape.
fn shaped(text: &[u8], shape: &str) -> Option<String> {
    let count = shape.matches('a').count();
    let text = within(text, count, |byte| byte.is_ascii_alphanumeric())?;
    let mut letters = text.chars();
    let put = |mark| {
        if mark == 'a' {
            letters.next()
        } else {
            Some(mark)
        }
    };
    shape.chars().map(put).collect()
}

fn number(text: &[u8]) -> Option<u32> {
    within(text, text.len(), |byte| byte.is_ascii_digit())?
        .parse()
        .ok()
}

fn pairs(text: &[u8]) -> Option<(u32, u32)> {
    Some((number(&text[..2])?, number(&text[2..4])?))
}

fn three_numbers(text: &[u8]) -> Option<String> {
    let (major, minor) = pairs(text)?;
    Some(format!("{major}.{minor}.{}", number(&text[4..6])?))
}

/// Three numbers of at most two digits, each ended by a dash.
pub(super) fn dashed(text: &[u8]) -> Option<String> {
    let mut rest = text;
    let mut parts = Vec::new();
    for _ in 0..3 {
        let length = rest.iter().take(3).position(|byte| *byte == b'-')?;
        parts.push(number(&rest[..length])?.to_string());
        rest = &rest[length + 1..];
    }
    Some(parts.join("."))
}

fn dotted(text: &[u8]) -> Option<String> {
    let end = text.iter().position(|byte| *byte == b'-')?;
    let begins = text[0].is_ascii_digit() && text[1] == b'.' && text[2].is_ascii_digit();
    begins.then_some(())?;
    within(text, end, |byte| {
        byte.is_ascii_alphanumeric() || byte == b'.'
    })
}

fn mark(byte: u8) -> &'static str {
    match byte {
        b'B' | b'b' => " (Beta)",
        b'd' => " (Debug)",
        b'X' | b'x' | b'Z' => " (Dev)",
        _ => "",
    }
}

fn micro_torrent(text: &[u8]) -> Option<String> {
    let hex = |byte: u8| char::from(byte).to_digit(16);
    let (major, minor) = (hex(text[0])?, hex(text[1])?);
    let (patch, after) = if text[3..5].contains(&b'-') {
        (hex(text[2])?, text[3])
    } else {
        (number(&text[2..4])?, text[4])
    };
    Some(format!("{major}.{minor}.{patch}{}", mark(after)))
}

fn transmission(text: &[u8]) -> Option<String> {
    let flag = mark(text[3]);
    let shown = within(text, 4, |byte| byte.is_ascii_alphanumeric())?;
    Some(match text[0] {
        b'0' if shown.starts_with("000") => format!("0.{}", &shown[3..]),
        b'0' if shown.starts_with("00") => format!("0.{}", &shown[2..]),
        b'0'..=b'3' => format!("{}.{}{flag}", &shown[..1], &shown[1..3]),
        _ => digits(text, 3)? + flag,
    })
}

fn ktorrent(text: &[u8]) -> Option<String> {
    let kind = match text[2] {
        b'D' => "Dev",
        b'R' => "RC",
        _ => return digits(text, 3),
    };
    Some(format!(
        "{} {kind} {}",
        digits(text, 2)?,
        digits(&text[3..], 1)?
    ))
}

fn rufus(id: &[u8; 20], end: usize) -> Option<String> {
    let (major, minor) = (id[0], id[1]);
    let name = &id[end..end + 4];
    (major < 10 && minor < 100 && name.iter().all(|byte| matches!(byte, b' '..=b'~')))
        .then(|| format!("{major}.{}.{}", minor / 10, minor % 10))
}

fn build(text: &[u8], length: usize) -> Option<String> {
    let build = number(&text[..length])?;
    let hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.iter().all(hex).then(|| format!("build {build}"))
}

/// A name in letters and digits alone would be any random id of an alphabet that begins so.
fn exeem(text: &[u8]) -> Option<String> {
    let (name, rest) = text.split_at(12);
    let is_exeem = name.iter().all(u8::is_ascii_alphanumeric)
        && !rest.iter().all(|byte| matches!(byte, b' '..=b'~'));
    is_exeem.then(String::new)
}

fn bits_on_wheels(text: &[u8]) -> Option<String> {
    match &text[..3] {
        b"A0B" => Some("1.0.5".to_owned()),
        b"A0C" => Some("1.0.6".to_owned()),
        _ => shaped(text, "a.a.a"),
    }
}

fn xbt(text: &[u8]) -> Option<String> {
    pattern(text, "###")?;
    Some(digits(text, 3)? + mark(text[3]))
}
