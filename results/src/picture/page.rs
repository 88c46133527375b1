//! Pictures as parts of a web page: colours are the page's variables, so that it may be dark.

use maud::html;

use super::{
    Picture,
    colour::{CATEGORIES, Colour, EMPTY, FAINT, GRID, INK, PAPER, REST},
};

/// The variables that a picture on a page asks for, with its own colours, as declarations of CSS.
pub const LIGHT: &str = "--paper: #ffffff; --ink: #222222; --faint: #5c5c5c; --grid: #dddddd; --empty: #f6f6f6; \
    --rest: #c2c2c2; --blue: #0072b2; --orange: #e69f00; --green: #009e73; --vermilion: #d55e00; --sky: #56b4e9; \
    --pink: #cc79a7; --grey: #9a9a9a;";

/// The same on a dark page; the categories' hues are kept, and lifted where they would be lost.
pub const DARK: &str = "--paper: #16191d; --ink: #e8e8e8; --faint: #a9adb3; --grid: #33383f; --empty: #20242a; --rest: \
    #565c64; --blue: #3d9fdb; --orange: #e69f00; --green: #1fb58b; --vermilion: #e8752a; --sky: #7cc8f2; --pink: \
    #d891b8; --grey: #9a9a9a;";

/// Colours of pictures and the variables that stand for them. Shades of matrices and what is written on them stay.
const NAMES: [(Colour, &str); 13] = [
    (PAPER, "paper"),
    (INK, "ink"),
    (FAINT, "faint"),
    (GRID, "grid"),
    (EMPTY, "empty"),
    (REST, "rest"),
    (CATEGORIES[0], "blue"),
    (CATEGORIES[1], "orange"),
    (CATEGORIES[2], "green"),
    (CATEGORIES[3], "vermilion"),
    (CATEGORIES[4], "sky"),
    (CATEGORIES[5], "pink"),
    (CATEGORIES[6], "grey"),
];

impl Picture {
    /// The drawing as an element of HTML that is read out as `label`.
    ///
    /// Its colours are variables, each with the printed colour as fallback; a page sets [`LIGHT`] and [`DARK`], as in
    /// `:root { … } @media (prefers-color-scheme: dark) { :root { … } }`.
    pub fn page(&self, label: &str) -> String {
        let label = html! { (crate::words::clean(label)) }.into_string();
        let head = format!("<svg role=\"img\" aria-label=\"{label}\" ");
        let svg = self.svg.replacen("<svg ", &head, 1);
        // Quotes within a name are escaped, so that only attributes are found.
        NAMES.iter().fold(svg, |svg, ((r, g, b), name)| {
            let colour = format!("#{r:02X}{g:02X}{b:02X}");
            svg.replace(&format!("\"{colour}\""), &format!("\"var(--{name}, {colour})\""))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{
        canvas::{Anchor, Canvas},
        colour::luminance,
    };

    fn value(style: &str, name: &str) -> Colour {
        let (_, rest) = style.split_once(&format!("--{name}: #")).unwrap_or_else(|| panic!("no {name}"));
        let channel = |at: usize| u8::from_str_radix(&rest[at..at + 2], 16).unwrap();
        (channel(0), channel(2), channel(4))
    }

    #[test]
    fn a_light_page_shows_what_is_printed() {
        for (colour, name) in NAMES {
            assert_eq!(value(LIGHT, name), colour, "{name}");
        }
        assert_eq!(LIGHT.matches("--").count(), NAMES.len());
        assert_eq!(DARK.matches("--").count(), NAMES.len());
    }

    #[test]
    fn a_dark_page_can_be_read() {
        let paper = luminance(value(DARK, "paper"));
        let contrast = |name| (luminance(value(DARK, name)) + 0.05) / (paper + 0.05);
        // WCAG 2.2: 4.5 for text, 3 for what else has to be seen.
        assert!(contrast("ink") > 4.5 && contrast("faint") > 4.5);
        for (_, name) in &NAMES[6..] {
            assert!(contrast(name) > 4.5, "{name}: {}", contrast(name));
        }
    }

    #[test]
    fn colours_are_variables_and_names_are_left_alone() {
        let name = "say \"#222222\" <b>";
        let picture = Canvas::paint(10, 10, |canvas| canvas.text(name, (0, 0), 10, INK, Anchor::Left));
        let page = picture.page(name);
        assert!(
            page.contains("fill=\"var(--ink, #222222)\"") && page.contains("fill=\"var(--paper, #FFFFFF)\""),
            "{page}"
        );
        assert!(page.starts_with("<svg role=\"img\" aria-label=\"say &quot;#222222&quot; &lt;b&gt;\" width"), "{page}");
        assert_eq!(page.matches("#222222").count(), 3);
        assert!(!picture.svg.contains("var("));
    }
}
