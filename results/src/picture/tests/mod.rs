mod promise;

use super::*;

#[test]
fn groups_cover_everything_once() {
    assert_eq!(groups(3, 10), [0..1, 1..2, 2..3]);
    assert_eq!(groups(5, 2), [0..3, 3..5]);
    let all: Vec<usize> = groups(1001, 60).into_iter().flatten().collect();
    assert!(all.into_iter().eq(0..1001));
    assert!(groups(0, 5).is_empty() && groups(1001, 60).len() <= 60);
}

#[test]
fn a_group_is_called_by_its_ends() {
    let labels = ["4: T-shirt/top".to_owned(), "5: Coat".into(), "6".into()];
    assert_eq!(group_label(&labels, &(0..1)), "4: T-shirt/top");
    assert_eq!(group_label(&labels, &(0..3)), "4 – 6");
}

/// Names that are no names: markup, quotes, an escape sequence, a reordering mark, something that XML cannot hold.
pub(super) const HOSTILE: &str = "<script>alert('1')</script>\"&\u{1b}[31m\u{202e}\u{ffff}]]>";

fn hostile(count: usize) -> Vec<String> {
    vec![HOSTILE.to_owned(); count]
}

#[test]
fn hostile_names_are_text_and_nothing_else() {
    let cells = vec![(0, 0, 3), (1, 0, 1), (1, 1, 70_000)];
    let layer = Layer { name: HOSTILE.into(), ramp: Ramp::Blue, cells };
    let [title, axis, up] = [HOSTILE; 3].map(str::to_owned);
    let heat = Heat {
        title: title.clone(),
        rows: hostile(2),
        columns: hostile(2),
        row_title: axis.clone(),
        column_title: up.clone(),
        layers: vec![layer],
    };
    let parts = vec![(HOSTILE.to_owned(), vec![1, 2]), (HOSTILE.to_owned(), vec![0, 0])];
    let bars = Bars { title: title.clone(), axis: axis.clone(), rows: hostile(2), parts };
    let curve = Curve { title, across: axis, up, counts: vec![] };
    let mut pictures = vec![heat.draw(), bars.draw(), curve.draw()];
    pictures.extend(promise::every(2, 3, |_| HOSTILE.to_owned(), |at| at as f64, false));
    for picture in pictures {
        let document = resvg::usvg::roxmltree::Document::parse(&picture.svg).unwrap();
        let tags: std::collections::BTreeSet<&str> = document
            .descendants()
            .filter(resvg::usvg::roxmltree::Node::is_element)
            .map(|node| node.tag_name().name())
            .collect();
        assert!(tags.iter().all(|tag| ["svg", "rect", "text", "polyline", "polygon"].contains(tag)), "{tags:?}");
        let shown = document.descendants().filter_map(|node| node.text()).collect::<String>();
        assert!(shown.contains("<script>al"), "{shown}");
        let png = picture.png().unwrap();
        assert_eq!(size(&png), (3 * picture.width, 3 * picture.height));
    }
}

/// Width and height in a PNG's header.
fn size(png: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[test]
fn pixels_are_the_same_every_time_and_a_sheet_shows_its_own() {
    let thumb = Thumb { label: HOSTILE.into(), shape: [3, 1, 1], pixels: vec![10, 200, 30] };
    // A picture whose pixels are not there leaves its place empty.
    let absent = Thumb { pixels: Vec::new(), ..thumb.clone() };
    let sheet = Contact { title: "t".into(), rows: vec![Row { label: "r".into(), thumbs: vec![thumb, absent] }] };
    let png = sheet.png().unwrap();
    assert_eq!(png, sheet.png().unwrap());
    let pixels = resvg::tiny_skia::Pixmap::decode_png(&png).unwrap();
    let shown = pixels.pixels().iter().filter(|p| (p.red(), p.green(), p.blue()) == (10, 200, 30)).count();
    assert_eq!(shown, 104 * 104);
}

#[test]
fn marks_of_an_axis_are_round() {
    assert_eq!([0, 1, 9, 10, 11, 57, 800, 18_380].map(tick), [1, 1, 1, 2, 2, 20, 200, 5000]);
}
