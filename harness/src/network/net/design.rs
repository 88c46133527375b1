//! What bodies there are, and what of each may be set.

use anyhow::{Context, Result};
use toml::Table;

use super::{Body, Cnn, Efficientnet, Mlp, Resnet, Squeezenet, Vit};
use crate::catalogue::{self, Entry, Setting};

impl Body {
    /// Each body with its defaults.
    pub const CATALOGUE: [Design; 6] = [
        design("mlp", "multi-layer perceptron", "", Mlp::SETTINGS, || Self::Mlp(Mlp::default())),
        design("cnn", "3×3 convolutions with pooling", "", Cnn::SETTINGS, || Self::Cnn(Cnn::default())),
        design(
            "resnet18",
            "residual network with batch-norm",
            "https://arxiv.org/abs/1512.03385",
            Resnet::SETTINGS,
            || Self::Resnet(Resnet::default()),
        ),
        design("vit", "pre-norm transformer", "https://arxiv.org/abs/2010.11929", Vit::SETTINGS, || {
            Self::Vit(Vit::default())
        }),
        design(
            "squeezenet",
            "SqueezeNet 1.1 for published weights",
            "https://arxiv.org/abs/1602.07360",
            Squeezenet::SETTINGS,
            || Self::Squeezenet(Squeezenet::default()),
        ),
        design(
            "efficientnet-lite0",
            "for published weights",
            "https://arxiv.org/abs/1905.11946",
            Efficientnet::SETTINGS,
            || Self::Efficientnet(Efficientnet::default()),
        ),
    ];

    /// What of it may be set.
    pub fn settings(&self) -> &'static [Setting] {
        match self {
            Self::Mlp(_) => Mlp::SETTINGS,
            Self::Cnn(_) => Cnn::SETTINGS,
            Self::Resnet(_) => Resnet::SETTINGS,
            Self::Vit(_) => Vit::SETTINGS,
            Self::Squeezenet(_) => Squeezenet::SETTINGS,
            Self::Efficientnet(_) => Efficientnet::SETTINGS,
        }
    }

    /// Refuses settings that are out of range, whatever inputs there are.
    pub(crate) fn check(&self) -> Result<()> {
        catalogue::check("net", self.settings(), &Table::try_from(self).context("a body is a table")?)
    }
}

/// A body as lists show it; made with its defaults.
pub type Design = Entry<fn() -> Body>;

const fn design(
    name: &'static str,
    about: &'static str,
    citation: &'static str,
    settings: &'static [Setting],
    make: fn() -> Body,
) -> Design {
    Entry { name, about, citation, settings, make }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_body_is_made_by_its_name_with_its_settings() {
        for Entry { name, settings, make, .. } in Body::CATALOGUE {
            let table = Table::try_from(make()).expect("a body is a table");
            assert_eq!(table["body"].as_str(), Some(name));
            let known = |key: &str| key == "body" || settings.iter().any(|setting| setting.key == key);
            assert!(table.keys().all(|key| known(key)), "{name}: {table}");
            assert!(make().check().is_ok(), "{name}");
        }
    }

    #[test]
    fn what_is_out_of_range_is_refused_however_it_was_made() {
        let said = |body: Body| body.check().expect_err("refused").to_string();
        let wide = Body::Mlp(Mlp { widths: vec![0], ..Mlp::default() });
        assert!(said(wide).starts_with("net.widths = [0] is not a list of up to 64"));
        let dropped = Body::Vit(Vit { dropout: 1.0, ..Vit::default() });
        assert_eq!(said(dropped), "net.dropout = 1.0 is not at least 0 and below 1");
    }
}
