//! A drawing as part of a page: shapes and words are copied, everything else is left out.

use std::fmt::Write;

use maud::html;
use resvg::usvg::roxmltree::{Document, Node};

use crate::words::clean;

/// Elements that draw, or hold what draws.
const ELEMENTS: [&str; 20] = [
    "svg",
    "g",
    "title",
    "desc",
    "defs",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "path",
    "text",
    "tspan",
    "use",
    "clipPath",
    "linearGradient",
    "radialGradient",
    "stop",
    "pattern",
];
/// Elements within elements, at most.
const MAX_DEPTH: usize = 40;

/// The drawing with `prefix` before every id, read out as `label`; none if it is no SVG.
pub(super) fn drawing(svg: &str, prefix: &str, label: &str) -> Option<String> {
    let document = Document::parse(svg).ok()?;
    let root = document.root_element();
    if root.tag_name().name() != "svg" {
        return None;
    }
    let mut text = String::new();
    let label = escaped(&clean(label));
    let head = format!(" role=\"img\" aria-label=\"{label}\"");
    element(&mut text, root, prefix, &head, MAX_DEPTH);
    Some(text)
}

fn element(text: &mut String, node: Node, prefix: &str, more: &str, depth: usize) {
    let name = node.tag_name().name();
    if depth == 0 || !ELEMENTS.contains(&name) {
        return;
    }
    write!(text, "<{name}{more}").expect("a string takes everything");
    for attribute in node.attributes() {
        let role = more.contains("role=") && ["role", "aria-label"].contains(&attribute.name());
        if let (false, Some(value)) = (role, value(attribute.name(), attribute.value(), prefix)) {
            write!(text, " {}=\"{}\"", attribute.name(), escaped(&value)).expect("a string takes everything");
        }
    }
    text.push('>');
    for child in node.children() {
        if child.is_element() {
            element(text, child, prefix, "", depth - 1);
        } else if child.is_text() {
            text.push_str(&escaped(child.text().unwrap_or_default()));
        }
    }
    write!(text, "</{name}>").expect("a string takes everything");
}

/// The value of an attribute in its new place; none if it could run or load something.
fn value(name: &str, value: &str, prefix: &str) -> Option<String> {
    if name.starts_with("on") || ["style", "src", "base", "class"].contains(&name) {
        return None;
    }
    if name == "id" {
        return Some(format!("{prefix}-{value}"));
    }
    if name == "href" {
        return Some(format!("#{prefix}-{}", value.strip_prefix('#')?));
    }
    let inner = value.replace(char::is_whitespace, "").to_lowercase();
    if inner.matches("url(").count() != value.matches("url(#").count() {
        return None;
    }
    Some(value.replace("url(#", &format!("url(#{prefix}-")))
}

fn escaped(text: &str) -> String {
    html! { (text) }.into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(inner: &str) -> String {
        let svg = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"2\">{inner}</svg>");
        let drawn = drawing(&svg, "p", "a \"label\"").unwrap();
        let head = "<svg role=\"img\" aria-label=\"a &quot;label&quot;\" width=\"2\">";
        drawn.strip_prefix(head).unwrap_or_else(|| panic!("{drawn}")).strip_suffix("</svg>").unwrap().into()
    }

    #[test]
    fn shapes_and_words_stay() {
        let shapes = "<g fill=\"var(--ink, #222222)\"><rect x=\"1\"></rect><text>a &lt; b</text></g>";
        assert_eq!(body(shapes), shapes);
    }

    #[test]
    fn ids_are_its_own() {
        assert_eq!(
            body("<path id=\"a\" clip-path=\"url(#c)\"/><use href=\"#a\"/>"),
            "<path id=\"p-a\" clip-path=\"url(#p-c)\"></path><use href=\"#p-a\"></use>"
        );
    }

    #[test]
    fn nothing_runs_and_nothing_is_loaded() {
        assert_eq!(body("<script>alert(1)</script><style>a{}</style><foreignObject><b/></foreignObject>"), "");
        assert_eq!(body("<image href=\"https://a.example/x.png\"/><a href=\"javascript:x\"><text>t</text></a>"), "");
        assert_eq!(body("<use href=\"https://a.example/#x\"/>"), "<use></use>");
        let rect = "<rect></rect>";
        assert_eq!(body("<rect onload=\"x()\" style=\"fill:red\"/>"), rect);
        assert_eq!(body("<rect fill=\"url(https://a.example/)\"/>"), rect);
        assert_eq!(body("<rect fill=\"url( 'https://a.example/')\"/>"), rect);
        assert_eq!(body("<rect fill=\"URL(//a.example/)\"/>"), rect);
        assert_eq!(body("<rect fill=\"url(#a) url(//a.example/)\"/>"), rect);
        let deep = "<g>".repeat(500) + &"</g>".repeat(500);
        assert_eq!(body(&deep).matches("<g>").count(), MAX_DEPTH - 1);
    }

    #[test]
    fn what_is_no_svg_is_no_drawing() {
        let entities = "<!DOCTYPE svg [<!ENTITY a \"b\">]><svg>&a;</svg>";
        assert!(["", "<p/>", "<svg>", entities].iter().all(|svg| drawing(svg, "p", "").is_none()));
    }
}
