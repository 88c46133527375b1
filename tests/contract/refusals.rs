//! What makes no sense together is refused before the first batch, and the message says why.

use burn::tensor::Device;
use clbench::{
    batch::Batch,
    catalogue::{Need, Range, Settings},
    config::Shelf,
    method::{Carrier, Contribution, Fit, Layout, Make, Method, Plain, carrier, contribution},
    network::{
        pass::{Pass, Weights},
        predictor::Predictor,
    },
    primitives::draws::Draws,
};

use crate::support::{self, refusal, setup};

/// A carrier that wants to be told the task and is an average already.
struct Proud(Plain);

clbench::settings! {
    struct Config {}
}

impl Settings for Config {}

impl Carrier for Proud {
    fn init(&self, draws: &Draws, device: &Device) -> Weights {
        self.0.init(draws, device)
    }
    fn loss(&self, pass: &mut Pass, batch: &Batch) -> Fit {
        self.0.loss(pass, batch)
    }
    fn predictor(&self, weights: &Weights) -> Box<dyn Predictor> {
        self.0.predictor(weights)
    }
    fn needs_task(&self) -> bool {
        true
    }
    fn refuses(&self, layout: Layout) -> Option<&'static str> {
        (layout == Layout::Averages).then_some("it is an average already")
    }
}

fn shelf() -> Shelf {
    let make = Make::Carrier(|table, net| carrier(table, net, |Config {}, net| Ok(Proud(Plain(net)))));
    support::shelf().methods([Method::new("proud", make)])
}

const TOLD: &str = "stream.kind=task-incremental stream.tasks=3 stream.classes_per_task=2 stream.partial=true";

#[test]
fn senseless_stacks_are_refused() {
    let all = clbench_methods::catalogue().iter().map(|method| method.name).collect::<Vec<_>>().join(", ");
    for (settings, message) in [
        (
            "method=finetune+joint",
            "`finetune` and `joint` both say what is trained; a stack has one carrier".to_owned(),
        ),
        ("method=ewc+ewc", "`ewc` stands twice in method=ewc+ewc".into()),
        (
            "method=lora+ewc lora.per=task",
            "`lora` replaces parameters at each task and `ewc` remembers them; keep one adapter for the stream".into(),
        ),
        ("method=ewc+lora lora.per=task", "keep one adapter for the stream".into()),
        ("method=lroa", format!("unknown method `lroa`; did you mean `lora`? there are {all}, proud")),
        ("method=", "unknown method ``".into()),
        ("method=ewc ewc.strenght=1", "unknown key `strenght`; did you mean `strength`? there are ".into()),
        ("method=ewc ewc.strength=-1", "ewc.strength = -1 is not at least 0".into()),
        ("method=ewc ewc.fisher=exact", "unknown value `exact`".into()),
        ("method=finetune ewc.strength=1", "ewc.strength does nothing: `ewc` is not in method=finetune".into()),
        ("method=proud", "`proud` needs the task's identity, and this stream does not tell it".into()),
    ] {
        let said = refusal(&shelf(), settings);
        assert!(said.contains(&message), "{settings}: {said}");
    }
    let said = refusal(&shelf(), &format!("{TOLD} method=proud+ema"));
    assert!(said.ends_with("`ema` does not go with `proud`: it is an average already"), "{said}");
    // What is refused above is refused for that reason alone.
    for settings in ["method=lora+ewc", "method=ewc+lora", "method=joint", "method=ewc+replay+ema"] {
        setup(settings);
    }
    support::try_setup(&shelf(), &format!("{TOLD} method=proud+ewc")).unwrap();
}

#[test]
fn ambiguous_heads_are_refused() {
    let said = refusal(&shelf(), "stream.kind=permuted head.kind=multi");
    assert!(said.contains("tasks share classes") && said.contains("head.train"), "{said}");
    setup("stream.kind=permuted head.kind=multi head.train=\"task\" head.test=\"task\"");
}

