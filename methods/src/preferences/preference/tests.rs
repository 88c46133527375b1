use burn::tensor::Tensor;
use clbench::{budget::Meter, network::pass::Mode, primitives::scope::Scopes};

use super::*;

fn theta(entries: &[(&str, &[f32])]) -> Theta {
    let array = |values: &[f32]| Array::new(&[values.len()], values.to_vec(), &Device::flex());
    entries.iter().map(|(path, values)| ((*path).to_owned(), array(values))).collect()
}

fn batch(tasks: &[usize], indices: Vec<usize>) -> Batch {
    let count = tasks.len();
    Batch {
        inputs: Tensor::zeros([count, 1, 1, 1], &Device::flex()),
        labels: Tensor::zeros([count], &Device::flex()),
        targets: vec![0; count],
        indices,
        tasks: tasks.to_vec(),
        scopes: Scopes::One(clbench::primitives::scope::Scope::All),
        texts: Vec::new(),
    }
}

/// Rows with a loss of ln 2, ln 4 and ln 4 for the first class.
fn logits() -> Tensor<2> {
    let rows = vec![0.0, 0.0, 0.0, 3.0_f32.ln(), 0.0, 3.0_f32.ln()];
    Array::new(&[3, 2], rows, &Device::flex()).tensor()
}

fn value(batch: &Batch, frozen: &Theta) -> f32 {
    let weights = Weights { frozen: frozen.clone(), ..Weights::default() };
    weighed(&mut Pass::plain(&weights, Mode::Eval, &Meter::default()), logits(), batch, 0).into_scalar::<f32>()
}

#[test]
fn each_tasks_mean_loss_is_weighed() {
    let frozen = theta(&[("preference.0", &[0.25, 0.75]), (NOW, &[0.0, 0.0])]);
    let loss = value(&batch(&[0, 0, 1], vec![0, 1, 2]), &frozen);
    // ¼·(ln 2 + ln 4)/2 + ¾·ln 4.
    assert!((f64::from(loss) - (0.25 * 1.5 + 0.75 * 2.0) * 2.0_f64.ln()).abs() < 1e-6, "{loss}");
}

#[test]
fn a_remembered_example_of_what_is_being_trained_has_no_weight() {
    let frozen = theta(&[("preference.0", &[0.25, 0.75]), (NOW, &[0.0, 1.0])]);
    let of = |indices| value(&batch(&[0, 0, 1], indices), &frozen);
    let both = (0.25 * 1.5 + 0.75 * 2.0) * 2.0_f64.ln();
    assert!((f64::from(of(vec![0, 1, 2])) - both).abs() < 1e-6);
    assert!((f64::from(of(Vec::new())) - 0.25 * 1.5 * 2.0_f64.ln()).abs() < 1e-6);
}

#[test]
fn the_nearest_preference_answers() {
    let frozen = theta(&[("preference.0", &[1.0, 0.0, 0.0]), ("preference.1", &[0.4, 0.6, 0.0])]);
    let weights = Weights { frozen, ..Weights::default() };
    let ask = |preference: Option<Vec<f64>>| {
        let heads = clbench::primitives::scope::Heads {
            tasks: vec![vec![0]; 3],
            classes: 1,
            ..clbench::primitives::scope::Heads::default()
        };
        let draws = clbench::primitives::draws::Draws::of(0);
        let ask = Ask::new(clbench::primitives::scope::Scope::All, &heads, draws, &clbench::budget::Meter::default());
        nearest(&weights, &Ask { preference, ..ask })
    };
    assert_eq!([ask(Some(vec![0.9, 0.1, 0.0])), ask(Some(vec![0.2, 0.8, 0.0])), ask(None)], [0, 1, 1]);
    // The third task has not come: what is wished of it says nothing.
    assert_eq!(ask(Some(vec![0.1, 0.0, 0.9])), 0);
}
