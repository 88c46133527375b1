//! Collections out of hand-made archives, and what must not be believed of them.

use std::io::Cursor;

use flate2::{Compression, write::GzEncoder};

use super::*;

fn png(shade: u8) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = image::RgbaImage::from_pixel(8, 8, image::Rgba([shade, 0, 0, 255]));
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn picture(class: &str, shade: u8) -> Picture {
    let pixels = vec![shade; 3 * SIDE * SIDE];
    Picture {
        pixels,
        class: class.into(),
        caption: format!("{class} {shade}"),
        time: Some(i64::from(shade)),
        test: false,
    }
}

#[test]
fn the_second_of_five_is_for_testing_and_small_classes_are_left_out() {
    let all = (0..7).map(|n| picture("a", n)).chain((0..2).map(|n| picture("b", 10 + n))).chain([picture("c", 20)]);
    let sorted = sorted_out(all.collect(), 2);
    let test: Vec<u8> = sorted.iter().filter(|picture| picture.test).map(|picture| picture.pixels[0]).collect();
    assert_eq!(test, [1, 6, 11]);
    assert_eq!(sorted.len(), 9);
}

#[test]
fn what_was_packed_is_what_is_opened() {
    let pictures = sorted_out((0..6).map(|n| picture(["x", "a"][usize::from(n % 2)], n)).collect(), 1);
    let dataset = pack::dataset("toy", &pack::packed(&pictures).unwrap()).unwrap();
    assert_eq!(dataset.classes, ["a", "x"]);
    assert_eq!((dataset.train.len(), dataset.test.len()), (4, 2));
    assert_eq!(&**dataset.train.caption(0).unwrap(), "x 0");
    assert_eq!((dataset.train.label(0), dataset.train.time(1), dataset.train.pixels(1)[0]), (1, Some(1), 1));
    assert_eq!(dataset.test.pixels(1)[..], [3; 3 * SIDE * SIDE]);
}

#[test]
fn broken_packed_files_are_errors() {
    let whole = pack::packed(&sorted_out((0..5).map(|n| picture("a", n)).collect(), 1)).unwrap();
    for bytes in
        [&b""[..], b"clbench pictures 2\n", &whole[..30], &whole[..whole.len() - 1], &[&whole[..], b"x"].concat()]
    {
        assert!(pack::dataset("toy", bytes).is_err());
    }
    let text = String::from_utf8_lossy(&whole).into_owned();
    assert!(pack::dataset("toy", text.replace("\"classes\":[\"a\"]", "\"classes\":[]").as_bytes()).is_err());
}

/// A toy in the manner of the emoji.
static TOY: Collection =
    Collection { name: "toy", files: &[File { path: "toy/toy.pictures", sha256: "0", bytes: 1 }], ..EMOJI_GOOGLE };

fn gz(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    std::io::Write::write_all(&mut gz, &archive::pack(members)).unwrap();
    gz.finish().unwrap()
}

fn entry(at: usize, image: &str) -> String {
    format!(
        r#"{{"name":"N{at}","short_name":"n{at}","category":"C","subcategory":"s","image":"{image}",
             "added_in":"0.6","sort_order":{at}}}"#
    )
}

#[test]
fn emoji_come_in_the_order_of_the_standard_with_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let list = format!("[{}]", (0..5).map(|at| entry(4 - at, &format!("{at}.png"))).collect::<Vec<_>>().join(","));
    let pictures: Vec<Vec<u8>> = (0..5).map(|at| png(50 * at)).collect();
    let names: Vec<String> = (0..5).map(|at| format!("package/img/google/64/{at}.png")).collect();
    let mut members: Vec<(&str, &[u8])> = vec![("package/emoji.json", list.as_bytes()), ("package/../../evil", b"x")];
    members.extend(names.iter().map(|name| &name[..]).zip(pictures.iter().map(|bytes| &bytes[..])));
    let path = folder.path().join("toy.tgz");
    fs::write(&path, gz(&members)).unwrap();
    let held = TOY.members(path.to_str()).unwrap();
    assert_eq!(held.len(), 6, "what is not wanted is not read");
    let made = (TOY.make)(&held).unwrap();
    assert_eq!(made.iter().map(|picture| &picture.caption[..]).collect::<Vec<_>>(), ["n0", "n1", "n2", "n3", "n4"]);
    assert_eq!(made.iter().map(|picture| picture.pixels[0]).collect::<Vec<_>>(), [200, 150, 100, 50, 0]);
    let error = format!("{:#}", TOY.fetch(folder.path(), path.to_str()).unwrap_err());
    assert!(error.contains("other pictures than those that are known"), "{error}");
    assert!(!folder.path().join("toy/toy.pictures").exists());
}

#[test]
fn broken_packages_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("toy.tgz");
    let list = |image: &str| format!("[{}]", entry(0, image));
    let cases: [(Vec<u8>, &str); 6] = [
        (b"no archive".to_vec(), "not a tar archive"),
        (gz(&[("package/x", b"")]), "no emoji.json"),
        (gz(&[("package/emoji.json", b"[")]), "emoji.json is broken"),
        (gz(&[("package/emoji.json", list("../x").as_bytes())]), "names a picture elsewhere"),
        (gz(&[("package/emoji.json", list("x.png").as_bytes())]), "1 of 1 emoji have no picture"),
        (gz(&[("package/emoji.json", &vec![b' '; MOST_MEMBER as usize + 1])]), "larger than"),
    ];
    for (bytes, message) in cases {
        fs::write(&path, bytes).unwrap();
        let error = TOY.members(path.to_str()).and_then(|members| (TOY.make)(&members)).unwrap_err();
        assert!(format!("{error:#}").contains(message), "{error:#}");
    }
    assert!(TOY.members(folder.path().join("empty").to_str()).is_err());
    let error = format!("{:#}", TOY.open(folder.path()).unwrap_err());
    assert!(error.contains("clbench data fetch toy") && error.contains("toy/toy.pictures is missing"), "{error}");
}