/// A linear network has no body, and so nothing to adapt: seen by `clbench check`, before the first step.
#[test]
fn nothing_to_adapt_is_refused_before_the_first_batch() {
    let said = refusal(&shelf(), "net.widths=[] net.dropout=0 method=lora");
    assert!(
        said.contains("`lora` needs a matrix or a kernel in the body; choose a network with hidden layers"),
        "{said}"
    );
}

static NEEDS: [Need; 8] = Need::ALL;

clbench::settings! {
    /// Needs what its setting says, as its place among all needs; nothing without.
    struct Choosy {
        /// A need.
        want: Option<usize> = None, Range::Whole(0, 7);
    }
}

impl Settings for Choosy {}

impl Contribution for Choosy {
    fn needs(&self) -> &'static [Need] {
        self.want.map_or(&[], |at| &NEEDS[at..=at])
    }
}

/// Settings without what is needed, and settings with it.
fn without_and_with(need: Need) -> (String, String) {
    let linear = "net.widths=[] net.dropout=0";
    let texts = "net.dropout=0 text.width=16 text.tokens.length=20 text.tokens.width=16 text.tokens.depth=1 \
                 text.tokens.heads=2";
    let vit = "net.body=vit net.patch=4 net.width=16 net.depth=1 net.heads=2";
    let (without, with) = match need {
        Need::Task => ("", TOLD),
        Need::Matrices | Need::Biases => (linear, ""),
        Need::Attention => ("", vit),
        Need::Norms => ("", "net.batch_norm=true"),
        Need::OwnLoss => (texts, ""),
        Need::Stateless => ("net.batch_norm=true", ""),
        Need::OneHead => ("head.kind=multi", ""),
    };
    (without.into(), with.into())
}

#[test]
fn every_need_is_checked_when_a_run_is_resolved() {
    for (at, need) in NEEDS.iter().enumerate() {
        let make = Make::Contribution(|table| contribution(table, |choosy: Choosy| choosy));
        let settings = Choosy::SETTINGS;
        let always = Method { needs: &NEEDS[at..=at], ..Method::new("always", make) };
        let shelf = support::shelf().methods([always, Method { settings, ..Method::new("choosy", make) }]);
        let (without, with) = without_and_with(*need);
        for (name, method) in
            [("always", "method=always".into()), ("choosy", format!("method=choosy choosy.want={at}"))]
        {
            let said = refusal(&shelf, &format!("{without} {method}"));
            let words = format!("`{name}` needs {}; {}", need.what(), need.remedy());
            assert!(said.ends_with(&words), "{need:?}: {said}");
            support::try_setup(&shelf, &format!("{with} {method}")).unwrap();
        }
        // It is the need that is refused, and nothing else of these settings.
        support::try_setup(&shelf, &format!("{without} method=choosy")).unwrap();
    }
}

#[test]
fn contradictions_are_refused() {
    for (settings, message) in [
        ("train.epochs=1 train.steps=3", "train.epochs and train.steps contradict each other"),
        ("optim.nesterov=true", "optim.nesterov does nothing without optim.momentum"),
        ("schedule.floor=0.1", "schedule.floor does nothing with schedule.shape"),
        ("budget.flops=0", "budget.flops = 0 is not at least 1"),
        ("budget.flops=10 train.epochs=-1", "epochs"),
        ("stream.tasks=6 stream.classes_per_task=2", "is more than the 10 classes that there are"),
        ("optim.rate=0", "optim.rate = 0 is not above 0"),
        ("optim.rule=adam", "unknown optimizer `adam`; did you mean `adamw`?"),
        ("stream.dataset=digit", "unknown dataset `digit`; did you mean `digits`?"),
        ("stream.kind=permutd", "unknown kind of stream `permutd`; did you mean `permuted`?"),
    ] {
        let said = refusal(&shelf(), settings);
        assert!(said.contains(message), "{settings}: {said}");
    }
}
